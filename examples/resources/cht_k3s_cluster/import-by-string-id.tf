import {
  to = cht_k3s_cluster.this
  id = "ubuntu@10.20.0.11:22"
}
