variable "name" { default = "override" }
locals { color = "red" }
