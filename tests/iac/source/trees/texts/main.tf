locals { s = "Hello World" }
output "cases" { value = [upper(local.s), lower(local.s), title("hello world")] }
output "parts" { value = [split(" ", local.s), join("-", ["a", "b"]), substr(local.s, 0, 5), substr(local.s, -5, -1)] }
output "replaced" { value = [replace(local.s, "World", "x"), replace("a1b22", "/[0-9]+/", "#")] }
output "trims" { value = [trim("  x ", " "), trimspace(" x\n"), trimprefix("abc", "a"), trimsuffix("abc", "c"), chomp("x\n")] }
output "formats" { value = [format("%s-%d-%03d-%.2f-%t-%q-%v", "a", 1, 2, 3.14159, true, "q", [1]), formatlist("%s!", ["a", "b"])] }
output "regexes" { value = [regex("[a-z]+", "ab12"), regex("(\\d)(\\d)", "x12"), regex("(?P<a>\\w)-(?P<b>\\w)", "x-y"), regexall("[0-9]", "a1b2")] }
output "tests" { value = [startswith(local.s, "He"), endswith(local.s, "x"), strcontains(local.s, "lo W")] }
output "indent" { value = indent(2, "a\nb") }
output "reverse" { value = strrev("abc") }
output "encoded" { value = [base64encode("x"), base64decode("eA=="), urlencode("a b&c"), md5("x"), sha1("x"), sha256("x"), base64sha256("x")] }
