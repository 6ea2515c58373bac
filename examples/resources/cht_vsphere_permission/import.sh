# The type of the object, its inventory path or id, and the user or group.
tofu import cht_vsphere_permission.machines 'folder:/Nairobi/vm/cht:cns@vsphere.local'
