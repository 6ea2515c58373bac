import {
  to = cht_vsphere_virtual_machine.node["server-1"]
  id = "/Nairobi/vm/server-1"
}
