resource "cht_instance" "county" {
  for_each = var.counties

  kubernetes  = cht_storage_class.this.kubernetes
  namespace   = "cht-${each.key}"
  cht_version = each.value.cht_version
  host        = each.value.host

  image = {
    registry = var.cht_image_registry
  }

  couchdb = {
    storage_class = cht_storage_class.this.name
    storage_size  = each.value.storage_size
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
