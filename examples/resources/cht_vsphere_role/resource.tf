# The roles of the user of the vSphere CSI driver.
resource "cht_vsphere_role" "cns" {
  for_each = toset(["cns-vm", "cns-datastore", "cns-search-and-spbm", "read-only"])
  name     = "cht-${each.key}"
  preset   = each.key
}

# A role with privileges of your own choice.
resource "cht_vsphere_role" "operator" {
  name = "cht-operator"
  privileges = [
    "VirtualMachine.Interact.ConsoleInteract",
    "VirtualMachine.Interact.PowerOff",
    "VirtualMachine.Interact.PowerOn",
  ]
}
