import {
  to = cht_eks_node_group.workers
  id = "moh:workers"
}
