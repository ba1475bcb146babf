resource "terraform_data" "r" { input = "x" }
output "id" { value = terraform_data.r.id }
output "name" { value = "${terraform_data.r.input}!" }
