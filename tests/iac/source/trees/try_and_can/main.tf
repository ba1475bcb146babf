locals {
  object = { a = { b = 1 } }
  list   = ["x"]
  text   = "not a number"
}
output "there" { value = try(local.object.a.b, "none") }
output "missing" { value = try(local.object.x.y, "none") }
output "second" { value = try(local.object.x, local.list[3], local.list[0]) }
output "can" { value = [can(local.object.a), can(local.object.z), can(tonumber(local.text)), can(regex("^n", local.text))] }
output "convert" { value = try(tonumber(local.text), 0) }
output "list" { value = try(tolist(local.list), [local.list]) }
