output "name" { value = "node" }
