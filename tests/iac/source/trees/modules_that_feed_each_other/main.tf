module "a" {
  source = "./echo"
  value  = { x = 1, list = module.b.value }
}
module "b" {
  source = "./echo"
  value  = [module.c.value, "b"]
}
module "c" {
  source = "./echo"
  value  = local.start
}
locals { start = "start" }
output "a" { value = module.a.value }
output "deep" { value = module.a.value.list[0] }
output "twice" { value = module.a.twice }
