# The cluster, by name or inventory path, and the name of the rule; or the id of the rule.
tofu import cht_vsphere_anti_affinity_rule.servers Compute/cht-servers
