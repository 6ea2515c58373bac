# Machines that somebody made by hand, to be nodes of a cluster.
data "cht_vsphere_virtual_machine" "server" {
  for_each  = toset(["server-1", "server-2", "server-3"])
  name      = "/Nairobi/vm/cht/${each.key}"
  node_name = each.key

  lifecycle {
    postcondition {
      condition     = self.k3s_ready
      error_message = "The machine cannot be a node: ${join(" ", self.problems)}"
    }
  }
}

# What to give as `provider_id` of the servers.
output "provider_ids" {
  value = { for name, machine in data.cht_vsphere_virtual_machine.server : name => machine.provider_id }
}
