import {
  to = cht_vsphere_role.operator
  id = "cht-operator"
}
