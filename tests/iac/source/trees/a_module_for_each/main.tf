locals {
  teams = {
    red  = { size = 3, lead = "ana" }
    blue = { size = 5, lead = null }
  }
}
module "team" {
  source   = "./team"
  for_each = local.teams
  name     = each.key
  size     = each.value.size
  lead     = each.value.lead
}
output "labels" { value = { for k, m in module.team : k => m.label } }
output "sizes" { value = [for m in values(module.team) : m.size] }
output "red" { value = module.team["red"].label }
output "keys" { value = keys(module.team) }
