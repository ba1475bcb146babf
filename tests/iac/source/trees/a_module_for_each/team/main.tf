variable "name" { type = string }
variable "size" { type = number }
variable "lead" {
  type    = string
  default = "nobody"
}
output "label" { value = "${var.name}:${var.size}:${coalesce(var.lead, "none")}" }
output "size" { value = var.size }
