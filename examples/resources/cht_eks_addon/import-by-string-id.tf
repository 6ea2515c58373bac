import {
  to = cht_eks_addon.ebs
  id = "moh:aws-ebs-csi-driver"
}
