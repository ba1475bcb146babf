variable "create" { default = false }
resource "terraform_data" "maybe" {
  count = var.create ? 1 : 0
  input = "there"
}
output "tried" { value = try(terraform_data.maybe[0].input, "not there") }
output "joined" { value = join("", terraform_data.maybe[*].input) }
output "one" { value = one(terraform_data.maybe[*].input) }
output "concat" { value = concat(terraform_data.maybe[*].input, ["x"])[0] }
output "can" { value = can(terraform_data.maybe[0]) }
