# What the programs in the cluster may do in vCenter: to see the machines of the nodes, and to make volumes and attach them. Their user is one of
# its own, so that whoever breaks into the cluster cannot destroy machines.

resource "cht_vsphere_role" "this" {
  for_each = toset(["cns-vm", "cns-datastore", "cns-search-and-spbm"])

  name   = "${var.name}-${each.key}"
  preset = each.key
}

locals {
  permissions = {
    datacenter = { type = "datacenter", path = data.cht_vsphere_datacenter.this.path, role = "ReadOnly", propagate = true }
    machines   = { type = "folder", path = var.folder, role = cht_vsphere_role.this["cns-vm"].name, propagate = true }
    datastore  = { type = "datastore", path = data.cht_vsphere_datastore.this.path, role = cht_vsphere_role.this["cns-datastore"].name, propagate = false }
    root       = { type = "root", path = null, role = cht_vsphere_role.this["cns-search-and-spbm"].name, propagate = false }
  }
}

resource "cht_vsphere_permission" "cluster" {
  for_each = local.permissions

  principal   = var.cluster_user
  role        = each.value.role
  entity_type = each.value.type
  entity_path = each.value.path
  propagate   = each.value.propagate
}
