# With a certificate of one's own, as a certificate authority hands it out. A renewed one takes its place with the next apply.
resource "cht_instance" "siaya" {
  namespace   = "cht-siaya"
  cht_version = "5.3.1"
  host        = "siaya.health.example"

  couchdb = {
    storage_size = "100Gi"
  }

  ingress = {
    class = "nginx"
    tls = {
      certificate            = var.siaya_certificate
      private_key_wo         = var.siaya_private_key
      private_key_wo_version = 1
    }
  }
}

variable "siaya_certificate" {
  type        = string
  description = "Certificate for siaya.health.example, followed by the authorities that signed it."
}

variable "siaya_private_key" {
  type        = string
  description = "Private key of the certificate; it gets into no plan and no state."
  sensitive   = true
}
