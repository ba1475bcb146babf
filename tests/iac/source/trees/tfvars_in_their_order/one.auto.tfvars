d = "one.auto.tfvars"
e = "one.auto.tfvars"
