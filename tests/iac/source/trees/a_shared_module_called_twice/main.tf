module "one" {
  source = "./stacks/one"
}
module "two" {
  source = "./stacks/two"
}
output "both" { value = "${module.one.name} ${module.two.name}" }
output "tags" { value = merge(module.one.tags, module.two.tags) }
