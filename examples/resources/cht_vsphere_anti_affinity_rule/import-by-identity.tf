import {
  to = cht_vsphere_anti_affinity_rule.servers
  identity = {
    id = "domain-c8/3"
  }
}
