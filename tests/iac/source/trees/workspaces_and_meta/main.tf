terraform {
  required_version = ">= 1.0"
}
variable "size" {
  default = 3
  validation {
    condition     = var.size > 0
    error_message = "must be positive"
  }
}
resource "terraform_data" "r" {
  input = var.size
  lifecycle {
    create_before_destroy = true
    precondition {
      condition     = var.size < 10
      error_message = "too large"
    }
  }
  depends_on = [terraform_data.before]
}
resource "terraform_data" "before" {}
output "workspace" { value = terraform.workspace }
output "size" {
  value      = terraform_data.r.input
  depends_on = [terraform_data.before]
}
