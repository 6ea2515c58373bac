# A data center, from a template in vCenter to CHT for each county: what is made in vCenter is in machines.tf and access.tf, k3s on the
# machines and what it needs of vSphere in cluster.tf, CHT in counties.tf. One apply makes it all.

terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

provider "cht" {
  vsphere = {
    server         = var.vcenter.server
    port           = var.vcenter.port
    ca_certificate = var.vcenter.ca_certificate
    user           = var.vcenter_user
    password       = var.vcenter_password
  }

  # The key that cloud-init lets in on every machine. Nobody knows the keys of machines that are still to be made, so each is believed when it is
  # first seen, and must have the same key from then on.
  ssh = {
    user            = var.ssh_user
    private_key     = var.ssh_private_key
    host_key_policy = "accept-new"
  }
}
