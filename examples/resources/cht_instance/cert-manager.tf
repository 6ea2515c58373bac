# With a certificate that cert-manager gets and renews.
resource "cht_instance" "busia" {
  namespace   = "cht-busia"
  cht_version = "5.3.1"
  host        = "busia.health.example"

  couchdb = {
    storage_size = "100Gi"
  }

  ingress = {
    class = "nginx"
    tls = {
      cluster_issuer = "letsencrypt"
    }
  }
}
