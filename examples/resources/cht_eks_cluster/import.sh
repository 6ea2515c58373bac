# The name of the cluster.
tofu import cht_eks_cluster.this moh
