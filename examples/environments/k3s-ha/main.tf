# Three servers that outlive the loss of one, two agents that do the work, and a CHT instance with TLS on them.

terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

provider "cht" {
  ssh = {
    user        = var.ssh_user
    private_key = var.ssh_private_key
  }
}

resource "cht_k3s_cluster" "this" {
  version  = var.k3s_version
  binary   = var.k3s_binary
  endpoint = var.endpoint

  servers = {
    for name, server in var.servers : name => {
      host = server.host
      ssh  = { host_key = [server.host_key] }

      # CHT runs on the agents: what keeps the cluster together is not disturbed by what runs on it.
      taints = [{ key = "node-role.kubernetes.io/control-plane", value = "", effect = "NoSchedule" }]
    }
  }

  secrets_encryption = true

  snapshots = {
    enabled   = true
    schedule  = "0 */6 * * *"
    retention = 28
  }

  restore_from = var.restore_from

  deletion_protection = var.deletion_protection
}

resource "cht_k3s_agent" "this" {
  for_each = var.agents

  cluster = cht_k3s_cluster.this.join
  name    = each.key
  host    = each.value.host
  ssh     = { host_key = [each.value.host_key] }
  binary  = var.k3s_binary
}

resource "cht_instance" "this" {
  kubernetes  = cht_k3s_cluster.this.kubernetes
  namespace   = "cht"
  cht_version = var.cht_version
  host        = var.domain

  couchdb = {
    storage_size = var.couchdb_storage
  }

  ingress = {
    # Traefik has its timeouts from ../../traefik/timeouts.yaml, once for the cluster.
    class = "traefik"
    tls = {
      certificate = var.certificate
      private_key = var.certificate_key
    }
  }

  deletion_protection = var.deletion_protection
  retain_volumes      = var.deletion_protection

  # Its pods need agents to run on, also while they end.
  depends_on = [cht_k3s_agent.this]
}
