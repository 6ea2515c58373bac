//! What of a planned machine is asked of the hosts of its place: everything of a new one, and of another only what
//! changes. Pure.

use std::collections::BTreeSet;

use tf_framework::path::Path;

use super::super::super::reference::Reference;
use super::super::model::VirtualMachineModel;
use super::super::placement::Placement;
use super::super::privileges::Target;

/// What hosts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Whether the datastore of the configuration is to be reached.
    pub(super) datastore: bool,
    /// Which network cards are new, or get another network.
    pub(super) networks: BTreeSet<usize>,
    pub(super) cpus: bool,
    pub(super) memory: bool,
    pub(super) hardware: bool,
    /// Whether the machine gets another place, whose hosts have to have all that it has.
    is_moved: bool,
    /// The one that is moved.
    pub(super) moved: Option<Reference>,
}

impl Asked {
    /// What a new machine needs.
    pub(super) fn of_new(planned: &VirtualMachineModel) -> Self {
        Asked {
            datastore: true,
            networks: (0..planned.network_interfaces.len()).collect(),
            cpus: true,
            memory: true,
            hardware: true,
            ..Asked::default()
        }
    }

    /// What a machine needs that it did not need before.
    pub(super) fn of_change(prior: &VirtualMachineModel, planned: &VirtualMachineModel) -> Self {
        let is_connected = |index: &usize| {
            let network = |model: &VirtualMachineModel| Some(model.network_interfaces.get(*index)?.network.clone());
            network(prior) == network(planned)
        };
        let is_raised = |wanted| prior.hardware_version.is_none_or(|is| wanted > is);
        Asked {
            datastore: false,
            networks: (0..planned.network_interfaces.len())
                .filter(|index| !is_connected(index))
                .collect(),
            cpus: planned.cpus > prior.cpus,
            memory: planned.memory_mib > prior.memory_mib,
            hardware: planned.hardware_version.is_some_and(is_raised),
            // Without a pool a machine stays where it is.
            is_moved: planned.resource_pool.is_some() && planned.resource_pool != prior.resource_pool,
            moved: None,
        }
    }

    /// The same of this machine.
    pub(super) fn of_machine(mut self, machine: Option<Reference>) -> Self {
        self.moved = machine.filter(|_| self.is_moved);
        self
    }

    /// The objects of the place that the machine gets anew.
    pub(super) fn target<'p>(&self, placement: &'p Placement) -> Target<'p> {
        let networks = self.networks.iter();
        Target {
            pool: self.is_moved.then_some(&placement.pool),
            networks: networks
                .filter_map(|index| placement.network_objects.get(*index))
                .collect(),
        }
    }

    /// Whether nothing is asked of hosts.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Asked::default()
    }

    /// What is to blame if hosts lack something: what changes, or the place; none if it is not asked for.
    pub(super) fn blamed(&self, changes: bool, path: impl FnOnce() -> Path) -> Option<Path> {
        if changes {
            return Some(path());
        }
        self.is_moved.then(|| Path::new(VirtualMachineModel::RESOURCE_POOL))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::tests::{card, model};
    use super::*;

    #[test]
    fn only_what_changes_is_asked_for() {
        let machine = |changed: serde_json::Value| {
            let mut all = json!({
                "cluster": null, "resource_pool": "pool", "hardware_version": 19, "network_interfaces": [card(json!({}))],
            });
            for (name, value) in changed.as_object().expect("an object") {
                all[name] = value.clone();
            }
            model(all)
        };
        let nothing = Asked::default();
        let networks = json!([card(json!({})), card(json!({ "network": "other" }))]);
        for (changed, asked) in [
            (
                json!({ "annotation": "x", "cpus": 1, "memory_mib": 1024 }),
                nothing.clone(),
            ),
            (json!({ "hardware_version": null }), nothing.clone()),
            (
                json!({ "cpus": 4 }),
                Asked {
                    cpus: true,
                    ..nothing.clone()
                },
            ),
            (
                json!({ "memory_mib": 4096 }),
                Asked {
                    memory: true,
                    ..nothing.clone()
                },
            ),
            (
                json!({ "hardware_version": 20 }),
                Asked {
                    hardware: true,
                    ..nothing.clone()
                },
            ),
            (
                json!({ "network_interfaces": networks }),
                Asked {
                    networks: [1].into(),
                    ..nothing.clone()
                },
            ),
            (
                json!({ "resource_pool": "other" }),
                Asked {
                    is_moved: true,
                    ..nothing.clone()
                },
            ),
        ] {
            assert_eq!(
                Asked::of_change(&machine(json!({})), &machine(changed.clone())),
                asked,
                "{changed}"
            );
        }
    }

    #[test]
    fn the_place_is_to_blame_for_what_does_not_change() {
        let cpus = || Path::new(VirtualMachineModel::CPUS);
        let stays = Asked {
            cpus: true,
            ..Asked::default()
        };
        assert_eq!(stays.blamed(true, cpus), Some(cpus()));
        assert_eq!(stays.blamed(false, cpus), None);
        let moved = Asked {
            is_moved: true,
            ..Asked::default()
        };
        assert_eq!(moved.blamed(true, cpus), Some(cpus()));
        assert_eq!(
            moved.blamed(false, cpus),
            Some(Path::new(VirtualMachineModel::RESOURCE_POOL))
        );
    }
}
