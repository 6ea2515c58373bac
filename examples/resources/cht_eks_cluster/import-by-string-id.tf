import {
  to = cht_eks_cluster.this
  id = "moh"
}
