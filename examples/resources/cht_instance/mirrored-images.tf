# In a data center without a way out: images from a mirror, and settings for each pod.
resource "cht_instance" "turkana" {
  namespace   = "cht-turkana"
  cht_version = "5.3.1"
  host        = "turkana.health.example"

  image = {
    registry     = "registry.health.example:5000/medic"
    pull_secrets = ["registry"]
  }

  couchdb = {
    storage_size = "100Gi"
  }

  api = {
    log_level        = "warn"
    env              = { TZ = "Africa/Nairobi" }
    env_from_secrets = { SMTP_PASSWORD = { name = "smtp", key = "password" } }
    resources        = { requests = { cpu = "1", memory = "2Gi" }, limits = { memory = "4Gi" } }
    tolerations      = [{ key = "dedicated", value = "cht", effect = "NoSchedule" }]
  }

  haproxy = {
    resources = { limits = { memory = "1Gi" } }
  }

  ingress = {
    class  = "traefik"
    labels = { "example.org/exposure" = "intranet" }
    tls = {
      secret_name = "turkana-tls"
    }
  }
}
