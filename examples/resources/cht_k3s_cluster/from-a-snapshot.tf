# A new cluster on new hosts that begins with a snapshot of the old one, out of a bucket. Later, another value of `restore_from` brings another
# snapshot back; without a change, nothing is restored again.
variable "s3_keys" {
  type      = object({ access_key = string, secret_key = string })
  sensitive = true
}

variable "old_token" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "cht_k3s_cluster" "again" {
  version = "v1.36.3+k3s1"
  servers = { server-1 = { host = "10.60.0.11" } }

  ssh = {
    user            = "ubuntu"
    agent           = true
    host_key_policy = "accept-new"
  }

  snapshots = {
    s3 = {
      endpoint   = "minio.example:9000"
      bucket     = "k3s-snapshots"
      access_key = var.s3_keys.access_key
      secret_key = var.s3_keys.secret_key
    }
  }

  restore_from = {
    snapshot = "etcd-snapshot-server-1-1763740800"
    token    = var.old_token
  }
}
