module "a" {
  source   = "./inner"
  plain    = null
  strict   = null
  required = null
}
output "plain" { value = module.a.plain }
output "strict" { value = module.a.strict }
output "required" { value = module.a.required }
