data "cht_vsphere_network" "nodes" {
  datacenter = "Nairobi"
  name       = "VM Network"
}

output "type_of_network" {
  value = data.cht_vsphere_network.nodes.type
}
