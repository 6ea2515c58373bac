variable "vcenter_ca" {
  type = string
}

variable "vcenter_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "cht_vsphere_csi_driver" "this" {
  vcenter = {
    server              = "vcenter.health.example"
    ca_certificate      = var.vcenter_ca
    user                = "cht-csi@vsphere.local"
    password_wo         = var.vcenter_password
    password_wo_version = 1
    datacenters         = ["Nairobi"]
  }
  cluster_distribution = "k3s"
  snapshots            = {}
}

# The class is made when there is something that can make its volumes.
resource "cht_storage_class" "vsan" {
  kubernetes          = cht_vsphere_csi_driver.this.kubernetes
  name                = "vsan"
  storage_provisioner = "csi.vsphere.vmware.com"
  parameters = {
    storagepolicyname = "vSAN Default Storage Policy"
  }
  default = true
}
