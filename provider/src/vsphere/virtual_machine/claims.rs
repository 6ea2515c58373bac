//! What the machines of one run take from each other: names, addresses, and room on datastores. None of it is in the
//! vCenter before all of them have been planned.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::super::reference::Reference;
use super::VirtualMachineResource;
use super::model::{NetworkInterface, VirtualMachineModel, VirtualMachineModelDraft};

/// What the machines of a run have, and are about to take.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// The machines that states of this run have.
    known: BTreeSet<Reference>,
    /// New names, by their folders.
    names: BTreeSet<(Reference, String)>,
    /// Whose an address of a network is.
    addresses: BTreeMap<(Network, IpAddr), Owner>,
    datastores: BTreeMap<Reference, Store>,
}

/// A datacenter and a network in it, as the configuration has them: whether two spellings mean the same is not asked.
type Network = (Option<String>, String);

/// A folder, as the configuration has it, and a name in it.
type Owner = (Option<String>, String);

/// A datastore that disks are made on.
#[derive(Debug)]
struct Store {
    /// What was free before this run made anything.
    free_mib: u64,
    asked: BTreeMap<Owner, Space>,
}

/// Space of disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Space {
    /// What is taken at once.
    pub(super) at_once_mib: u64,
    /// What is taken at once, and what thin disks may take some day.
    pub(super) mib: u64,
}

/// A datastore as one machine finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// What was free before this run made anything.
    pub(super) free_mib: u64,
    /// What other machines of this run take.
    pub(super) others: Space,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a plan says of a machine without asking the vCenter.
    ///
    /// # Errors
    /// Another machine of the run has one of its addresses.
    pub(super) fn of_plan(&self, plan: &Plan<'_, '_, VirtualMachineResource>) -> Result<(), Diagnostics> {
        if let Some(machine) = plan.prior.as_ref().and_then(|prior| prior.object().ok()) {
            self.know(&machine);
        }
        plan.planned().map_or(Ok(()), |planned| self.addresses(&planned))
    }

    /// Notes that a state has a machine.
    pub(super) fn know(&self, machine: &Reference) {
        self.lock().known.insert(machine.clone());
    }

    /// Whether a state of this run has a machine.
    pub(super) fn is_known(&self, machine: &Reference) -> bool {
        self.lock().known.contains(machine)
    }

    /// Takes a name in a folder for a machine that does not have it yet.
    ///
    /// # Errors
    /// Another machine of the run took it before.
    pub(super) fn name(&self, folder: &Reference, name: &str) -> Result<(), Diagnostics> {
        if self.lock().names.insert((folder.clone(), name.to_owned())) {
            return Ok(());
        }
        let detail =
            format!("Another machine of the same run gets the name `{name}` in the same folder. Give another name.");
        Err(Diagnostic::error("Name given twice", detail)
            .at(VirtualMachineModel::NAME)
            .into())
    }

    /// Takes the addresses of a machine, as far as they are known.
    ///
    /// # Errors
    /// Another machine of the run took one of them before, in the same network.
    fn addresses(&self, machine: &VirtualMachineModelDraft) -> Result<(), Diagnostics> {
        let Some(name) = machine.name.known() else {
            return Ok(());
        };
        let owner = (machine.folder.known().cloned(), name.clone());
        let mut taken = self.lock();
        let mut diagnostics = Diagnostics::new();
        let cards = machine.network_interfaces.known().into_iter().flatten();
        for (index, card) in cards.enumerate() {
            let Some((network, addresses)) = card
                .known()
                .and_then(|card| Some((card.network.known()?, card.addresses.known()?)))
            else {
                continue;
            };
            let network = (machine.datacenter.known().cloned(), network.clone());
            for (number, address) in addresses.iter().enumerate() {
                let Some(address) = address.known() else { continue };
                let claimed = taken.addresses.entry((network.clone(), address.address));
                let other = claimed.or_insert_with(|| owner.clone());
                if *other != owner {
                    let detail = format!(
                        "{} is that of the machine `{}` of the same run, too.",
                        address.address, other.1
                    );
                    let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES).index(index);
                    let path = path.attribute(NetworkInterface::ADDRESSES).index(number);
                    diagnostics.push(Diagnostic::error("Address given twice", detail).at(path));
                }
            }
        }
        diagnostics.into_result(())
    }

    /// Takes space on a datastore, of which so much is free now.
    pub(super) fn space(
        &self,
        datastore: &Reference,
        free_mib: u64,
        machine: &VirtualMachineModel,
        asked: Space,
    ) -> Room {
        let mut taken = self.lock();
        let store = taken.datastores.entry(datastore.clone()).or_insert_with(|| Store {
            free_mib,
            asked: BTreeMap::new(),
        });
        let owner = (machine.folder.clone(), machine.name.clone());
        let others = store.asked.iter().filter(|(other, _)| **other != owner);
        let others = others.fold(Space::default(), |sum, (_, space)| Space {
            at_once_mib: sum.at_once_mib + space.at_once_mib,
            mib: sum.mib + space.mib,
        });
        store.asked.insert(owner, asked);
        Room {
            free_mib: store.free_mib,
            others,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::model;
    use super::*;

    fn space(at_once_mib: u64, mib: u64) -> Space {
        Space { at_once_mib, mib }
    }

    #[test]
    fn a_name_is_that_of_one_machine_of_a_folder() {
        let claims = Claims::default();
        let [one, other] = ["group-v1", "group-v2"].map(|id| Reference::new("Folder", id));
        claims.name(&one, "node-1").unwrap();
        claims.name(&one, "node-2").unwrap();
        claims.name(&other, "node-1").unwrap();
        let refused = claims.name(&one, "node-1").unwrap_err();
        assert_eq!(refused.iter().next().unwrap().summary, "Name given twice");
    }

    #[test]
    fn space_counts_once_for_each_machine_from_what_was_free_at_first() {
        let claims = Claims::default();
        let datastore = Reference::new("Datastore", "datastore-1");
        let machine = |name: &str| model(json!({ "name": name }));
        let room = |name: &str, free, asked| claims.space(&datastore, free, &machine(name), asked);
        assert_eq!(room("a", 100, space(40, 50)).others, Space::default());
        let second = room("b", 60, space(10, 10));
        assert_eq!((second.free_mib, second.others), (100, space(40, 50)));
        let again = room("a", 50, space(40, 50));
        assert_eq!((again.free_mib, again.others), (100, space(10, 10)));
        let elsewhere = Reference::new("Datastore", "datastore-2");
        let first = claims.space(&elsewhere, 7, &machine("c"), space(1, 1));
        assert_eq!((first.free_mib, first.others), (7, Space::default()));
    }
}
