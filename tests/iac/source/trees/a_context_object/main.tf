variable "context" {
  type = any
  default = {
    enabled   = true
    namespace = null
    labels    = ["name", "stage"]
    tags      = {}
  }
}
variable "enabled" {
  type    = bool
  default = null
}
variable "name" {
  type    = string
  default = "app"
}
locals {
  input = {
    enabled   = var.enabled == null ? var.context.enabled : var.enabled
    namespace = var.context.namespace == null ? "none" : var.context.namespace
    tags      = merge(var.context.tags, { Name = var.name })
    labels    = length(var.context.labels) > 0 ? var.context.labels : ["id"]
  }
}
output "context" { value = local.input }
output "enabled" { value = local.input.enabled ? "on" : "off" }
output "title" { value = { for k, v in local.input.tags : title(k) => v if length(v) > 0 } }
