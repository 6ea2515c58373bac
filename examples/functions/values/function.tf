# The files that were given to `helm upgrade -f values.yaml -f secrets.yaml`.
locals {
  values = provider::cht::values(
    file("${path.module}/values.yaml"),
    sensitive(file("${path.module}/secrets.yaml")),
  )
}

output "cht_version" {
  value = nonsensitive(local.values.cht_version)
}

# What the values say that has no counterpart.
output "unused" {
  value = nonsensitive(local.values.unused)
}
