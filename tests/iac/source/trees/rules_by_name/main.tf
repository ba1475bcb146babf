variable "rules" {
  type = map(list(any))
  default = {
    "http-80-tcp" = [80, 80, "tcp", "HTTP"]
    "ssh-tcp"     = [22, 22, "tcp", "SSH"]
    "all-all"     = [-1, -1, "-1", "All"]
  }
}
variable "wanted" { default = ["ssh-tcp", "all-all"] }
resource "terraform_data" "rule" {
  count = length(var.wanted)
  input = {
    from     = var.rules[var.wanted[count.index]][0]
    protocol = element(var.rules[var.wanted[count.index]], 2)
  }
}
output "rules" { value = terraform_data.rule[*].input }
output "ports" { value = [for r in var.wanted : tonumber(var.rules[r][0])] }
output "none" { value = length([for r in var.wanted : r if !contains(keys(var.rules), r)]) }
