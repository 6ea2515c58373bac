# Three servers of a cluster, each on a host of its own. They join the rule before they are powered on.
resource "cht_vsphere_virtual_machine" "server" {
  for_each = {
    server-1 = "10.20.0.21/24"
    server-2 = "10.20.0.22/24"
    server-3 = "10.20.0.23/24"
  }
  name               = each.key
  cluster            = "Compute"
  template           = "ubuntu-24.04"
  cpus               = 4
  memory_mib         = 8192
  anti_affinity_rule = "cht-servers"
  network_interfaces = [{ network = "Cluster", addresses = [each.value] }]
}

# The rule, as it should always be.
resource "cht_vsphere_anti_affinity_rule" "servers" {
  name             = "cht-servers"
  cluster          = "Compute"
  virtual_machines = [for machine in cht_vsphere_virtual_machine.server : machine.moid]
}
