variable "text" {
  type    = string
  default = 42
}
variable "truth" {
  type    = bool
  default = "true"
}
variable "number" {
  type    = number
  default = "3.50"
}
variable "names" {
  type    = set(string)
  default = ["b", "a", "b", 3]
}
variable "sizes" {
  type    = map(string)
  default = { a = 1, b = true, c = "x" }
}
variable "pair" {
  type    = tuple([string, number])
  default = [1, "2"]
}
variable "any_list" {
  type    = list(any)
  default = [1, "two", true]
}
variable "any_map" {
  type    = map(any)
  default = { a = 1, b = "c" }
}
variable "untyped" {
  default = [1, "two", true]
}
variable "narrowed" {
  type    = object({ a = string })
  default = { a = 1, b = 2 }
}
output "text" { value = var.text }
output "truth" { value = var.truth }
output "number" { value = var.number }
output "names" { value = var.names }
output "sizes" { value = var.sizes }
output "pair" { value = var.pair }
output "any_list" { value = var.any_list }
output "any_map" { value = var.any_map }
output "untyped" { value = var.untyped }
output "narrowed" { value = var.narrowed }
