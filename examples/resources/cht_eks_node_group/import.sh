# The name of the cluster, a colon, and the name of the group.
tofu import cht_eks_node_group.workers moh:workers
