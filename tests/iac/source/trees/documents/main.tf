locals {
  yaml = yamldecode(file("config.yaml"))
  csv  = csvdecode(file("users.csv"))
  json = jsondecode(file("data.json"))
}
output "yaml" { value = local.yaml }
output "csv" { value = [for u in local.csv : "${u.name}:${u.role}"] }
output "json" { value = local.json.a[1] }
output "encoded" { value = jsonencode({ b = [1, "x", null, true], a = { c = 1.5 }, h = "<&>" }) }
output "yaml_out" { value = yamldecode(yamlencode({ a = [1, { b = "c" }] })) }
output "round" { value = jsondecode(jsonencode(local.json)) == local.json }
