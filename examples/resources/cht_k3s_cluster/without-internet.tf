# Hosts without a way to the internet: the program, the images of k3s itself and those of everything else come from this machine and
# from a registry in the network.
variable "registry_password" {
  type      = string
  sensitive = true
}

resource "cht_k3s_cluster" "offline" {
  version = "v1.36.3+k3s1"
  servers = { server-1 = { host = "10.40.0.11" } }

  ssh = {
    user            = "ubuntu"
    agent           = true
    host_key_policy = "accept-new"
  }

  binary = {
    path   = "~/k3s/k3s"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  images = ["~/k3s/k3s-airgap-images-amd64.tar.zst"]

  registries = {
    mirrors = {
      "docker.io" = { endpoints = ["https://registry.example:5000"] }
    }
    configs = {
      "registry.example:5000" = {
        auth = { username = "k3s", password = var.registry_password }
        tls  = { ca_file = "/etc/ssl/certs/registry.pem" }
      }
    }
  }
}
