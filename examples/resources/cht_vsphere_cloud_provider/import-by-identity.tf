import {
  to = cht_vsphere_cloud_provider.this
  identity = {
    name = "vsphere-cloud-controller-manager"
  }
}
