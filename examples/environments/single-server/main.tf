# One Linux machine, k3s on it, and one CHT instance with TLS: where CHT begins, and where a small program may stay.

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
  version = var.k3s_version
  binary  = var.k3s_binary

  servers = {
    cht-1 = {
      host = var.host
      ssh  = { host_key = [var.host_key] }
    }
  }

  # Snapshots of the cluster's own state, twice a day; CHT's data is in CouchDB, and is backed up by itself.
  snapshots = {
    enabled   = true
    schedule  = "0 */12 * * *"
    retention = 14
  }

  deletion_protection = var.deletion_protection
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
}
