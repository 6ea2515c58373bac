//! What the user of the provider has to be allowed for a planned machine, and what of that is not granted.
//!
//! It is asked by one call for all machines in the same place. What is missing is a warning: whoever plans need not be
//! who applies, and may only be allowed to look.

use std::collections::{BTreeSet, HashMap};

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::Plan;

use super::super::diagnostics::explained;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::VirtualMachineResource;
use super::model::VirtualMachineModel;
use super::placement::Placement;

const SUMMARY: &str = "Unable to ask for privileges";

const CLONE_TEMPLATE: &str = "VirtualMachine.Provisioning.DeployTemplate";
const CLONE_MACHINE: &str = "VirtualMachine.Provisioning.Clone";
const CREATE: &str = "VirtualMachine.Inventory.CreateFromExisting";
const ASSIGN_TO_POOL: &str = "Resource.AssignVMToPool";
const ALLOCATE: &str = "Datastore.AllocateSpace";
const ASSIGN_NETWORK: &str = "Network.Assign";
const DELETE: &str = "VirtualMachine.Inventory.Delete";
const POWER_OFF: &str = "VirtualMachine.Interact.PowerOff";
const POWER_ON: &str = "VirtualMachine.Interact.PowerOn";

/// What is done to each new machine, which has its permissions from its folder and its pool.
const NEW_MACHINE: [&str; 8] = [
    "VirtualMachine.Config.AddRemoveDevice",
    "VirtualMachine.Config.AdvancedConfig",
    "VirtualMachine.Config.CPUCount",
    "VirtualMachine.Config.EditDevice",
    "VirtualMachine.Config.Memory",
    "VirtualMachine.Config.Settings",
    "VirtualMachine.Config.UpgradeVirtualHardware",
    POWER_ON,
];

/// What a change of an attribute needs on the machine.
const CHANGES: [(&str, &[&str]); 15] = [
    (VirtualMachineModel::POWER_STATE, &[POWER_ON]),
    (VirtualMachineModel::POWER_CYCLE_REASONS, &[POWER_OFF, POWER_ON]),
    (VirtualMachineModel::NAME, &["VirtualMachine.Config.Rename"]),
    (VirtualMachineModel::CPUS, &["VirtualMachine.Config.CPUCount"]),
    (
        VirtualMachineModel::CORES_PER_SOCKET,
        &["VirtualMachine.Config.CPUCount"],
    ),
    (VirtualMachineModel::MEMORY_MIB, &["VirtualMachine.Config.Memory"]),
    (
        VirtualMachineModel::MEMORY_RESERVATION_MIB,
        &["VirtualMachine.Config.Resource"],
    ),
    (
        VirtualMachineModel::SYSTEM_DISK_GIB,
        &["VirtualMachine.Config.DiskExtend"],
    ),
    (
        VirtualMachineModel::DATA_DISKS,
        &["VirtualMachine.Config.AddNewDisk", "VirtualMachine.Config.RemoveDisk"],
    ),
    (
        VirtualMachineModel::NETWORK_INTERFACES,
        &[
            "VirtualMachine.Config.AddRemoveDevice",
            "VirtualMachine.Config.EditDevice",
        ],
    ),
    (
        VirtualMachineModel::HARDWARE_VERSION,
        &["VirtualMachine.Config.UpgradeVirtualHardware"],
    ),
    (
        VirtualMachineModel::EXTRA_CONFIG,
        &["VirtualMachine.Config.AdvancedConfig"],
    ),
    (VirtualMachineModel::ANNOTATION, &["VirtualMachine.Config.Annotation"]),
    (VirtualMachineModel::FOLDER, &["VirtualMachine.Inventory.Move"]),
    (
        VirtualMachineModel::RESOURCE_POOL,
        &["Resource.ColdMigrate", "Resource.HotMigrate"],
    ),
];

/// A privilege that is needed on one of some objects.
#[derive(Debug, PartialEq, Eq)]
struct Need<'a> {
    privilege: &'static str,
    on: Vec<&'a Reference>,
}

/// What a machine gets by a change that it has not now.
#[derive(Debug, Default)]
pub(super) struct Target<'a> {
    /// The resource pool that it moves to.
    pub(super) pool: Option<&'a Reference>,
    /// The networks that its cards are connected to.
    pub(super) networks: BTreeSet<&'a Reference>,
}

/// Warns of what is not granted of all that a new machine needs where it is made.
pub(super) async fn warn_of_new(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    placement: &Placement,
    (template, is_template): (&Reference, bool),
) -> Result<(), Diagnostics> {
    let mut needs = vec![
        need(if is_template { CLONE_TEMPLATE } else { CLONE_MACHINE }, template),
        need(CREATE, &placement.folder),
        need(ASSIGN_TO_POOL, &placement.pool),
    ];
    needs.extend(
        placement
            .datastore
            .iter()
            .map(|datastore| need(ALLOCATE, &datastore.object)),
    );
    needs.extend(
        placement
            .network_objects
            .iter()
            .map(|network| need(ASSIGN_NETWORK, network)),
    );
    needs.extend(NEW_MACHINE.map(|privilege| Need {
        privilege,
        on: vec![&placement.folder, &placement.pool],
    }));
    warn(cx, vcenter, &needs).await
}

/// Warns of what is not granted of all that a planned change, or its end, needs on the machine and where it gets.
pub(super) async fn warn_of_changes(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    plan: &Plan<'_, '_, VirtualMachineResource>,
    (machine, target): (&Reference, Target<'_>),
) -> Result<(), Diagnostics> {
    let is_removed = plan.action() == Action::Delete || !plan.requires_replace().is_empty();
    let changed = CHANGES
        .iter()
        .filter(|(attribute, _)| !is_removed && plan.changed(*attribute));
    let mut privileges: BTreeSet<&str> = changed.flat_map(|(_, privileges)| privileges.iter().copied()).collect();
    if is_removed {
        privileges.extend([DELETE, POWER_OFF]);
    }
    let on_machine = privileges.into_iter().map(|privilege| need(privilege, machine));
    let needs: Vec<Need<'_>> = on_machine.chain(target.needs()).collect();
    warn(cx, vcenter, &needs).await
}

impl<'a> Target<'a> {
    /// What is needed on what the machine gets.
    fn needs(&self) -> impl Iterator<Item = Need<'a>> {
        let pool = self.pool.map(|pool| need(ASSIGN_TO_POOL, pool));
        let networks = self.networks.iter().map(|network| need(ASSIGN_NETWORK, network));
        pool.into_iter().chain(networks)
    }
}

fn need<'a>(privilege: &'static str, object: &'a Reference) -> Need<'a> {
    Need {
        privilege,
        on: vec![object],
    }
}

async fn warn(cx: &Context<VirtualMachineResource>, vcenter: &VCenter, needs: &[Need<'_>]) -> Result<(), Diagnostics> {
    let mut objects: Vec<Reference> = needs.iter().flat_map(|need| need.on.iter().copied().cloned()).collect();
    objects.sort();
    objects.dedup();
    let granted = match vcenter.granted(&objects, &asked()).await {
        Ok(granted) => granted,
        Err(error) if error.is_interrupted() => return Err(explained(SUMMARY)(error)),
        Err(error) => {
            tracing::info!(%error, "the vCenter does not tell what the user may do");
            return Ok(());
        }
    };
    let mut lacking = Vec::new();
    for need in needs.iter().filter(|need| is_lacking(need, &granted)) {
        let mut places = Vec::new();
        for object in &need.on {
            places.push(vcenter.path(object).await.unwrap_or_else(|_| object.to_string()));
        }
        lacking.push(format!("`{}` on {}", need.privilege, places.join(" or ")));
    }
    if !lacking.is_empty() {
        let detail = format!(
            "The user of the provider block may not do all that this takes: {}.\n\nThe apply fails there, if it is done by the same user. \
             Let an administrator of the vCenter give it a role with these privileges: `cht_vsphere_role` with \
             `preset = \"provisioner\"` has them.",
            lacking.join(", ")
        );
        cx.warn(Diagnostic::warning("Missing privileges", detail));
    }
    Ok(())
}

/// Whether a privilege is granted on none of the objects that it is needed on one of. An object that the vCenter says
/// nothing of counts as if it was.
fn is_lacking(need: &Need<'_>, granted: &HashMap<Reference, BTreeSet<String>>) -> bool {
    let has = |object: &&Reference| {
        granted
            .get(object)
            .is_none_or(|granted| granted.contains(need.privilege))
    };
    !need.on.iter().any(has)
}

/// All privileges that are ever asked about.
fn asked() -> BTreeSet<&'static str> {
    let places = [
        CLONE_TEMPLATE,
        CLONE_MACHINE,
        CREATE,
        ASSIGN_TO_POOL,
        ALLOCATE,
        ASSIGN_NETWORK,
        DELETE,
        POWER_OFF,
    ];
    let changes = CHANGES.iter().flat_map(|(_, privileges)| privileges.iter().copied());
    places.into_iter().chain(NEW_MACHINE).chain(changes).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::role::presets;
    use super::*;

    #[test]
    fn the_preset_of_the_provider_has_all_that_is_asked_for() {
        let preset = presets::privileges("provisioner");
        let missing: Vec<_> = asked().into_iter().filter(|id| !preset.contains(*id)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn what_a_machine_gets_has_to_be_free_for_it() {
        let (pool, network) = (Reference::new("ResourcePool", "p"), Reference::new("Network", "n"));
        let target = Target {
            pool: Some(&pool),
            networks: [&network].into(),
        };
        let needs: Vec<_> = target.needs().collect();
        assert_eq!(needs, [need(ASSIGN_TO_POOL, &pool), need(ASSIGN_NETWORK, &network)]);
        assert_eq!(Target::default().needs().count(), 0);
    }

    #[test]
    fn a_privilege_may_come_from_the_folder_or_from_the_pool() {
        let (folder, pool) = (Reference::new("Folder", "f"), Reference::new("ResourcePool", "p"));
        let power_on = Need {
            privilege: "VirtualMachine.Interact.PowerOn",
            on: vec![&folder, &pool],
        };
        let of = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let nothing = HashMap::from([(folder.clone(), of(&[])), (pool.clone(), of(&[CREATE]))]);
        assert!(is_lacking(&power_on, &nothing));
        let by_pool = HashMap::from([(folder.clone(), of(&[])), (pool.clone(), of(&[power_on.privilege]))]);
        assert!(!is_lacking(&power_on, &by_pool));
        assert!(
            !is_lacking(&power_on, &HashMap::new()),
            "the vCenter says nothing of them"
        );
    }
}
