moved {
  from = terraform_data.old
  to   = terraform_data.new
}
moved {
  from = module.old
  to   = module.new
}
resource "terraform_data" "new" { input = "x" }
module "new" { source = "./inner" }
output "x" { value = [terraform_data.new.input, module.new.y] }
