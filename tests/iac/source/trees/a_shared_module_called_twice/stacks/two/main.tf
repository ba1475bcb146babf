module "label" {
  source     = "../../shared/label"
  name       = "two"
  attributes = ["x", "y"]
  tags       = { extra = "yes" }
}
output "name" { value = module.label.id }
output "tags" { value = module.label.tags }
