output "lists" { value = [[1, 2] == [1, 2], [1] == [2], [] == []] }
output "objects" { value = [{ a = 1 } == { a = 1 }, { a = 1 } == { a = "1" }] }
output "types" { value = ["1" == 1, true == "true", null == null, "" == null] }
output "sets" { value = [toset(["a", "b"]) == toset(["b", "a"]), tolist(["a"]) == ["a"]] }
output "not" { value = [1 != 2, "a" != "a"] }
