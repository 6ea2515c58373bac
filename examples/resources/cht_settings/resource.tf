# Only these keys are managed; what cht-conf and others write beside them stays as it is.
resource "cht_settings" "kisumu" {
  instance = {
    namespace = "cht-kisumu"
  }
  settings = jsonencode({
    app_url = "https://kisumu.health.example"
    token_login = {
      enabled = true
    }
    oidc_provider = {
      discovery_url = "https://login.health.example/.well-known/openid-configuration"
      client_id     = "cht-kisumu"
    }
    permissions = {
      can_skip_password_change = ["program_officer"]
    }
  })
}
