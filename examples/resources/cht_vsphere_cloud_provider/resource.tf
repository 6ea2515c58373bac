variable "vcenter_ca" {
  type = string
}

variable "vcenter_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "cht_vsphere_cloud_provider" "this" {
  vcenter = {
    server              = "vcenter.health.example"
    ca_certificate      = var.vcenter_ca
    user                = "cht-k8s@vsphere.local"
    password_wo         = var.vcenter_password
    password_wo_version = 1
    datacenters         = ["Nairobi"]
  }
}
