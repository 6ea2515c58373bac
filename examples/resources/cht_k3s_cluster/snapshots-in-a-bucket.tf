# Snapshots of etcd that outlive the hosts. The token belongs to them: without it, none can be restored.
variable "s3" {
  type      = object({ access_key = string, secret_key = string })
  sensitive = true
}

resource "cht_k3s_cluster" "backed_up" {
  version = "v1.36.3+k3s1"
  servers = {
    for number in [1, 2, 3] : "server-${number}" => { host = "10.50.0.1${number}" }
  }

  ssh = {
    user            = "ubuntu"
    agent           = true
    host_key_policy = "accept-new"
  }

  snapshots = {
    schedule  = "0 * * * *"
    retention = 48
    compress  = true
    s3 = {
      endpoint   = "minio.example:9000"
      bucket     = "k3s-snapshots"
      access_key = var.s3.access_key
      secret_key = var.s3.secret_key
    }
  }
}

output "server_token" {
  value     = cht_k3s_cluster.backed_up.server_token
  sensitive = true
}
