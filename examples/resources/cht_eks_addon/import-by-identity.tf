import {
  to = cht_eks_addon.ebs
  identity = {
    cluster_name = "moh"
    addon_name   = "aws-ebs-csi-driver"
  }
}
