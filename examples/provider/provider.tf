terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

# A default for resources that do not say how their cluster is reached.
provider "cht" {
  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = "production"
  }
}
