locals { key = "dynamic" }
output "bare" { value = { a = 1, "b c" = 2, (local.key) = 3, "${local.key}-x" = 4, 5 = "five" } }
output "colons" { value = { a : 1, b : 2 } }
output "numbers" { value = { 1 = "one" }["1"] }
output "order" { value = keys({ zeta = 1, Alpha = 2, alpha = 3, _u = 4, "10" = 5, "9" = 6 }) }
output "nested" { value = { a = { b = { c = "deep" } } }.a.b.c }
