# The inventory path of the machine, its instance UUID, or its id in the vCenter. The first apply fills in the rest and
# changes nothing that is as configured.
tofu import 'cht_vsphere_virtual_machine.node["server-1"]' /Nairobi/vm/server-1
