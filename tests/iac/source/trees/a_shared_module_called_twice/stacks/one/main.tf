module "label" {
  source = "../../shared/label"
  name   = "one"
}
output "name" { value = module.label.id }
output "tags" { value = module.label.tags }
