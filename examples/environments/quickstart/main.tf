# One CHT instance on a Kubernetes cluster that exists already.

terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

resource "cht_instance" "quickstart" {
  namespace   = "cht-quickstart"
  cht_version = var.cht_version
  host        = "quickstart.health.example"

  kubernetes = {
    host                   = var.kubernetes_host
    cluster_ca_certificate = var.kubernetes_ca
    token                  = var.kubernetes_token
  }

  couchdb = {
    storage_size = "10Gi"
    resources = {
      requests = { cpu = "500m", memory = var.couchdb_memory }
    }
  }

  ingress = {
    class = var.ingress_class
  }

  # So that `tofu destroy` leaves nothing behind: keep the defaults (true) wherever there is real data.
  deletion_protection = false
  retain_volumes      = false
}
