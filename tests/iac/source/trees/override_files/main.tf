variable "name" { default = "main" }
variable "kept" { default = "kept" }
locals {
  color = "blue"
  size  = 1
}
module "inner" {
  source = "./inner"
  a      = "main"
  b      = "main"
}
resource "terraform_data" "r" {
  input            = "main"
  triggers_replace = "kept"
}
output "name" { value = var.name }
output "kept" { value = var.kept }
output "locals" { value = "${local.color} ${local.size}" }
output "inner" { value = module.inner.all }
output "resource" { value = [terraform_data.r.input, terraform_data.r.triggers_replace] }
