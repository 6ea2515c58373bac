# Virtual machines of vSphere, whose cloud provider and CSI driver are installed in the cluster afterwards: nodes carry the id of their
# machine from the beginning. The load balancer in front of the servers is what clients and agents are given.
variable "machines" {
  type = map(object({ address = string, provider_id = string }))
}

resource "cht_k3s_cluster" "in_vsphere" {
  version        = "v1.36.3+k3s1"
  endpoint       = "k3s.health.example"
  cloud_provider = "external"
  disable        = ["servicelb", "local-storage"]

  servers = {
    for name, machine in var.machines : name => {
      host        = machine.address
      provider_id = machine.provider_id
      taints      = [{ key = "node-role.kubernetes.io/control-plane", effect = "NoSchedule" }]
    }
  }

  ssh = {
    user            = "ubuntu"
    agent           = true
    host_key_policy = "accept-new"
  }

  upgrade = {
    drain_timeout   = "10m"
    max_unavailable = 2
  }
}
