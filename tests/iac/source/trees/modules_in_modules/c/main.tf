variable "depth" {}
output "path" { value = "c${var.depth}" }
output "sum" { value = var.depth }
