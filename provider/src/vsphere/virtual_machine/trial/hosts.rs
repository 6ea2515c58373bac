//! Whether the hosts of a planned machine's place can run it: they reach its datastore and its networks, and have its
//! CPUs, its memory and its version of virtual hardware.
//!
//! What no host can do is an error. What some cannot do is a warning: the machine runs on the others, and has that many
//! fewer to be started on when its own one fails.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};
use tf_framework::path::Path;

use super::super::super::diagnostics::explained;
use super::super::super::error::Error;
use super::super::super::hosts::{Compute, Host};
use super::super::super::reference::Reference;
use super::super::super::vcenter::VCenter;
use super::super::VirtualMachineResource;
use super::super::model::{NetworkInterface, VirtualMachineModel};
use super::super::placement::Placement;
use super::SUMMARY;

/// Warns of hosts that cannot run a machine, and refuses one that none can run.
pub(super) async fn check(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    placement: &Placement,
    planned: &VirtualMachineModel,
) -> Result<(), Diagnostics> {
    let compute = match vcenter.compute_of(&placement.pool).await {
        Ok(compute) => compute,
        // Whoever makes machines need not be allowed to look at hosts.
        Err(Error::NoPermission { .. }) => return Ok(()),
        Err(error) => return Err(explained(SUMMARY)(error)),
    };
    let mut found = judged(&compute, placement, planned);
    if let Some(wanted) = planned.hardware_version {
        let newest = vcenter.newest_hardware(&compute).await.map_err(explained(SUMMARY))?;
        if let Some(newest) = newest.filter(|newest| wanted > *newest) {
            let detail = format!("The hosts of {} offer versions up to {newest}.", compute.name);
            let refused = Diagnostic::error("Virtual hardware is too new", detail);
            found.push(refused.at(VirtualMachineModel::HARDWARE_VERSION));
        }
    }
    let mut errors = Diagnostics::new();
    for one in found {
        match one.severity {
            Severity::Error => errors.push(one),
            Severity::Warning => cx.warn(one),
        }
    }
    errors.into_result(())
}

/// What is to be said about a machine on these hosts. Nothing if there are none that may be looked at.
fn judged(compute: &Compute, placement: &Placement, planned: &VirtualMachineModel) -> Vec<Diagnostic> {
    if compute.hosts.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(datastore) = &placement.datastore {
        let what = format!("the datastore {}", datastore.name);
        let path = Path::new(VirtualMachineModel::DATASTORE);
        found.extend(reach(compute, &what, &path, |host| &host.datastores, &datastore.object));
    }
    let cards = planned.network_interfaces.iter().zip(&placement.network_objects);
    for (index, (card, network)) in cards.enumerate() {
        let what = format!("the network {}", card.network);
        let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES)
            .index(index)
            .attribute(NetworkInterface::NETWORK);
        found.extend(reach(compute, &what, &path, |host| &host.networks, network));
    }
    // A machine is not powered on where it has more CPUs than its host. Memory may be given out twice.
    let most = |of: fn(&Host) -> Option<u64>| compute.hosts.iter().filter_map(of).max();
    if let Some(most) = most(|host| host.cpus.map(u64::from)).filter(|most| u64::from(planned.cpus) > *most) {
        let detail = format!("No host of {} has more than {most} CPUs.", compute.name);
        found.push(Diagnostic::error("Too many CPUs", detail).at(VirtualMachineModel::CPUS));
    }
    if let Some(most) = most(|host| host.memory_mib).filter(|most| planned.memory_mib > *most) {
        let detail = format!(
            "No host of {} has more than {most} MiB, so the guest's memory would be swapped to disk.",
            compute.name
        );
        found.push(Diagnostic::warning("Too much memory", detail).at(VirtualMachineModel::MEMORY_MIB));
    }
    found
}

/// What is to be said where not all hosts reach something.
fn reach(
    compute: &Compute,
    what: &str,
    path: &Path,
    reached: fn(&Host) -> &[Reference],
    object: &Reference,
) -> Option<Diagnostic> {
    let without: Vec<&str> = compute
        .hosts
        .iter()
        .filter(|host| !reached(host).contains(object))
        .map(|host| host.name.as_str())
        .collect();
    if without.is_empty() {
        return None;
    }
    if without.len() == compute.hosts.len() {
        let detail = format!("No host of {} reaches {what}.", compute.name);
        return Some(Diagnostic::error("Out of reach of the hosts", detail).at(path.clone()));
    }
    let detail = format!(
        "{} of {} reach {what} not at all: the machine cannot run there, and is not started there when its own host \
         fails.",
        without.join(", "),
        compute.name
    );
    Some(Diagnostic::warning("Not all hosts can run the machine", detail).at(path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, datastores: &[&str]) -> Host {
        let reference = |id: &&str| Reference::new("Datastore", id);
        Host {
            name: name.to_owned(),
            datastores: datastores.iter().map(reference).collect(),
            ..Host::default()
        }
    }

    fn said(hosts: Vec<Host>) -> Option<(Severity, String)> {
        let compute = Compute {
            name: "Compute".to_owned(),
            hosts,
            ..Compute::default()
        };
        let path = Path::new("datastore");
        let datastore = Reference::new("Datastore", "datastore-1");
        let said = reach(
            &compute,
            "the datastore SSD",
            &path,
            |host| &host.datastores,
            &datastore,
        )?;
        Some((said.severity, said.detail))
    }

    #[test]
    fn a_datastore_out_of_reach_of_all_hosts_is_an_error_and_of_some_a_warning() {
        assert_eq!(said(vec![host("a", &["datastore-1"])]), None);
        let none = said(vec![host("a", &["datastore-2"]), host("b", &[])]).expect("it is said");
        assert_eq!(
            none,
            (
                Severity::Error,
                "No host of Compute reaches the datastore SSD.".to_owned()
            )
        );
        let (severity, some) = said(vec![host("a", &["datastore-1"]), host("b", &[])]).expect("it is said");
        assert_eq!(severity, Severity::Warning);
        assert!(some.starts_with("b of Compute"), "{some}");
    }
}
