locals { list = ["b", "a", "c", "a"] }
output "sorted" { value = sort(local.list) }
output "distinct" { value = distinct(local.list) }
output "reversed" { value = reverse(local.list) }
output "slice" { value = slice(local.list, 1, 3) }
output "element" { value = [element(local.list, 5), element(local.list, 0)] }
output "chunks" { value = chunklist(local.list, 3) }
output "index" { value = index(local.list, "c") }
output "contains" { value = [contains(local.list, "a"), contains(local.list, "z")] }
output "concat" { value = concat(local.list, [1], []) }
output "compact" { value = compact(["a", "", null, "b"]) }
output "coalesce" { value = [coalesce("", null, "x"), coalescelist([], ["y"])[0]] }
output "flat" { value = flatten([["a", ["b"]], [], "c"]) }
output "sets" { value = [setunion(["a"], ["b", "a"]), setintersection(["a", "b"], ["b"]), setsubtract(["a", "b"], ["b"])] }
output "keys" { value = [keys({ b = 1, a = 2 }), values({ b = 1, a = 2 })] }
output "ranges" { value = [range(3), range(1, 4), range(0, 10, 5)] }
output "sums" { value = [sum([1, 2.5]), length({ a = 1 }), length("été")] }
output "truths" { value = [alltrue([true, "true"]), anytrue([false]), alltrue([])] }
output "matchkeys" { value = matchkeys(["i1", "i2"], ["a", "b"], ["b"]) }
output "one" { value = [one([]) == null, one(["x"])] }
