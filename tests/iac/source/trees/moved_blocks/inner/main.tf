output "y" { value = "y" }
