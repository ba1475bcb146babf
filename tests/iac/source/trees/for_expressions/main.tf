locals {
  people = [
    { name = "ana", team = "red", age = 31 },
    { name = "bo", team = "blue", age = 25 },
    { name = "cy", team = "red", age = 19 },
  ]
  map = { b = 2, a = 1 }
}
output "names" { value = [for p in local.people : p.name if p.age > 20] }
output "by_name" { value = { for p in local.people : p.name => p.age } }
output "by_team" { value = { for p in local.people : p.team => p.name... } }
output "indexed" { value = [for i, p in local.people : "${i}${p.name}"] }
output "pairs" { value = [for k, v in local.map : "${k}=${v}"] }
output "swapped" { value = { for k, v in local.map : v => k } }
output "nested" { value = [for a in ["x", "y"] : [for b in [1, 2] : "${a}${b}"]] }
output "over_set" { value = [for s in toset(["b", "a"]) : s] }
output "empty" { value = [for x in [] : x] }
output "shadowed" { value = [for map in [1, 2] : map * 2] }
