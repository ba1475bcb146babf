locals {
  list  = [{ a = { b = [1, 2] } }, { a = { b = [3] } }]
  one   = { a = "x" }
  none  = null
}
output "full" { value = local.list[*].a.b }
output "indexed" { value = local.list[*].a.b[0] }
output "attributes" { value = local.list.*.a.b }
output "legacy_index" { value = local.list.*.a.b[0] }
output "single" { value = local.one[*].a }
output "nothing" { value = local.none[*] }
output "legacy" { value = local.list.0.a.b.1 }
output "empty" { value = [][*] }
