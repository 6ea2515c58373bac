# The namespace of the instance and the keys to manage, with dots between the levels.
tofu import cht_settings.kisumu cht-kisumu/app_url,token_login,oidc_provider,permissions.can_skip_password_change
