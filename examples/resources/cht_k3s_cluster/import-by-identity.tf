import {
  to = cht_k3s_cluster.this
  identity = {
    id     = "4be1c0c3a7d94f52"
    server = "ubuntu@10.20.0.11:22"
  }
}
