import {
  to = cht_credential.oidc
  id = "cht-kisumu/oidc:client-secret"
}
