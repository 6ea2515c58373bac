# What the administrator of the vCenter has prepared. A name that is wrong, or a datastore that cannot be used, is an error of the plan.

data "cht_vsphere_datacenter" "this" {
  name = var.datacenter
}

data "cht_vsphere_datastore" "this" {
  datacenter = data.cht_vsphere_datacenter.this.path
  name       = var.datastore

  lifecycle {
    postcondition {
      condition     = self.accessible && !self.maintenance
      error_message = "No host reaches the datastore, or it is in maintenance."
    }
    postcondition {
      condition     = self.shared != false
      error_message = "Volumes follow their pods to other hosts, so all hosts have to reach the datastore."
    }
  }
}

data "cht_vsphere_template" "this" {
  datacenter = data.cht_vsphere_datacenter.this.path
  name       = var.template
}

locals {
  # Three servers keep the cluster together, the agents do the work.
  machines = merge(var.servers, var.agents)
  rule     = "${var.name}-servers"
}

resource "cht_vsphere_virtual_machine" "this" {
  for_each = local.machines

  name       = each.key
  datacenter = data.cht_vsphere_datacenter.this.path
  cluster    = var.cluster
  folder     = var.folder
  datastore  = data.cht_vsphere_datastore.this.path
  template   = data.cht_vsphere_template.this.path

  cpus            = each.value.cpus
  memory_mib      = each.value.memory_mib
  system_disk_gib = each.value.disk_gib

  network_interfaces = [{
    network     = var.network
    addresses   = [each.value.address]
    gateway     = var.gateway
    nameservers = var.nameservers
  }]

  cloud_init = {
    ssh_authorized_keys = [var.ssh_public_key]
  }

  # Servers join their rule before they are powered on.
  anti_affinity_rule = contains(keys(var.servers), each.key) ? local.rule : null

  deletion_protection = var.deletion_protection
}

# Each server is on a host of its own, so that a host that fails takes one vote of three.
resource "cht_vsphere_anti_affinity_rule" "servers" {
  name             = local.rule
  datacenter       = data.cht_vsphere_datacenter.this.path
  cluster          = var.cluster
  virtual_machines = [for name in keys(var.servers) : cht_vsphere_virtual_machine.this[name].moid]
}
