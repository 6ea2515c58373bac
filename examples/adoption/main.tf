# An instance that runs as a release of the official Helm chart, taken over as it is.

terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

# An import reads the cluster before it reads the resource, so the way to it is the provider's.
provider "cht" {
  kubernetes = {
    host                   = var.kubernetes_host
    cluster_ca_certificate = var.kubernetes_ca
    token                  = var.kubernetes_token
  }
}

locals {
  # The file that was given to `helm upgrade -f values.yaml`.
  chart = provider::cht::values(file("${path.module}/values.yaml"))
}

resource "cht_instance" "county" {
  namespace        = local.chart.namespace
  create_namespace = false # the chart did not make it
  cht_version      = local.chart.cht_version
  host             = local.chart.host
  image            = local.chart.image
  builds_url       = local.chart.builds_url
  couchdb          = local.chart.couchdb
  api              = local.chart.api
  sentinel         = local.chart.sentinel
  healthcheck      = local.chart.healthcheck
  upgrade_service  = local.chart.upgrade_service
  ingress          = merge(local.chart.ingress, { class = var.ingress_class })
  probes           = local.chart.probes
}

# What the values say that has no counterpart.
output "unused" {
  value = local.chart.unused
}
