# A single server, with SQLite: the smallest cluster there is. With etcd instead, servers can be added later.
resource "cht_k3s_cluster" "small" {
  version = "v1.36.3+k3s1"
  servers = { server-1 = { host = "10.30.0.11" } }

  ssh = {
    user            = "ubuntu"
    agent           = true
    host_key_policy = "accept-new"
  }

  datastore = { type = "sqlite" }
}
