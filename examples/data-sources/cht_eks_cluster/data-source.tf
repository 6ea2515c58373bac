data "cht_eks_cluster" "moh" {
  name = "moh"
}

# What lives in a cluster that exists already.
resource "cht_instance" "moh" {
  kubernetes  = data.cht_eks_cluster.moh.kubernetes
  namespace   = "moh"
  cht_version = "5.3.1"
  host        = "moh.health.example"

  couchdb = {
    storage_class = "gp3"
    storage_size  = "100Gi"
  }
}
