import {
  to = cht_vsphere_permission.machines
  identity = {
    entity_type = "folder"
    entity_id   = "group-v3"
    principal   = "VSPHERE.LOCAL\\cns"
    group       = false
  }
}
