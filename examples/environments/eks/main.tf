# A cloud environment, from nothing to CHT for each county: the network and the cluster are in cluster.tf, what counties share and they
# themselves in counties.tf. One apply makes it all.

terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

provider "cht" {
  aws = {
    region              = var.region
    allowed_account_ids = var.account_ids

    default_tags = {
      environment = var.name
    }
  }
}
