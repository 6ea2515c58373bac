//! Rules for configurations and plans of machines, and what a plan shows.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::custom_types::Text;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::VirtualMachineResource;
use super::address::InterfaceAddress;
use super::cards;
use super::metadata;
use super::model::{
    CloudInit, DataDisk, NetworkInterface, NetworkInterfaceDraft, VirtualMachineModel, VirtualMachineModelDraft,
};
use super::rules;
use super::shape::Shape;
use super::steps::refused_power_cycle;

/// What a machine has from its creation on.
const MADE_WITH: [&str; 4] = [
    VirtualMachineModel::DATACENTER,
    VirtualMachineModel::CLUSTER,
    VirtualMachineModel::DATASTORE,
    VirtualMachineModel::TEMPLATE,
];

/// Checks what concerns more than one attribute of a configuration.
pub(super) fn validate(config: &VirtualMachineModelDraft, diagnostics: &mut Diagnostics) {
    if let (Attr::Known(name), Attr::Null) = (&config.name, &config.hostname)
        && !rules::is_host_name(name)
    {
        let detail =
            "The guest cannot have this name: give one with lower-case letters, digits and dashes only in `hostname`.";
        diagnostics.push(Diagnostic::error("Invalid name of a guest", detail).at(VirtualMachineModel::NAME));
    }
    if let (Attr::Known(cpus), Attr::Known(cores)) = (&config.cpus, &config.cores_per_socket)
        && cpus % cores != 0
    {
        let detail = format!("{cpus} CPUs cannot be divided into sockets of {cores} cores.");
        diagnostics
            .push(Diagnostic::error("Invalid number of cores", detail).at(VirtualMachineModel::CORES_PER_SOCKET));
    }
    if let (Attr::Known(reserved), Attr::Known(memory)) = (&config.memory_reservation_mib, &config.memory_mib)
        && reserved > memory
    {
        let detail = format!("It is more than the {memory} MiB that the machine has.");
        let diagnostic = Diagnostic::error("Invalid reservation of memory", detail);
        diagnostics.push(diagnostic.at(VirtualMachineModel::MEMORY_RESERVATION_MIB));
    }
    if let Attr::Known(told) = &config.cloud_init
        && let Attr::Known(user_data) = &told.user_data
        && metadata::is_too_long(user_data.expose_secret())
    {
        let detail = "VMware Tools hand on at most 64 KiB, which are 48 KiB before they are encoded. Let the user data fetch \
                      what is longer.";
        let path = Path::new(VirtualMachineModel::CLOUD_INIT).attribute(CloudInit::USER_DATA);
        diagnostics.push(Diagnostic::error("User data is too long", detail).at(path));
    }
    if let Attr::Known(cards) = &config.network_interfaces {
        for (index, card) in cards.iter().enumerate() {
            let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES).index(index);
            if let Attr::Known(card) = card {
                check_gateway(card, &path, diagnostics);
            }
        }
        check_addresses(cards, diagnostics);
    }
}

/// Whether the guest can reach its gateway.
fn check_gateway(card: &NetworkInterfaceDraft, path: &Path, diagnostics: &mut Diagnostics) {
    let (Attr::Known(gateway), Attr::Known(addresses)) = (&card.gateway, &card.addresses) else {
        return;
    };
    let reaches = |address: &Attr<Text<InterfaceAddress>>| {
        // One that is not known yet may.
        address
            .known()
            .is_none_or(|address| address.network.contains(**gateway))
    };
    if !addresses.iter().any(reaches) {
        let detail = format!(
            "{} is in no network of the card's addresses, so the guest could not reach it.",
            **gateway
        );
        let path = path.clone().attribute(NetworkInterface::GATEWAY);
        diagnostics.push(Diagnostic::error("Gateway out of reach", detail).at(path));
    }
}

/// Whether no address is given twice.
fn check_addresses(cards: &[Attr<NetworkInterfaceDraft>], diagnostics: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for (index, card) in cards.iter().enumerate() {
        let addresses = card.known().and_then(|card| card.addresses.known());
        for (number, address) in addresses.into_iter().flatten().enumerate() {
            let Some(address) = address.known() else { continue };
            if !seen.insert(address.address) {
                let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES).index(index);
                let path = path.attribute(NetworkInterface::ADDRESSES).index(number);
                let detail = format!("{} is given twice.", address.address);
                diagnostics.push(Diagnostic::error("Address given twice", detail).at(path));
            }
        }
    }
}

/// Refuses what no machine can become and what would lose data, and says what is replaced.
pub(super) fn check(
    cx: &Context<VirtualMachineResource>,
    plan: &mut Plan<'_, '_, VirtualMachineResource>,
) -> Result<(), Diagnostics> {
    let Some(prior) = plan.prior.clone() else { return Ok(()) };
    // An import does not tell where the machine came from, nor what its guest was told.
    if !prior.is_imported() {
        for attribute in MADE_WITH {
            if plan.changed(attribute) {
                plan.require_replace(attribute);
            }
        }
        replace_for_guest_name(plan, cx.private()?.guest_name.as_deref());
        replace_for_cloud_init(plan);
    }
    let is_removed = plan.action() == Action::Delete || !plan.requires_replace().is_empty();
    if is_removed && prior.deletion_protection {
        return Err(protected(plan, &prior));
    }
    let Some(planned) = plan.planned() else { return Ok(()) };
    let mut diagnostics = Diagnostics::new();
    if let (Attr::Known(wanted), Some(is)) = (&planned.system_disk_gib, prior.system_disk_gib)
        && *wanted < is
    {
        diagnostics.push(shrinks(is, *wanted).at(VirtualMachineModel::SYSTEM_DISK_GIB));
    }
    for (name, disk) in planned.data_disks.known().into_iter().flatten() {
        let is = prior.data_disks.as_ref().and_then(|disks| disks.get(name));
        let wanted = disk.known().and_then(|disk| disk.size_gib.known());
        if let (Some(is), Some(wanted)) = (is, wanted)
            && *wanted < is.size_gib
        {
            let path = Path::new(VirtualMachineModel::DATA_DISKS)
                .key(name)
                .attribute(DataDisk::SIZE_GIB);
            diagnostics.push(shrinks(is.size_gib, *wanted).at(path));
        }
    }
    if let (Attr::Known(wanted), Some(is)) = (planned.hardware_version, prior.hardware_version)
        && wanted < is
        && !is_removed
    {
        let detail = format!("The machine has version {is}, and there is no way back.");
        diagnostics.push(Diagnostic::error("Older virtual hardware", detail).at(VirtualMachineModel::HARDWARE_VERSION));
    }
    if is_removed || diagnostics.is_empty() {
        return Ok(());
    }
    Err(diagnostics)
}

/// Makes the plan show what applying it will bring.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, VirtualMachineResource>) -> Result<(), Diagnostics> {
    let is_off = plan.prior.as_ref().is_some_and(|prior| !prior.is_on());
    if plan.action() == Action::Delete {
        return Ok(());
    }
    if plan.prior.is_none() || is_off {
        plan.set(VirtualMachineModel::POWER_STATE, &"on".to_owned());
    }
    if (plan.prior.is_none() || plan.changed(VirtualMachineModel::NETWORK_INTERFACES))
        && let Some(address) = plan.planned_model().and_then(|planned| planned.first_address())
    {
        plan.set(VirtualMachineModel::DEFAULT_IP_ADDRESS, &address.to_string());
    }
    if plan.prior.is_none() {
        plan.set(VirtualMachineModel::POWER_CYCLE_REASONS, &Vec::<String>::new());
        plan.set(VirtualMachineModel::UNMANAGED_DISKS, &Vec::<String>::new());
    }
    if plan.action() != Action::Update || !plan.requires_replace().is_empty() {
        return Ok(());
    }
    let (Some(prior), Some(planned)) = (plan.prior.clone(), plan.planned_model()) else {
        plan.set_unknown(VirtualMachineModel::POWER_CYCLE_REASONS);
        return Ok(());
    };
    let mut reasons = Vec::new();
    if prior.is_on() || prior.is_suspended() {
        reasons = Shape::of_model(&prior).reasons_to_power_off(&Shape::of_model(&planned));
        reasons.extend(cards::reason_to_restart(&prior, &planned));
    }
    if !reasons.is_empty() && !planned.allow_power_cycle {
        return Err(refused_power_cycle(&reasons));
    }
    // A guest that starts gets its addresses anew.
    if is_off || !reasons.is_empty() {
        plan.set_unknown(VirtualMachineModel::IP_ADDRESSES);
        if planned.first_address().is_none() {
            plan.set_unknown(VirtualMachineModel::DEFAULT_IP_ADDRESS);
        }
    }
    plan.set(VirtualMachineModel::POWER_CYCLE_REASONS, &reasons);
    Ok(())
}

/// Warns of what the changed attributes do not say.
pub(super) fn warn(cx: &Context<VirtualMachineResource>, plan: &Plan<'_, '_, VirtualMachineResource>) {
    let reasons = plan
        .planned_model()
        .and_then(|planned| planned.power_cycle_reasons.known().cloned());
    let is_update = plan.action() == Action::Update && plan.requires_replace().is_empty();
    if let (Some(reasons), Some(prior)) = (reasons.filter(|reasons| is_update && !reasons.is_empty()), &plan.prior)
        && plan.changed(VirtualMachineModel::POWER_CYCLE_REASONS)
    {
        let detail = format!(
            "{} is shut down and powered on again, as {}.",
            prior.name,
            reasons.join(", and as ")
        );
        cx.warn(
            Diagnostic::warning("Virtual machine is shut down", detail).at(VirtualMachineModel::POWER_CYCLE_REASONS),
        );
    }
}

/// A guest has its name for good, as its node in Kubernetes does.
fn replace_for_guest_name(plan: &mut Plan<'_, '_, VirtualMachineResource>, has: Option<&str>) {
    let Some(planned) = plan.planned() else { return };
    let (attribute, name) = match (&planned.hostname, &planned.name) {
        (Attr::Known(name), _) => (VirtualMachineModel::HOSTNAME, name),
        (Attr::Null, Attr::Known(name)) => (VirtualMachineModel::NAME, name),
        _ => return,
    };
    if has.is_some_and(|has| has != name) {
        plan.require_replace(attribute);
    }
}

/// What cloud-init is told counts at the first start, so a change needs a new machine, unless it was said otherwise.
fn replace_for_cloud_init(plan: &mut Plan<'_, '_, VirtualMachineResource>) {
    let Some(planned) = plan.planned() else { return };
    let on_change = match &planned.cloud_init {
        Attr::Known(told) => told.on_change.known().cloned(),
        Attr::Null | Attr::Unknown => None,
    };
    if on_change.as_deref() == Some("ignore") {
        return;
    }
    let path = Path::new(VirtualMachineModel::CLOUD_INIT);
    for attribute in [CloudInit::USER_DATA, CloudInit::SSH_AUTHORIZED_KEYS] {
        let path = path.clone().attribute(attribute);
        if plan.changed(path.clone()) {
            plan.require_replace(path);
        }
    }
}

fn protected(plan: &Plan<'_, '_, VirtualMachineResource>, prior: &VirtualMachineModel) -> Diagnostics {
    let replaced = plan.requires_replace();
    let what = match replaced.as_slice() {
        [] => "destroyed".to_owned(),
        paths => {
            let names: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
            format!(
                "replaced, as {} can only be changed with a new machine",
                names.join(", ")
            )
        }
    };
    let detail = format!(
        "{} would be {what}. What is on its disks is lost with it.\n\nIf that is meant, set `deletion_protection = false`, apply, and try \
         again.",
        prior.name
    );
    Diagnostic::error("Virtual machine is protected", detail)
        .at(VirtualMachineModel::DELETION_PROTECTION)
        .into()
}

fn shrinks(is: u64, wanted: u64) -> Diagnostic {
    let detail = format!("The disk has {is} GiB, and {wanted} GiB are asked for: disks can only grow.");
    Diagnostic::error("Disk cannot shrink", detail)
}

impl VirtualMachineModel {
    /// Whether it was on when it was last looked at.
    fn is_on(&self) -> bool {
        self.power_state.known().is_none_or(|state| state == "on")
    }

    /// Whether it was suspended then. It goes on before anything else is done to it.
    fn is_suspended(&self) -> bool {
        self.power_state.known().is_some_and(|state| state == "suspended")
    }

    /// Whether the state comes from an import, which knows the machine and not its configuration.
    pub(super) fn is_imported(&self) -> bool {
        self.template.is_empty()
    }
}
