import {
  to = cht_eks_access_entry.operators
  identity = {
    cluster_name  = "moh"
    principal_arn = "arn:aws:iam::123456789012:role/operators"
  }
}
