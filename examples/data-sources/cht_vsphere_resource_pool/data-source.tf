data "cht_vsphere_resource_pool" "cht" {
  name = "/Nairobi/host/Compute/Resources/cht"
}

output "memory_limit_mib" {
  value = data.cht_vsphere_resource_pool.cht.memory_limit_mib
}
