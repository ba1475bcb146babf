variable "name" { type = string }
variable "attributes" {
  type    = list(string)
  default = []
}
variable "tags" {
  type    = map(string)
  default = {}
}
locals {
  id_parts = compact(concat([var.name], var.attributes))
  id       = lower(join("-", local.id_parts))
}
output "id" { value = local.id }
output "tags" { value = merge({ Name = local.id }, var.tags) }
