locals { name = "x" }
output "plain" {
  value = <<EOT
  two spaces ${local.name}
no space
EOT
}
output "indented" {
  value = <<-EOT
    first
      second ${local.name}
    third
  EOT
}
output "escapes" {
  value = <<-EOT
    a\nb "quoted" $${not} %%{not}
  EOT
}
output "json" {
  value = jsondecode(<<-EOT
    {"a": [1, 2, "${local.name}"]}
  EOT
  )
}
output "quoted" { value = "tab\there \"q\" \\ \u00e9 ${"in${"side"}"}" }
output "strip" { value = "a ${~ local.name ~} b" }
output "directive" { value = "%{if local.name == "x"}yes%{else}no%{endif}" }
output "loop" { value = "%{for i in [1, 2, 3]}${i},%{endfor}" }
