import {
  to = cht_vsphere_cloud_provider.this
  id = "vsphere-cloud-controller-manager"
}
