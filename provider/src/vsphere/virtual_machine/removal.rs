//! Takes a machine away, and nothing that belongs to somebody else.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::diagnostics::explained;
use super::super::machine::config::ConfigSpec;
use super::super::machine::{Machine, PowerState};
use super::super::reference::Reference;
use super::apart;
use super::disks::Disks;
use super::model::VirtualMachineModel;
use super::tasks::Tasks;

const SUMMARY: &str = "Unable to destroy the virtual machine";

/// Destroys a machine. Its files go with it, but those of disks that are taken off before.
pub(super) async fn remove(
    tasks: Tasks<'_>,
    state: &VirtualMachineModel,
    object: &Reference,
) -> Result<(), Diagnostics> {
    let machine = tasks.look(object).await?;
    let foreign: Vec<String> = Disks::of(&machine)
        .foreign
        .iter()
        .map(|disk| disk.file.clone())
        .collect();
    if !foreign.is_empty() && !state.detach_foreign_disks {
        return Err(refused(&machine, &foreign));
    }
    if machine.power != PowerState::Off {
        tasks.power_off(&machine, state.shutdown_limit()).await?;
    }
    // Looked at again: a pod's volume may have come or gone meanwhile.
    let machine = tasks.look(object).await?;
    take_off_disks(tasks, state, &machine).await?;
    let what = format!("{} to be destroyed", machine.name);
    tasks.run(&what, || tasks.vcenter.destroy(object)).await?;
    match tasks.vcenter.machine(object).await.map_err(explained(SUMMARY))? {
        None => apart::remove_empty_rule(tasks, state, &machine).await,
        Some(_) => {
            let detail = format!(
                "The vCenter says that {} is destroyed, and still has it. Apply again.",
                machine.name
            );
            Err(Diagnostics::error(SUMMARY, detail))
        }
    }
}

/// Takes off the disks whose files stay: those of others, and those that were asked to be kept.
async fn take_off_disks(tasks: Tasks<'_>, state: &VirtualMachineModel, machine: &Machine) -> Result<(), Diagnostics> {
    let disks = Disks::of(machine);
    let keeps = |name: &str| {
        let asked = state.data_disks.as_ref().and_then(|asked| asked.get(name));
        asked.is_none_or(|disk| disk.keep_on_destroy)
    };
    let kept: Vec<_> = disks
        .data
        .iter()
        .filter(|(name, _)| keeps(name))
        .map(|(_, disk)| *disk)
        .collect();
    let files: Vec<String> = kept.iter().map(|disk| disk.file.clone()).collect();
    warn_of_kept(tasks, machine, &files);
    let devices: Vec<_> = disks.foreign.iter().chain(&kept).map(|disk| disk.detached()).collect();
    if devices.is_empty() {
        return Ok(());
    }
    let spec = ConfigSpec {
        devices,
        ..ConfigSpec::default()
    };
    let what = format!("disks that stay to be taken off {}", machine.name);
    tasks
        .run(&what, || tasks.vcenter.reconfigure(&machine.object, &spec))
        .await
        .map(|_| ())
}

/// Tells of files that stay without the machine.
pub(super) fn warn_of_kept(tasks: Tasks<'_>, machine: &Machine, files: &[String]) {
    if files.is_empty() {
        return;
    }
    let detail = format!(
        "These files of {} stay on the datastore, as `keep_on_destroy` of their disks is `true`: {}.",
        machine.name,
        files.join(", ")
    );
    tasks
        .cx
        .warn(Diagnostic::warning("Disks are kept", detail).at(VirtualMachineModel::DATA_DISKS));
}

fn refused(machine: &Machine, foreign: &[String]) -> Diagnostics {
    let detail = format!(
        "Others have attached disks to {}, such as volumes of Kubernetes, and destroying a machine destroys its disks: {}.\n\nDrain the \
         node, so that its volumes are taken off. If nobody needs the machine with them any more, set `detach_foreign_disks = true` \
         and apply that first: then they are taken off and stay as they are.",
        machine.name,
        foreign.join(", ")
    );
    Diagnostic::error("Disks of others are attached", detail)
        .at(VirtualMachineModel::DETACH_FOREIGN_DISKS)
        .into()
}
