variable "depth" {}
module "c" {
  source = "../../c"
  depth  = var.depth * 10
}
output "path" { value = "b/${module.c.path}" }
output "sum" { value = var.depth + module.c.sum }
