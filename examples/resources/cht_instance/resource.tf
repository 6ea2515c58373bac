resource "cht_instance" "kisumu" {
  namespace   = "cht-kisumu"
  cht_version = "5.3.1"
  host        = "kisumu.health.example"

  kubernetes = {
    config_path = "~/.kube/config"
  }

  couchdb = {
    storage_size = "100Gi"
  }

  ingress = {
    class = "traefik"
    tls = {
      secret_name = "kisumu-tls"
    }
  }
}

output "kisumu_url" {
  value = cht_instance.kisumu.url
}

# Keep these with the backups: a restored database only works with them.
output "kisumu_secret" {
  value     = cht_instance.kisumu.couchdb.secret
  sensitive = true
}

output "kisumu_uuid" {
  value     = cht_instance.kisumu.couchdb.uuid
  sensitive = true
}
