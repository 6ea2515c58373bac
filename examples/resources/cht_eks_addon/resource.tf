# Volumes of EBS. The role that the driver needs is made with it.
resource "cht_eks_addon" "ebs" {
  cluster_name = "moh"
  addon_name   = "aws-ebs-csi-driver"
}

# The version that EKS recommends for the version of the cluster, whenever that changes.
resource "cht_eks_addon" "proxy" {
  cluster_name  = "moh"
  addon_name    = "kube-proxy"
  addon_version = "default"
}

# Two copies on the nodes of one group.
resource "cht_eks_addon" "dns" {
  cluster_name  = "moh"
  addon_name    = "coredns"
  addon_version = "v1.12.4-eksbuild.1"
  configuration_values = jsonencode({
    replicaCount = 2
    nodeSelector = { "example.org/tier" = "system" }
  })
  tags = { owner = "moh" }
}
