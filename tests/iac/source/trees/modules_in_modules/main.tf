module "a" {
  source = "./a"
  depth  = 1
}
output "path" { value = module.a.path }
output "sum" { value = module.a.sum }
