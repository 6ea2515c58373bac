terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

provider "cht" {
  # A default for resources that do not say how their cluster is reached.
  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = "production"
  }

  # A default for resources that do not say how their hosts are logged in to.
  ssh = {
    user        = "ubuntu"
    agent       = true
    known_hosts = "~/.ssh/known_hosts"
  }
}
