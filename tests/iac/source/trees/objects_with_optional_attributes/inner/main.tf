variable "options" {
  type = object({
    on    = bool
    tags  = optional(map(string), {})
    names = optional(set(string), ["z", "a", "z"])
  })
}
output "options" { value = var.options }
