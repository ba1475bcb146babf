variable "region" {}
variable "zones" { type = list(string) }
module "zone" {
  source   = "../zone"
  for_each = toset(var.zones)
  name     = "${var.region}-${each.value}"
}
output "names" { value = values(module.zone)[*].name }
