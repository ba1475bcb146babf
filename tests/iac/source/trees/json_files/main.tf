output "from_hcl" { value = "${local.name}-${var.size}" }
