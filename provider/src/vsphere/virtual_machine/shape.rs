//! What of a machine can only be changed while it is off, or only in one direction. Pure: the plan and the apply decide
//! by the same.

use std::collections::BTreeMap;

use super::super::machine::Machine;
use super::model::VirtualMachineModel;

/// The oldest version of the hardware that Kubernetes' volumes work with.
pub(super) const OLDEST_HARDWARE: u32 = 15;

/// What a machine is, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) cpus: u32,
    pub(super) cores_per_socket: u32,
    pub(super) memory_mib: u64,
    pub(super) cpu_hot_add: bool,
    pub(super) memory_hot_add: bool,
    pub(super) disk_uuid: bool,
    /// None where the configuration says nothing of it.
    pub(super) hardware_version: Option<u32>,
    /// The settings that the configuration gives.
    pub(super) extra: BTreeMap<String, String>,
}

impl Shape {
    /// What a model asks for, or what a state says.
    pub(super) fn of_model(model: &VirtualMachineModel) -> Self {
        Shape {
            cpus: model.cpus,
            cores_per_socket: model.cores_per_socket,
            memory_mib: model.memory_mib,
            cpu_hot_add: model.cpu_hot_add,
            memory_hot_add: model.memory_hot_add,
            disk_uuid: model.disk_uuid,
            hardware_version: model.hardware_version,
            extra: model.extra_config.clone().unwrap_or_default(),
        }
    }

    /// What a machine is; of its settings those that the configuration gives, or gave.
    pub(super) fn of_machine(machine: &Machine, settings: &BTreeMap<String, String>) -> Self {
        let extra = settings
            .keys()
            .filter_map(|key| Some((key.clone(), machine.setting(key)?.to_owned())));
        Shape {
            cpus: machine.cpus,
            cores_per_socket: machine.cores_per_socket,
            memory_mib: machine.memory_mib,
            cpu_hot_add: machine.cpu_hot_add,
            memory_hot_add: machine.memory_hot_add,
            disk_uuid: machine.disk_uuid,
            hardware_version: Some(machine.hardware_version),
            extra: extra.collect(),
        }
    }

    /// The version of the hardware that a machine of this shape is to be brought to, if it is not there yet.
    pub(super) fn wanted_hardware(&self, wanted: &Shape) -> Option<u32> {
        let least = wanted.hardware_version.unwrap_or(OLDEST_HARDWARE);
        self.hardware_version.filter(|is| *is < least).map(|_| least)
    }

    /// Why a machine of this shape has to be off to get the wanted one, one sentence without its end for each reason.
    pub(super) fn reasons_to_power_off(&self, wanted: &Shape) -> Vec<String> {
        let mut reasons = Vec::new();
        let mut because = |reason: String| reasons.push(reason);
        if wanted.cpus < self.cpus {
            because(format!("it gets fewer CPUs ({} instead of {})", wanted.cpus, self.cpus));
        } else if wanted.cpus > self.cpus && !self.cpu_hot_add {
            because(format!(
                "it gets more CPUs ({} instead of {}) and runs without hot-add",
                wanted.cpus, self.cpus
            ));
        }
        if wanted.cores_per_socket != self.cores_per_socket {
            because(format!(
                "its sockets get {} cores instead of {}",
                wanted.cores_per_socket, self.cores_per_socket
            ));
        }
        if wanted.memory_mib < self.memory_mib {
            because(format!(
                "it gets less memory ({} MiB instead of {} MiB)",
                wanted.memory_mib, self.memory_mib
            ));
        } else if wanted.memory_mib > self.memory_mib && !self.memory_hot_add {
            because(format!(
                "it gets more memory ({} MiB instead of {} MiB) and runs without hot-add",
                wanted.memory_mib, self.memory_mib
            ));
        }
        for (name, is, wanted) in [
            ("hot-add of CPUs", self.cpu_hot_add, wanted.cpu_hot_add),
            ("hot-add of memory", self.memory_hot_add, wanted.memory_hot_add),
            ("UUIDs of its disks", self.disk_uuid, wanted.disk_uuid),
        ] {
            if is != wanted {
                because(format!(
                    "{name} {}",
                    if wanted { "are switched on" } else { "are switched off" }
                ));
            }
        }
        if let Some(version) = self.wanted_hardware(wanted) {
            because(format!("its hardware gets version {version}"));
        }
        let keys: std::collections::BTreeSet<_> = self.extra.keys().chain(wanted.extra.keys()).collect();
        for key in keys {
            if self.extra.get(key) != wanted.extra.get(key) {
                because(format!("its setting `{key}` changes"));
            }
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            cpus: 4,
            cores_per_socket: 1,
            memory_mib: 8192,
            cpu_hot_add: true,
            memory_hot_add: true,
            disk_uuid: true,
            hardware_version: Some(19),
            extra: BTreeMap::new(),
        }
    }

    #[test]
    fn growth_needs_no_power_cycle_where_hot_add_is_on() {
        let wanted = Shape {
            cpus: 8,
            memory_mib: 16384,
            hardware_version: None,
            ..shape()
        };
        assert_eq!(shape().reasons_to_power_off(&wanted), Vec::<String>::new());
        let without = Shape {
            cpu_hot_add: false,
            memory_hot_add: false,
            ..shape()
        };
        let reasons = without.reasons_to_power_off(&Shape {
            cpu_hot_add: false,
            memory_hot_add: false,
            ..wanted
        });
        assert_eq!(reasons.len(), 2, "{reasons:?}");
    }

    #[test]
    fn every_change_that_needs_the_machine_to_be_off_is_a_reason() {
        for (wanted, hint) in [
            (Shape { cpus: 2, ..shape() }, "fewer CPUs"),
            (
                Shape {
                    memory_mib: 4096,
                    ..shape()
                },
                "less memory",
            ),
            (
                Shape {
                    cores_per_socket: 2,
                    ..shape()
                },
                "sockets",
            ),
            (
                Shape {
                    cpu_hot_add: false,
                    ..shape()
                },
                "hot-add of CPUs",
            ),
            (
                Shape {
                    memory_hot_add: false,
                    ..shape()
                },
                "hot-add of memory",
            ),
            (
                Shape {
                    disk_uuid: false,
                    ..shape()
                },
                "UUIDs",
            ),
            (
                Shape {
                    hardware_version: Some(21),
                    ..shape()
                },
                "version 21",
            ),
            (
                Shape {
                    extra: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
                    ..shape()
                },
                "`k`",
            ),
        ] {
            let reasons = shape().reasons_to_power_off(&wanted);
            assert!(
                reasons.len() == 1 && reasons.concat().contains(hint),
                "{hint}: {reasons:?}"
            );
        }
    }

    #[test]
    fn hardware_is_brought_to_what_volumes_need_and_never_back() {
        let old = Shape {
            hardware_version: Some(10),
            ..shape()
        };
        let unsaid = Shape {
            hardware_version: None,
            ..shape()
        };
        assert_eq!(old.wanted_hardware(&unsaid), Some(15));
        assert_eq!(shape().wanted_hardware(&unsaid), None);
        assert_eq!(
            shape().wanted_hardware(&Shape {
                hardware_version: Some(17),
                ..shape()
            }),
            None
        );
    }
}
