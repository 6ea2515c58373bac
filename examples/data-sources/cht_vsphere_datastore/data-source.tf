data "cht_vsphere_datastore" "volumes" {
  name = "vsanDatastore"

  lifecycle {
    postcondition {
      condition     = self.accessible && self.shared != false
      error_message = "Volumes follow their pods to other hosts, so all hosts have to reach the datastore."
    }
  }
}

output "datastoreurl" {
  description = "The parameter of storage classes of the CSI driver."
  value       = data.cht_vsphere_datastore.volumes.url
}
