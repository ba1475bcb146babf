variable "plain" { default = "default" }
variable "strict" {
  default  = "default"
  nullable = false
}
variable "required" { type = string }
output "plain" { value = var.plain == null ? "null" : var.plain }
output "strict" { value = var.strict }
output "required" { value = var.required == null }
