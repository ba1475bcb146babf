variable "env" { default = "prod" }
locals { settings = { prod = { size = "large" }, dev = { size = "small" } } }
output "simple" { value = var.env == "prod" ? 3 : 1 }
output "mixed" { value = var.env == "prod" ? 3 : "none" }
output "lists" { value = var.env == "dev" ? ["a"] : [] }
output "nulls" { value = var.env == "dev" ? "x" : null }
output "objects" { value = var.env == "prod" ? { a = 1 } : { a = 2 } }
output "logic" { value = [true && false, true || false, !true, var.env != "dev"] }
output "looked_up" { value = lookup(local.settings, var.env, { size = "none" }).size }
output "missing" { value = lookup({ a = 1 }, "b", 0) }
output "indexed" { value = local.settings[var.env]["size"] }
output "nested" { value = var.env == "a" ? 1 : var.env == "b" ? 2 : 3 }
