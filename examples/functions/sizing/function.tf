locals {
  # 2500 community health workers, and what they will have written in five years.
  sizing = provider::cht::sizing(2500, 12000000)
}

output "storage_size" {
  value = local.sizing.storage
}

output "nodes" {
  value = "${local.sizing.cpu} CPUs and ${local.sizing.memory} of memory"
}

output "basis" {
  value = local.sizing.basis
}
