output "all" {
  value = {
    module = path.module
    root   = path.root
    own    = trimspace(file("${path.module}/own.txt"))
    rooted = trimspace(file("${path.root}/data/a.txt"))
  }
}
