# Volumes of vSphere that outlive their claims, and that claims get which name no class.
resource "cht_storage_class" "vsan" {
  name                = "vsan"
  storage_provisioner = "csi.vsphere.vmware.com"
  parameters = {
    storagepolicyname           = "vSAN Default Storage Policy"
    "csi.storage.k8s.io/fstype" = "ext4"
  }
  default = true
}

# Encrypted volumes of EBS that outlive their claims, also under the name that the charts of CHT ask for.
resource "cht_storage_class" "gp3" {
  for_each = toset(["cht-gp3", "ebs-gp2"])
  name     = each.key
  preset   = "eks-gp3"
}
