import {
  to = cht_eks_node_group.workers
  identity = {
    cluster_name    = "moh"
    node_group_name = "workers"
  }
}
