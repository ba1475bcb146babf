variable "index" { type = number }
output "name" { value = format("node-%02d", var.index) }
