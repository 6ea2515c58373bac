import {
  to = cht_vsphere_anti_affinity_rule.servers
  id = "Compute/cht-servers"
}
