# The only one there is.
data "cht_vsphere_datacenter" "this" {}

output "datacenter" {
  description = "What the cloud provider and the CSI driver of vSphere take."
  value       = data.cht_vsphere_datacenter.this.path
}
