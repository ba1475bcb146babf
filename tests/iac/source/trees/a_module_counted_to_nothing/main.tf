variable "wanted" { default = false }
module "node" {
  source = "./node"
  count  = var.wanted ? 1 : 0
}
output "names" { value = module.node[*].name }
output "one" { value = one(module.node[*].name) }
output "tried" { value = try(module.node[0].name, "none") }
output "joined" { value = join(",", module.node[*].name) }
