resource "terraform_data" "r" { input = "x" }
resource "terraform_data" "many" {
  count = 2
  input = count.index
}
locals { id = terraform_data.r.id }
output "id" { value = terraform_data.r.id }
output "text" { value = "id-${local.id}" }
output "list" { value = [local.id, "known"] }
output "object" { value = { known = 1, later = local.id } }
output "length" { value = length([local.id, local.id]) }
output "keys" { value = keys({ a = local.id, b = 1 }) }
output "ids" { value = terraform_data.many[*].id }
output "count" { value = length(terraform_data.many[*].id) }
output "null" { value = local.id == null }
output "merged" { value = merge({ a = local.id }, { b = 2 })["b"] }
output "choice" { value = true ? "known" : local.id }
output "either" { value = local.id == "x" ? 1 : 1 }
output "contains" { value = contains(["a", local.id], "a") }
output "looked_up" { value = lookup({ a = 1, b = local.id }, "a", 2) }
output "json" { value = jsonencode({ a = local.id }) }
output "tried" { value = try(local.id, "x") }
output "coalesced" { value = coalesce("first", local.id) }
output "element" { value = element(["a", local.id], 0) }
output "for" { value = [for k, v in { a = local.id, b = 2 } : k] }
output "output" { value = terraform_data.r.output }
