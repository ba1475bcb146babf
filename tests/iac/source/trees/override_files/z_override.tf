module "inner" { b = "override" }
resource "terraform_data" "r" { input = "override" }
output "kept" { value = "${var.kept} overridden" }
