variable "oidc_client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

# The secret that belongs to `oidc_provider` in the settings.
resource "cht_credential" "oidc" {
  instance = {
    namespace = "cht-kisumu"
  }
  key              = "oidc:client-secret"
  value_wo         = var.oidc_client_secret
  value_wo_version = 1
}
