# On GKE, with a reserved address, a certificate that Google manages, and a BackendConfig that lets requests take an hour.
resource "cht_instance" "nandi" {
  namespace   = "cht-nandi"
  cht_version = "5.3.1"
  host        = "nandi.health.example"

  couchdb = {
    storage_size  = "100Gi"
    storage_class = "standard-rwo"
  }

  ingress = {
    class = "gce"
    gce = {
      static_ip_name = "cht-api-ip"
      backend_config = "long-requests"
    }
    tls = {
      managed_certificate = "nandi"
    }
  }
}
