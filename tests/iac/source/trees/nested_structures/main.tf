locals {
  networks = {
    private = { cidr = "10.0.0.0/16", subnets = ["a", "b"] }
    public  = { cidr = "10.1.0.0/16", subnets = ["a"] }
  }
  subnets = flatten([
    for name, n in local.networks : [
      for i, s in n.subnets : { key = "${name}-${s}", cidr = cidrsubnet(n.cidr, 8, i) }
    ]
  ])
}
resource "terraform_data" "subnet" {
  for_each = { for s in local.subnets : s.key => s.cidr }
  input    = each.value
}
output "subnets" { value = { for k, s in terraform_data.subnet : k => s.input } }
output "product" { value = [for p in setproduct(["a", "b"], [1, 2]) : "${p[0]}${p[1]}"] }
output "merged" { value = merge({ a = 1, b = { c = 1 } }, { b = { d = 2 } }, null) }
output "zipped" { value = zipmap(["x", "y"], [1, 2]) }
output "transposed" { value = transpose({ a = ["1", "2"], b = ["2"] }) }
