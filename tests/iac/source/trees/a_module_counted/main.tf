module "node" {
  source = "./node"
  count  = 3
  index  = count.index
}
output "names" { value = module.node[*].name }
output "legacy" { value = module.node.*.name }
output "second" { value = module.node[1].name }
output "count" { value = length(module.node) }
