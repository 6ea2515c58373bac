# Who looks after the cluster may do everything.
resource "cht_eks_access_entry" "operators" {
  cluster_name  = "moh"
  principal_arn = "arn:aws:iam::123456789012:role/operators"

  policies = {
    AmazonEKSClusterAdminPolicy = {}
  }
}

# Who looks after one county may read what is in its namespace, and what a role in Kubernetes gives to the group.
resource "cht_eks_access_entry" "siaya" {
  cluster_name      = "moh"
  principal_arn     = "arn:aws:iam::123456789012:role/siaya"
  kubernetes_groups = ["siaya"]

  policies = {
    AmazonEKSViewPolicy = { namespaces = ["cht-siaya"] }
  }

  tags = { county = "siaya" }
}
