# A cluster has one, so its id is always the same.
tofu import cht_vsphere_csi_driver.this csi.vsphere.vmware.com
