variable "words" {
  type    = list(string)
  default = ["alpha", "beta", "gamma"]
}

variable "nothing" {
  type    = string
  default = null
}

variable "empty" {
  type    = list(string)
  default = []
}

variable "ports" {
  type    = set(number)
  default = [443, 80, 8080, 80]
}

variable "names" {
  type    = set(string)
  default = ["zeta", "Alpha", "beta", "alpha"]
}

variable "tags" {
  type    = map(string)
  default = { env = "prod", Owner = "me", count = 3 }
}

variable "numbers_as_text" {
  type    = list(string)
  default = [1, 2.5, true]
}

variable "amount" {
  type    = number
  default = "3"
}

variable "enabled" {
  type    = bool
  default = "true"
}

locals {
  one      = 1
  text     = "hello"
  yes      = true
  no       = false
  nil      = null
  list     = [1, 2, 3]
  mixed    = [1, "a", true, null]
  nested   = [[1, 2], [3], []]
  object   = { a = 1, b = "two", c = [1, 2], d = { e = "deep" } }
  users    = [{ name = "ann", age = 30, roles = ["a", "b"] }, { name = "bob", age = 17, roles = [] }]
  by_name  = { for u in local.users : u.name => u }
  derived  = "${local.text}-${local.one}"
  quoted   = "a \"quoted\" \\ back\tslash"
  umlaut   = "Zürich — ünïcödé ☃"
  rules    = { web = { port = 443, cidrs = ["10.0.0.0/8", "0.0.0.0/0"] }, ssh = { port = 22, cidrs = [] } }
  policy   = <<-EOT
    {
      "Version": "2012-10-17"
    }
  EOT
}

resource "terraform_data" "unknown" {
  input = "x"
}
