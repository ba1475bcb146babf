variable "depth" {}
module "b" {
  source = "./b"
  depth  = var.depth + 1
}
output "path" { value = "a/${module.b.path}" }
output "sum" { value = var.depth + module.b.sum }
