import {
  to = cht_credential.oidc
  identity = {
    instance = "cht-kisumu"
    key      = "oidc:client-secret"
  }
}
