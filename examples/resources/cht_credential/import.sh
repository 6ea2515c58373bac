# The namespace of the instance and the key; the value cannot be imported.
tofu import cht_credential.oidc cht-kisumu/oidc:client-secret
