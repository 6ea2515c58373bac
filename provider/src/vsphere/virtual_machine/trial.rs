//! What the vCenter says to a planned machine, before anything is made or changed: names that do not exist or that
//! others have, a template that cannot be cloned, a disk that would have to shrink, a datastore that is full, hosts
//! that cannot run it.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use self::asked::Asked;
use super::super::diagnostics::explained;
use super::super::inventory::Found;
use super::super::machine::{Machine, PowerState};
use super::super::node_fitness;
use super::super::vcenter::VCenter;
use super::VirtualMachineResource;
use super::disks::Disks;
use super::model::VirtualMachineModel;
use super::placement::Placement;
use super::{privileges, tags};
use crate::provider::Clients;

mod asked;
mod hosts;
mod space;
mod taken;

const SUMMARY: &str = "Unable to check the virtual machine";
const MIB_OF_GIB: u64 = 1024;

/// Where the names of a configuration matter to a machine that is there already.
const PLACES: [&str; 6] = [
    VirtualMachineModel::DATACENTER,
    VirtualMachineModel::CLUSTER,
    VirtualMachineModel::RESOURCE_POOL,
    VirtualMachineModel::FOLDER,
    VirtualMachineModel::DATASTORE,
    VirtualMachineModel::NETWORK_INTERFACES,
];

/// Asks the vCenter about a machine that is about to be made or changed.
pub(super) async fn try_in_vcenter(
    cx: &Context<VirtualMachineResource>,
    plan: &Plan<'_, '_, VirtualMachineResource>,
) -> Result<(), Diagnostics> {
    if cx.clients().is_vcenter_unknown() || !plan.changed(Path::root()) {
        return Ok(());
    }
    let vcenter = Clients::vcenter(cx).await?;
    // One that is replaced is planned once more, as a new one.
    let planned = plan.planned_model().filter(|_| plan.requires_replace().is_empty());
    match (&plan.prior, planned) {
        (Some(prior), planned) => try_change(cx, &vcenter, plan, (prior, planned)).await,
        (None, Some(planned)) => try_new(cx, &vcenter, &planned).await,
        (None, None) => Ok(()),
    }
}

/// Asks about a machine that is about to be changed, or removed.
async fn try_change(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    plan: &Plan<'_, '_, VirtualMachineResource>,
    (prior, planned): (&VirtualMachineModel, Option<VirtualMachineModel>),
) -> Result<(), Diagnostics> {
    if let Some(wanted) = planned.as_ref().and_then(|planned| planned.tags.as_ref())
        && plan.changed(VirtualMachineModel::TAGS)
    {
        tags::check(vcenter, wanted).await?;
    }
    let asked = planned.as_ref().map(|planned| Asked::of_change(prior, planned));
    let asked = asked.unwrap_or_default();
    let grows = planned.as_ref().is_some_and(|planned| space::grows(prior, planned));
    let is_renamed = [VirtualMachineModel::NAME, VirtualMachineModel::FOLDER].map(|attribute| plan.changed(attribute));
    let is_renamed = is_renamed.contains(&true);
    let is_placed = is_renamed || PLACES.into_iter().any(|attribute| plan.changed(attribute));
    let placed = match planned.filter(|_| is_placed || grows || !asked.is_nothing()) {
        Some(planned) => {
            let placement = Placement::find(vcenter, &planned).await;
            Some(placement.map(|placement| (placement, planned)))
        }
        None => None,
    };
    let machine = prior.object().ok();
    if let Some(machine) = &machine {
        // What is not found is told after that.
        let found = placed.as_ref().and_then(|placed| placed.as_ref().ok());
        let target = found.map(|(placement, _)| asked.target(placement));
        privileges::warn_of_changes(cx, vcenter, plan, (machine, target.unwrap_or_default())).await?;
    }
    let Some((placement, planned)) = placed.transpose()? else {
        return Ok(());
    };
    if is_renamed {
        taken::warn_of_name(cx, vcenter, &placement, &planned).await?;
    }
    if plan.changed(VirtualMachineModel::NETWORK_INTERFACES) {
        taken::warn_of_addresses(cx, vcenter, &placement.datacenter, (Some(prior), &planned)).await?;
    }
    if let Some(machine) = machine.as_ref().filter(|_| grows) {
        space::check_change(cx, vcenter, machine, (&placement.datacenter, &planned)).await?;
    }
    hosts::check(cx, vcenter, (&placement, &planned), asked.of_machine(machine)).await
}

/// Asks about a machine that is about to be made.
async fn try_new(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    planned: &VirtualMachineModel,
) -> Result<(), Diagnostics> {
    let placement = Placement::find(vcenter, planned).await?;
    taken::warn_of_name(cx, vcenter, &placement, planned).await?;
    taken::warn_of_addresses(cx, vcenter, &placement.datacenter, (None, planned)).await?;
    let found = placement.template(vcenter, planned).await?;
    let template = vcenter.machine(&found.object).await.map_err(explained(SUMMARY))?;
    let mut diagnostics = Diagnostics::new();
    match &template {
        Some(template) => {
            check_template(planned, template, &mut diagnostics);
            warn_of_guest(cx, template);
            let cloned = (&template.object, template.is_template);
            privileges::warn_of_new(cx, vcenter, &placement, cloned).await?;
        }
        None => diagnostics.push(unusable(&found, "It is not there any more.")),
    }
    if let Some(wanted) = &planned.tags
        && let Err(refused) = tags::check(vcenter, wanted).await
    {
        diagnostics.append(refused);
    }
    space::check_new(cx, vcenter, &placement, (planned, template.as_ref())).await?;
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    hosts::check(cx, vcenter, (&placement, planned), Asked::of_new(planned)).await
}

fn check_template(planned: &VirtualMachineModel, template: &Machine, diagnostics: &mut Diagnostics) {
    let found = Found {
        object: template.object.clone(),
        name: template.name.clone(),
    };
    if !template.is_template && template.power != PowerState::Off {
        diagnostics.push(unusable(
            &found,
            "It is a machine that runs: shut it down, or make a template of it.",
        ));
    }
    match Disks::of(template).system {
        None => diagnostics.push(unusable(&found, "It has no disk.")),
        Some(disk) => {
            let gib = disk.mib.div_ceil(MIB_OF_GIB);
            if planned.system_disk_gib.is_some_and(|wanted| wanted < gib) {
                let detail = format!(
                    "The disk of the template {} has {gib} GiB, and disks can only grow.",
                    template.name
                );
                diagnostics
                    .push(Diagnostic::error("Disk cannot shrink", detail).at(VirtualMachineModel::SYSTEM_DISK_GIB));
            }
        }
    }
    if planned
        .hardware_version
        .is_some_and(|wanted| wanted < template.hardware_version)
    {
        let detail = format!(
            "The template {} has version {}, and there is no way back.",
            template.name, template.hardware_version
        );
        diagnostics.push(Diagnostic::error("Older virtual hardware", detail).at(VirtualMachineModel::HARDWARE_VERSION));
    }
}

/// Warns of a guest that k3s does not run in.
fn warn_of_guest(cx: &Context<VirtualMachineResource>, template: &Machine) {
    if let Some(problem) = node_fitness::of_guest_id(&template.guest_id) {
        let detail = format!(
            "It concerns what is cloned from the template {}. {problem}",
            template.name
        );
        cx.warn(Diagnostic::warning("Guest is no node of Kubernetes", detail).at(VirtualMachineModel::TEMPLATE));
    }
}

fn unusable(template: &Found, why: &str) -> Diagnostic {
    let detail = format!("{} cannot be cloned. {why}", template.name);
    Diagnostic::error("Unusable template", detail).at(VirtualMachineModel::TEMPLATE)
}

/// Gives warnings to the user, and answers errors.
fn tell(cx: &Context<VirtualMachineResource>, found: Vec<Diagnostic>) -> Result<(), Diagnostics> {
    let mut errors = Diagnostics::new();
    for one in found {
        match one.severity {
            Severity::Error => errors.push(one),
            Severity::Warning => cx.warn(one),
        }
    }
    errors.into_result(())
}
