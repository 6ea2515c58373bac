import {
  to = cht_vsphere_csi_driver.this
  id = "csi.vsphere.vmware.com"
}
