# The name of the role, or its id.
tofu import cht_vsphere_role.operator cht-operator
