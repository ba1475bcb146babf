locals {
  users = [{ name = "ana", admin = true }, { name = "bo", admin = false }]
}
output "text" { value = templatefile("${path.module}/users.tftpl", { users = local.users, title = "Users" }) }
output "inline" {
  value = <<-EOT
    # ${length(local.users)} users
    %{for u in local.users~}
    - ${u.name}%{if u.admin} (admin)%{endif}
    %{endfor~}
    done
  EOT
}
output "script" { value = templatefile("script.sh", { port = 80 }) }
