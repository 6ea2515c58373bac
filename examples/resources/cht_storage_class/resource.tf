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
