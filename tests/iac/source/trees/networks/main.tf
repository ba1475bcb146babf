output "subnets" { value = [for i in range(3) : cidrsubnet("10.0.0.0/16", 8, i)] }
output "many" { value = cidrsubnets("10.0.0.0/16", 4, 4, 8) }
output "host" { value = [cidrhost("10.1.0.0/24", 5), cidrhost("10.1.0.0/24", -1)] }
output "mask" { value = cidrnetmask("10.0.0.0/12") }
output "six" { value = cidrsubnet("fd00::/48", 16, 162) }
