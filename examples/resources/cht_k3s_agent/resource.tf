# The servers have the cluster's data and its API.
resource "cht_k3s_cluster" "this" {
  version = "v1.36.3+k3s1"

  servers = {
    server-1 = { host = "10.20.0.11" }
  }
}

# The agents run the pods. They join at the same time, and are upgraded after the servers, one after another.
resource "cht_k3s_agent" "worker" {
  for_each = {
    worker-1 = "10.20.0.21"
    worker-2 = "10.20.0.22"
  }

  cluster = cht_k3s_cluster.this.join
  name    = each.key
  host    = each.value

  ssh = {
    user  = "ubuntu"
    agent = true
  }
}

# One that keeps its place for databases, on a host without a way to the internet.
resource "cht_k3s_agent" "data" {
  cluster = cht_k3s_cluster.this.join
  name    = "data-1"
  host    = "10.20.0.31"

  labels = {
    "health.example/disk" = "ssd"
  }
  taints = [
    { key = "health.example/data", value = "couchdb", effect = "NoSchedule" },
  ]

  binary = {
    url = "https://mirror.health.example/k3s"
  }
  registries = {
    mirrors = {
      "*" = { endpoints = ["https://mirror.health.example"] }
    }
  }

  # Databases take their time to end.
  drain = {
    timeout = "15m"
  }
}
