import {
  to = cht_vsphere_role.operator
  identity = {
    id = "1042"
  }
}
