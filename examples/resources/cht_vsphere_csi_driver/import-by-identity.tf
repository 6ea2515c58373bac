import {
  to = cht_vsphere_csi_driver.this
  identity = {
    name = "csi.vsphere.vmware.com"
  }
}
