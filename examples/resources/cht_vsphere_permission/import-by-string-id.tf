import {
  to = cht_vsphere_permission.machines
  id = "folder:/Nairobi/vm/cht:cns@vsphere.local"
}
