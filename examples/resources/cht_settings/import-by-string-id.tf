import {
  to = cht_settings.kisumu
  id = "cht-kisumu/app_url,token_login,oidc_provider,permissions.can_skip_password_change"
}
