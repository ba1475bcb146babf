variable "value" { type = any }
output "value" { value = var.value }
output "twice" { value = [var.value, var.value] }
