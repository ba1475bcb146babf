variable "name" { type = string }
variable "mark" {
  type    = string
  default = "!"
}
output "text" { value = "hello, ${var.name}${var.mark}" }
output "length" { value = length(var.name) }
