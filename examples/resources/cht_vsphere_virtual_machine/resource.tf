# Three machines for the servers of a cluster, and two larger ones that run CHT.
locals {
  machines = {
    server-1 = { address = "10.20.0.11", cpus = 4, memory_mib = 8192 }
    server-2 = { address = "10.20.0.12", cpus = 4, memory_mib = 8192 }
    server-3 = { address = "10.20.0.13", cpus = 4, memory_mib = 8192 }
    worker-1 = { address = "10.20.0.21", cpus = 16, memory_mib = 65536 }
    worker-2 = { address = "10.20.0.22", cpus = 16, memory_mib = 65536 }
  }
}

resource "cht_vsphere_virtual_machine" "node" {
  for_each = local.machines

  name       = each.key
  datacenter = "Nairobi"
  cluster    = "Production"
  datastore  = "ssd-1"
  template   = "/Nairobi/vm/Templates/ubuntu-24.04"

  cpus            = each.value.cpus
  memory_mib      = each.value.memory_mib
  system_disk_gib = 60

  network_interfaces = [{
    network     = "Servers"
    addresses   = ["${each.value.address}/24"]
    gateway     = "10.20.0.1"
    nameservers = ["10.20.0.2"]
  }]

  cloud_init = {
    ssh_authorized_keys = [file("${path.module}/id_ed25519.pub")]
  }

  # Tags that there are; those of other categories stay as they are.
  tags = {
    environment = ["production"]
  }
}

# What the nodes of Kubernetes are called by: `provider_id` of `cht_k3s_cluster` and `cht_k3s_agent`.
output "provider_ids" {
  value = { for name, machine in cht_vsphere_virtual_machine.node : name => machine.provider_id }
}
