//! Which privileges a purpose needs.
//!
//! Those of the CSI driver are its
//! [documentation's](https://docs.vmware.com/en/VMware-vSphere-Container-Storage-Plug-in/index.html), by their ids;
//! those of `provisioner` follow from the methods that this provider calls.

use std::collections::BTreeSet;

/// The names.
pub(super) const PRESETS: [&str; 6] = [
    "cns-vm",
    "cns-datastore",
    "cns-search-and-spbm",
    "cns-host-config-storage",
    "read-only",
    "provisioner",
];

/// What it takes to clone a template, to change, start, stop and move what was cloned, and to destroy it; and to see
/// the storage policies that a class may name. The one for tags counts where the role is a global permission.
const PROVISIONER: [&str; 32] = [
    "Datastore.AllocateSpace",
    "Folder.Create",
    "Host.Inventory.EditCluster",
    "InventoryService.Tagging.AttachTag",
    "Network.Assign",
    "Resource.AssignVMToPool",
    "Resource.ColdMigrate",
    "Resource.CreatePool",
    "Resource.HotMigrate",
    "StorageProfile.View",
    "VApp.Import",
    "VirtualMachine.Config.AddNewDisk",
    "VirtualMachine.Config.AddRemoveDevice",
    "VirtualMachine.Config.AdvancedConfig",
    "VirtualMachine.Config.Annotation",
    "VirtualMachine.Config.CPUCount",
    "VirtualMachine.Config.DiskExtend",
    "VirtualMachine.Config.EditDevice",
    "VirtualMachine.Config.Memory",
    "VirtualMachine.Config.RemoveDisk",
    "VirtualMachine.Config.Rename",
    "VirtualMachine.Config.Resource",
    "VirtualMachine.Config.Settings",
    "VirtualMachine.Config.UpgradeVirtualHardware",
    "VirtualMachine.Interact.PowerOff",
    "VirtualMachine.Interact.PowerOn",
    "VirtualMachine.Inventory.CreateFromExisting",
    "VirtualMachine.Inventory.Delete",
    "VirtualMachine.Inventory.Move",
    "VirtualMachine.Provisioning.Clone",
    "VirtualMachine.Provisioning.DeployTemplate",
    "VirtualMachine.Provisioning.MarkAsTemplate",
];

/// The privileges of a preset, without those that each role has. One that is not known has none.
pub(in crate::vsphere) fn privileges(preset: &str) -> BTreeSet<String> {
    let ids: &[&str] = match preset {
        "cns-vm" => &[
            "VirtualMachine.Config.AddExistingDisk",
            "VirtualMachine.Config.AddRemoveDevice",
        ],
        "cns-datastore" => &["Datastore.FileManagement"],
        "cns-search-and-spbm" => &["Cns.Searchable", "StorageProfile.View"],
        "cns-host-config-storage" => &["Host.Config.Storage"],
        "provisioner" => &PROVISIONER,
        _ => &[],
    };
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_but_read_only_has_privileges() {
        for preset in PRESETS {
            assert_eq!(privileges(preset).is_empty(), preset == "read-only", "{preset}");
        }
    }

    #[test]
    fn provisioner_sees_the_storage_policies_that_a_class_may_name() {
        assert!(privileges("provisioner").contains("StorageProfile.View"));
    }

    #[test]
    fn provisioner_cannot_give_itself_more() {
        let gives_more = |id: &String| id.starts_with("Authorization.");
        assert!(!privileges("provisioner").iter().any(gives_more));
    }
}
