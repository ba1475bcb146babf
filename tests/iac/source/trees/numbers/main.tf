output "division" { value = 10 / 4 }
output "third" { value = 1 / 3 }
output "modulo" { value = [10 % 3, -7 % 3] }
output "precedence" { value = 1 + 2 * 3 - 4 / 2 }
output "negative" { value = -(2 - 5) }
output "text" { value = "${1.50} ${1e3} ${0.1 + 0.2}" }
output "large" { value = 9007199254740993 * 2 }
output "compare" { value = [1 < 2, 2 <= 2, 3 > 4, 1 == 1.0, "1" == 1] }
output "functions" { value = [max(1, 5, 3), min([4, 2]...), ceil(1.2), floor(-1.2), abs(-3), pow(2, 10), signum(-4), log(8, 2)] }
output "parse" { value = [parseint("ff", 16), tonumber("12.5")] }
