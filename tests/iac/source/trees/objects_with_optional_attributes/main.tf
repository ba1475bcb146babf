variable "rules" {
  type = list(object({
    name     = string
    port     = optional(number, 443)
    sources  = optional(list(string), ["10.0.0.0/8"])
    note     = optional(string)
    settings = optional(object({ fast = optional(bool, true), level = optional(number, 2) }), {})
  }))
}
module "inner" {
  source  = "./inner"
  options = { on = true }
}
output "rules" { value = var.rules }
output "inner" { value = module.inner.options }
