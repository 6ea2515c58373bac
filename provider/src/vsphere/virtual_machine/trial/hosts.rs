//! Whether the hosts of a planned machine's place can run it: they reach its datastores and its networks, and have its
//! CPUs, its memory and its version of virtual hardware. Of a machine that changes, [`Asked`] says what is asked.
//!
//! What no host can do is an error. What some cannot do is a warning: the machine runs on the others, and has that many
//! fewer to be started on when its own one fails.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::super::super::diagnostics::explained;
use super::super::super::error::Error;
use super::super::super::hosts::{Compute, Host};
use super::super::super::inventory::Kind;
use super::super::super::reference::Reference;
use super::super::super::vcenter::VCenter;
use super::super::VirtualMachineResource;
use super::super::model::{NetworkInterface, VirtualMachineModel};
use super::super::placement::Placement;
use super::asked::Asked;
use super::{SUMMARY, tell};

/// What the hosts of a place need to have.
#[derive(Debug, Default)]
struct Demands {
    reached: Vec<Reached>,
    cpus: Option<(u32, Path)>,
    memory_mib: Option<(u64, Path)>,
    hardware_version: Option<(u32, Path)>,
}

/// An object that hosts need to reach.
#[derive(Debug)]
struct Reached {
    what: String,
    object: Reference,
    /// Where such objects are listed.
    among: fn(&Host) -> &[Reference],
    /// What is to blame if it is not reached.
    path: Path,
}

/// Warns of hosts that cannot run a machine as it is planned, and refuses one that none can run.
pub(super) async fn check(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    (placement, planned): (&Placement, &VirtualMachineModel),
    asked: Asked,
) -> Result<(), Diagnostics> {
    if asked.is_nothing() {
        return Ok(());
    }
    let compute = match vcenter.compute_of(&placement.pool).await {
        Ok(compute) => compute,
        // Whoever makes machines need not be allowed to look at hosts.
        Err(Error::NoPermission { .. }) => return Ok(()),
        Err(error) => return Err(explained(SUMMARY)(error)),
    };
    let mut demands = Demands::of(&asked, placement, planned);
    if let Some(machine) = &asked.moved {
        let moved = demands.and_what_moves(vcenter, placement, machine).await;
        moved.map_err(explained(SUMMARY))?;
    }
    let mut found = demands.judge(&compute);
    if let Some((wanted, path)) = demands.hardware_version {
        let newest = vcenter.newest_hardware(&compute).await.map_err(explained(SUMMARY))?;
        if let Some(newest) = newest.filter(|newest| wanted > *newest) {
            let detail = format!("The hosts of {} offer versions up to {newest}.", compute.name);
            found.push(Diagnostic::error("Virtual hardware is too new", detail).at(path));
        }
    }
    tell(cx, found)
}

impl Demands {
    /// What the configuration says of it.
    fn of(asked: &Asked, placement: &Placement, planned: &VirtualMachineModel) -> Self {
        let mut reached = Vec::new();
        if let Some(datastore) = placement.datastore.as_ref().filter(|_| asked.datastore) {
            let path = Path::new(VirtualMachineModel::DATASTORE);
            reached.push(Reached::datastore(&datastore.name, &datastore.object, path));
        }
        let cards = planned.network_interfaces.iter().zip(&placement.network_objects);
        for (index, (card, network)) in cards.enumerate() {
            let of_card = || {
                Path::new(VirtualMachineModel::NETWORK_INTERFACES)
                    .index(index)
                    .attribute(NetworkInterface::NETWORK)
            };
            if let Some(path) = asked.blamed(asked.networks.contains(&index), of_card) {
                reached.push(Reached {
                    what: format!("the network {}", card.network),
                    object: network.clone(),
                    among: |host| &host.networks,
                    path,
                });
            }
        }
        let blamed = |changes, attribute| asked.blamed(changes, || Path::new(attribute));
        let version = planned.hardware_version;
        Demands {
            reached,
            cpus: blamed(asked.cpus, VirtualMachineModel::CPUS).map(|path| (planned.cpus, path)),
            memory_mib: blamed(asked.memory, VirtualMachineModel::MEMORY_MIB).map(|path| (planned.memory_mib, path)),
            hardware_version: version.zip(blamed(asked.hardware, VirtualMachineModel::HARDWARE_VERSION)),
        }
    }

    /// And what goes along with a machine that moves: the datastores that it is on, and its virtual hardware.
    async fn and_what_moves(
        &mut self,
        vcenter: &VCenter,
        placement: &Placement,
        machine: &Reference,
    ) -> Result<(), Error> {
        let Some(machine) = vcenter.machine(machine).await? else {
            return Ok(());
        };
        let to_blame = || Path::new(VirtualMachineModel::RESOURCE_POOL);
        for name in machine.datastores() {
            match vcenter.find(Kind::Datastore, Some(&placement.datacenter), name).await {
                Ok(found) => self.reached.push(Reached::datastore(name, &found.object, to_blame())),
                // The user may not see it.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let has = machine.hardware_version;
        if self.hardware_version.as_ref().is_none_or(|(wanted, _)| has > *wanted) {
            self.hardware_version = Some((has, to_blame()));
        }
        Ok(())
    }

    /// What is to be said of these hosts. Nothing if there are none that may be looked at.
    fn judge(&self, compute: &Compute) -> Vec<Diagnostic> {
        if compute.hosts.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<Diagnostic> = self.reached.iter().filter_map(|one| one.judge(compute)).collect();
        // A machine is not powered on where it has more CPUs than its host. Memory may be given out twice.
        let most = |of: fn(&Host) -> Option<u64>| compute.hosts.iter().filter_map(of).max();
        let has_less = |most: &u64, wanted: u64| *most < wanted;
        if let Some((wanted, path)) = &self.cpus
            && let Some(most) = most(|host| host.cpus.map(u64::from)).filter(|most| has_less(most, u64::from(*wanted)))
        {
            let detail = format!("No host of {} has more than {most} CPUs.", compute.name);
            found.push(Diagnostic::error("Too many CPUs", detail).at(path.clone()));
        }
        if let Some((wanted, path)) = &self.memory_mib
            && let Some(most) = most(|host| host.memory_mib).filter(|most| has_less(most, *wanted))
        {
            let detail = format!(
                "No host of {} has more than {most} MiB, so the guest's memory would be swapped to disk.",
                compute.name
            );
            found.push(Diagnostic::warning("Too much memory", detail).at(path.clone()));
        }
        found
    }
}

impl Reached {
    fn datastore(name: &str, object: &Reference, path: Path) -> Self {
        Reached {
            what: format!("the datastore {name}"),
            object: object.clone(),
            among: |host| &host.datastores,
            path,
        }
    }

    /// What is to be said where not all hosts reach it.
    fn judge(&self, compute: &Compute) -> Option<Diagnostic> {
        let Reached { what, object, .. } = self;
        let without: Vec<&str> = compute
            .hosts
            .iter()
            .filter(|host| !(self.among)(host).contains(object))
            .map(|host| host.name.as_str())
            .collect();
        if without.is_empty() {
            return None;
        }
        if without.len() == compute.hosts.len() {
            let detail = format!("No host of {} reaches {what}.", compute.name);
            return Some(Diagnostic::error("Out of reach of the hosts", detail).at(self.path.clone()));
        }
        let detail = format!(
            "{} of {} reach {what} not at all: the machine cannot run there, and is not started there when its own host \
             fails.",
            without.join(", "),
            compute.name
        );
        Some(Diagnostic::warning("Not all hosts can run the machine", detail).at(self.path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use tf_framework::diagnostics::Severity;

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
        let datastore = Reference::new("Datastore", "datastore-1");
        let said = Reached::datastore("SSD", &datastore, Path::new("datastore")).judge(&compute)?;
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
