module "outer" {
  source   = "./outer"
  for_each = { eu = ["a", "b"], us = [] }
  region   = each.key
  zones    = each.value
}
output "all" { value = { for r, m in module.outer : r => m.names } }
output "flat" { value = flatten([for m in module.outer : m.names]) }
