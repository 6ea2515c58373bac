# The data of an earlier instance, on a volume that was made from a snapshot. It only works with that instance's credentials.
variable "restored" {
  description = "Credentials of the instance from which the data is."
  sensitive   = true
  type = object({
    admin_password = string
    secret         = string
    uuid           = string
  })
}

resource "cht_instance" "restored" {
  namespace   = "cht-restored"
  cht_version = "5.3.1"
  host        = "restored.health.example"

  kubernetes = {
    config_path = "~/.kube/config"
  }

  couchdb = {
    storage_size   = "100Gi"
    existing_data  = true
    data_path      = "data"
    admin_password = var.restored.admin_password
    secret         = var.restored.secret
    uuid           = var.restored.uuid

    nodes = [
      {
        storage = {
          ebs_volume_id = "vol-0a1b2c3d4e5f60718"
          zone          = "eu-west-2a"
        }
      },
    ]
  }
}
