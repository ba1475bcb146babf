variable "password" {
  sensitive = true
  default   = "hunter2"
}
variable "open" { default = "open" }
output "open" { value = var.open }
output "length" { value = length(nonsensitive(var.open)) }
output "password" {
  value     = "${var.password}-x"
  sensitive = true
}
