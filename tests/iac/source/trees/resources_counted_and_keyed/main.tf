resource "terraform_data" "one" { input = "one" }
resource "terraform_data" "many" {
  count = 3
  input = "many-${count.index}"
}
resource "terraform_data" "keyed" {
  for_each = { a = 1, b = 2, "c d" = 3 }
  input    = { key = each.key, value = each.value }
}
resource "terraform_data" "set" {
  for_each = toset(["y", "x"])
  input    = each.value
}
resource "terraform_data" "of_others" {
  for_each = terraform_data.set
  input    = "${each.key}:${each.value.input}"
}
output "one" { value = terraform_data.one.input }
output "many" { value = terraform_data.many[*].input }
output "second" { value = terraform_data.many[1].input }
output "keyed" { value = { for k, r in terraform_data.keyed : k => r.input.value } }
output "picked" { value = terraform_data.keyed["c d"].input.key }
output "set" { value = [for r in terraform_data.set : r.input] }
output "of_others" { value = [for k, r in terraform_data.of_others : r.input] }
output "counts" { value = [length(terraform_data.many), length(terraform_data.keyed)] }
