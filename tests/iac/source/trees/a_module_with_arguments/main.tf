module "greeting" {
  source = "./greeting"
  name   = "world"
}
output "text" { value = module.greeting.text }
output "loud" { value = upper(module.greeting.text) }
output "whole" { value = module.greeting }
