# The name of the cluster, a colon, and the name of the add-on.
tofu import cht_eks_addon.ebs moh:aws-ebs-csi-driver
