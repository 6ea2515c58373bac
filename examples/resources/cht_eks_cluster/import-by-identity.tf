import {
  to = cht_eks_cluster.this
  identity = {
    name = "moh"
  }
}
