module "a" {
  source = "./inner"
  count  = 2
}
output "ids" { value = module.a[*].id }
output "names" { value = [for m in module.a : m.name] }
output "first" { value = { id = module.a[0].id, name = module.a[0].name } }
