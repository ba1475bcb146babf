locals { maps = [{ a = 1 }, { b = 2 }, { a = 3 }] }
output "merged" { value = merge(local.maps...) }
output "max" { value = max([1, 9, 3]...) }
output "concat" { value = concat([["a"], ["b"]]...) }
output "none" { value = merge([]...) }
output "format" { value = format("%s %s", ["a", "b"]...) }
