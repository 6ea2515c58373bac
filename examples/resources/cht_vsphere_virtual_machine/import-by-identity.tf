import {
  to = cht_vsphere_virtual_machine.node["server-1"]
  identity = {
    instance_uuid = "5015c1b2-94e6-11f0-8de9-0242ac120002"
  }
}
