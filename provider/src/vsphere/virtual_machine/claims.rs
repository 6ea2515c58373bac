//! What the machines of one run take from each other: names, addresses, and room on datastores. None of it is in the
//! vCenter before all of them have been planned.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::super::reference::Reference;
use super::VirtualMachineResource;
use super::model::{NetworkInterface, VirtualMachineModel, VirtualMachineModelDraft};

/// The summary where guests would have one address.
pub(super) const ADDRESS_IN_USE: &str = "Address is in use";

/// What the machines of a run have, and are about to take.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// The machines that states of this run have.
    known: BTreeSet<Reference>,
    /// Which machine has a name; none is a new one.
    names: BTreeMap<Owner, Option<Reference>>,
    /// Whose an address of a network is.
    addresses: BTreeMap<(Network, IpAddr), Owner>,
    datastores: BTreeMap<Reference, Store>,
}

/// A datacenter and a network in it, as the configuration has them: whether two spellings mean the same is not asked.
type Network = (Option<String>, String);

/// A machine, by its datacenter, its folder and its name, as the configuration has them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    datacenter: Option<String>,
    folder: Option<String>,
    name: String,
}

/// A datastore that disks are made on.
#[derive(Debug)]
struct Store {
    /// What was free before this run made anything.
    free_mib: u64,
    /// What machines take of it, in MiB.
    asked: BTreeMap<Owner, u64>,
}

/// A datastore as one machine finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// What was free before this run made anything.
    pub(super) free_mib: u64,
    /// What other machines of this run take.
    pub(super) others_mib: u64,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a plan says of a machine without asking the vCenter, and warns of addresses that others have.
    ///
    /// # Errors
    /// Another machine of the run has its name.
    pub(super) fn of_plan(
        &self,
        cx: &Context<VirtualMachineResource>,
        plan: &Plan<'_, '_, VirtualMachineResource>,
    ) -> Result<(), Diagnostics> {
        let machine = plan.prior.as_ref().and_then(|prior| prior.object().ok());
        if let Some(machine) = &machine {
            self.know(machine);
        }
        // One that is replaced is planned once more, as a new one.
        let planned = plan.planned().filter(|_| plan.requires_replace().is_empty());
        let Some((planned, name)) = planned.and_then(|planned| Some((planned.clone(), planned.name.known()?.clone())))
        else {
            return Ok(());
        };
        let owner = Owner {
            datacenter: planned.datacenter.known().cloned(),
            folder: planned.folder.known().cloned(),
            name,
        };
        for warning in self.addresses(&owner, &planned) {
            cx.warn(warning);
        }
        self.name(owner, machine)
    }

    /// Notes that a state has a machine.
    pub(super) fn know(&self, machine: &Reference) {
        self.lock().known.insert(machine.clone());
    }

    /// Whether a state of this run has a machine.
    pub(super) fn is_known(&self, machine: &Reference) -> bool {
        self.lock().known.contains(machine)
    }

    /// Takes a name for a machine.
    fn name(&self, owner: Owner, machine: Option<Reference>) -> Result<(), Diagnostics> {
        let name = owner.name.clone();
        match self.lock().names.entry(owner) {
            Entry::Vacant(free) => {
                free.insert(machine);
                return Ok(());
            }
            Entry::Occupied(taken) if machine.is_some() && *taken.get() == machine => return Ok(()),
            Entry::Occupied(_) => {}
        }
        let detail =
            format!("Another machine of the same run has the name `{name}` in the same folder. Give another name.");
        Err(Diagnostic::error("Name given twice", detail)
            .at(VirtualMachineModel::NAME)
            .into())
    }

    /// Takes the addresses of a machine, as far as they are known, and warns of those that another one has. Networks of
    /// one name may be different ones, so it is no error.
    fn addresses(&self, owner: &Owner, machine: &VirtualMachineModelDraft) -> Vec<Diagnostic> {
        let mut taken = self.lock();
        let mut warnings = Vec::new();
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
                if other != owner {
                    let detail = format!(
                        "The machine `{}` of the same run has {} in a network of the same name. Give one of them another address, unless \
                         these are different networks.",
                        other.name, address.address
                    );
                    let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES).index(index);
                    let path = path.attribute(NetworkInterface::ADDRESSES).index(number);
                    warnings.push(Diagnostic::warning(ADDRESS_IN_USE, detail).at(path));
                }
            }
        }
        warnings
    }

    /// Takes space on a datastore, of which so much is free now.
    pub(super) fn space(
        &self,
        datastore: &Reference,
        free_mib: u64,
        machine: &VirtualMachineModel,
        asked_mib: u64,
    ) -> Room {
        let mut taken = self.lock();
        let store = taken.datastores.entry(datastore.clone()).or_insert_with(|| Store {
            free_mib,
            asked: BTreeMap::new(),
        });
        let owner = Owner {
            datacenter: machine.datacenter.clone(),
            folder: machine.folder.clone(),
            name: machine.name.clone(),
        };
        let others = store.asked.iter().filter(|(other, _)| **other != owner);
        let others_mib = others.map(|(_, mib)| mib).sum();
        store.asked.insert(owner, asked_mib);
        Room {
            free_mib: store.free_mib,
            others_mib,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use tf_framework::model::{FromValue as _, ToValue as _};

    use super::super::tests::{card, model};
    use super::*;

    fn owner(folder: &str, name: &str) -> Owner {
        Owner {
            datacenter: None,
            folder: Some(folder.to_owned()),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_name_is_that_of_one_machine_of_a_folder_whichever_is_planned_first() {
        let there = |id: &str| Some(Reference::new("VirtualMachine", id));
        for (first, second, is_refused) in [
            ((owner("a", "n"), None), (owner("a", "m"), None), false),
            ((owner("a", "n"), None), (owner("b", "n"), None), false),
            ((owner("a", "n"), None), (owner("a", "n"), None), true),
            ((owner("a", "n"), there("vm-1")), (owner("a", "n"), None), true),
            ((owner("a", "n"), None), (owner("a", "n"), there("vm-1")), true),
            (
                (owner("a", "n"), there("vm-1")),
                (owner("a", "n"), there("vm-1")),
                false,
            ),
        ] {
            let claims = Claims::default();
            claims.name(first.0, first.1).unwrap();
            assert_eq!(
                claims.name(second.0.clone(), second.1).is_err(),
                is_refused,
                "{second:?}",
                second = second.0
            );
        }
    }

    #[test]
    fn an_address_of_a_network_is_that_of_one_machine() {
        let draft = |network: &str, address: &str| -> VirtualMachineModelDraft {
            let card = card(json!({ "network": network, "addresses": [address] }));
            let machine = model(json!({ "network_interfaces": [card] }));
            VirtualMachineModelDraft::from_value(&machine.to_value()).unwrap()
        };
        let claims = Claims::default();
        let warned = |name: &str, network: &str, address: &str| -> Vec<Option<Path>> {
            let warnings = claims.addresses(&owner("a", name), &draft(network, address));
            warnings.into_iter().map(|one| one.path).collect()
        };
        assert_eq!(warned("n", "lan", "10.20.0.21/24"), []);
        assert_eq!(warned("n", "lan", "10.20.0.21/24"), [], "it is planned once more");
        assert_eq!(warned("m", "lan", "10.20.0.22/24"), []);
        assert_eq!(warned("m", "wan", "10.20.0.21/24"), []);
        let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES).index(0);
        let path = path.attribute(NetworkInterface::ADDRESSES).index(0);
        assert_eq!(warned("m", "lan", "10.20.0.21/16"), [Some(path)]);
    }

    #[test]
    fn space_counts_once_for_each_machine_from_what_was_free_at_first() {
        let claims = Claims::default();
        let datastore = Reference::new("Datastore", "datastore-1");
        let machine = |name: &str| model(json!({ "name": name }));
        let room = |name: &str, free, asked| {
            let room = claims.space(&datastore, free, &machine(name), asked);
            (room.free_mib, room.others_mib)
        };
        assert_eq!(room("a", 100, 50), (100, 0));
        assert_eq!(room("b", 60, 10), (100, 50));
        assert_eq!(room("a", 50, 50), (100, 10));
        let elsewhere = Reference::new("Datastore", "datastore-2");
        let first = claims.space(&elsewhere, 7, &machine("c"), 1);
        assert_eq!((first.free_mib, first.others_mib), (7, 0));
    }
}
