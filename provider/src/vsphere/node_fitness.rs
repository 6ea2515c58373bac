//! Whether a machine is fit to be a node of Kubernetes with the cloud provider and the CSI driver of vSphere: problems,
//! with which it does not work, and warnings, with which it may not. Pure; [`machine`](super::machine) reads what is
//! judged here.
//!
//! Facts: the [prerequisites](https://docs.vmware.com/en/VMware-vSphere-Container-Storage-Plug-in/index.html) of the
//! driver, and how the cloud provider finds a node: by the BIOS UUID, and its name by that of the guest.

use super::machine::{Machine, PowerState};

/// The oldest virtual hardware that volumes can be attached to.
pub(super) const LEAST_HARDWARE: u32 = 15;

/// What CHT asks for where it is tried out.
const CPUS: u32 = 2;
const MEMORY_MIB: u64 = 3_600;

/// What is wrong with a machine.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NodeFitness {
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl NodeFitness {
    /// Judges a machine, which is to be the node of this name, if there is one already.
    pub(super) fn of(machine: &Machine, node_name: Option<&str>) -> Self {
        let mut fitness = NodeFitness::default();
        if machine.is_template {
            fitness.problem("It is a template: clone it.");
            return fitness;
        }
        fitness.judge_hardware(machine);
        match (machine.power, &machine.question) {
            (_, Some(question)) => fitness.problem(format!("The vCenter waits for an answer: {question}")),
            (PowerState::Off, None) => fitness.problem("It is off, so that nothing is known of its guest."),
            (PowerState::Suspended, None) => fitness.problem("It is suspended, so that nothing is known of its guest."),
            (PowerState::On, None) => fitness.judge_guest(machine, node_name),
        }
        fitness
    }

    /// Adds a problem that was met on the way.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn judge_hardware(&mut self, machine: &Machine) {
        if machine.bios_uuid.is_empty() {
            self.problem("It has no BIOS UUID, by which Kubernetes finds it: wait until it is made.");
        }
        if machine.hardware_version < LEAST_HARDWARE {
            self.problem(format!(
                "Its virtual hardware has version {}, and volumes need {LEAST_HARDWARE}: shut it down and upgrade its \
                 compatibility.",
                machine.hardware_version
            ));
        }
        if !machine.disk_uuid {
            self.problem(
                "Its guest does not see the UUIDs of its disks: shut it down and set `disk.EnableUUID` to `TRUE` in its \
                 advanced parameters.",
            );
        }
        if !machine.devices.has_paravirtual_controller() {
            self.problem(
                "It has no paravirtual SCSI controller (PVSCSI), which volumes are attached to: shut it down and add one.",
            );
        }
        self.problems.extend(of_guest_id(&machine.guest_id));
        if machine.cpus < CPUS {
            self.warning(format!(
                "It has {} CPU: CHT, and a server of k3s, need {CPUS}.",
                machine.cpus
            ));
        }
        if machine.memory_mib < MEMORY_MIB {
            self.warning(format!("It has {} MiB of memory: CHT needs 4 GB.", machine.memory_mib));
        }
    }

    fn judge_guest(&mut self, machine: &Machine, node_name: Option<&str>) {
        if !machine.guest.tools_running {
            self.problem(
                "VMware Tools do not run, by which the cloud provider learns its addresses: install open-vm-tools.",
            );
            return;
        }
        if machine.guest.addresses(&machine.macs()).is_empty() {
            self.problem("Its guest has no address: connect its network cards, and look at its network.");
        }
        let Some(host_name) = &machine.guest.host_name else {
            self.problem("Its guest does not tell its name.");
            return;
        };
        let own = host_name.split('.').next().unwrap_or_default();
        if own.is_empty() || own == "localhost" {
            self.problem(format!(
                "Its guest is called `{host_name}`: nodes of a cluster need names of their own."
            ));
        } else if host_name.chars().any(char::is_uppercase) {
            self.problem(format!(
                "Its guest is called `{host_name}`, and names of nodes are in lower case: `hostnamectl hostname {}`.",
                host_name.to_lowercase()
            ));
        } else if let Some(node) = node_name.filter(|node| *node != host_name && *node != own) {
            self.problem(format!(
                "Its guest is called `{host_name}`, and its node `{node}`: the cloud provider takes a machine of another name for \
                 another node."
            ));
        }
    }

    fn warning(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}

/// What is wrong with the guest that a machine is said to have; nothing if k3s runs in it.
pub(super) fn of_guest_id(guest_id: &str) -> Option<String> {
    let guest = guest_id.to_lowercase();
    if guest.starts_with("win") || guest.starts_with("darwin") {
        return Some(format!("Its guest is `{guest_id}`, and k3s runs on Linux."));
    }
    let told = "which has no 64 bits: shut it down and choose the guest that it has.";
    (!guest.contains("64")).then(|| format!("Its guest is `{guest_id}`, {told}"))
}

#[cfg(test)]
mod tests;
