resource "cht_vsphere_role" "cns_vm" {
  name   = "cht-cns-vm"
  preset = "cns-vm"
}

# The user of the CSI driver may attach volumes to all machines in a folder.
resource "cht_vsphere_permission" "machines" {
  principal   = "cns@vsphere.local"
  role        = cht_vsphere_role.cns_vm.name
  entity_type = "folder"
  entity_path = "/Nairobi/vm/cht"
  propagate   = true
}

# It sees the datacenter, and no more than that of what is in it.
resource "cht_vsphere_permission" "datacenter" {
  principal   = "cns@vsphere.local"
  role        = "ReadOnly"
  entity_type = "datacenter"
  entity_path = "/Nairobi"
  propagate   = false
}
