output "formatted" { value = formatdate("YYYY-MM-DD hh:mm", "2024-03-05T06:07:08Z") }
output "added" { value = timeadd("2024-03-05T06:07:08Z", "25h") }
output "compared" { value = timecmp("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z") }
output "uuid" { value = uuidv5("dns", "example.com") }
