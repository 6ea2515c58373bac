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

  # The account for resources of AWS, and for clusters of EKS.
  aws = {
    region              = "af-south-1"
    profile             = "moh"
    allowed_account_ids = ["123456789012"]
    default_tags        = { owner = "moh" }
  }
}
