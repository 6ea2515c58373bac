//! The checks of one host.

use super::{Problem, Subject};
use crate::k3s::config::Role;
use crate::k3s::probe::Cgroup;
use crate::k3s::version::features::Feature;

/// What k3s needs itself, in MiB: [requirements](https://docs.k3s.io/installation/requirements).
const SERVER_MEMORY: u64 = 2048;
const AGENT_MEMORY: u64 = 512;
/// What it takes to unpack the program and some images, in MiB.
const DISK: u64 = 2048;
/// A machine of 2 GB does not show all of it.
const SHOWN_PERCENT: u64 = 90;

/// What the CHT asks of a server of k3s in production, and of a host that runs it: CPUs, memory and disk in MiB.
const CHT_SERVER: (u64, u64, u64) = (2, 2048, 20 * 1024);
const CHT_AGENT: (u64, u64, u64) = (8, 16 * 1024, 50 * 1024);

/// Ports that servers need: etcd, the kubelet, and that of the API, which can be chosen.
const SERVER_PORTS: [u16; 3] = [2379, 2380, 10250];
const AGENT_PORTS: [u16; 1] = [10250];

/// What is called in releases of k3s what `uname -m` calls so.
pub(super) const ARCHITECTURES: [(&str, &str); 6] = [
    ("x86_64", "amd64"),
    ("aarch64", "arm64"),
    ("arm64", "arm64"),
    ("armv7l", "arm"),
    ("armv8l", "arm"),
    ("s390x", "s390x"),
];

pub(super) fn problems(subject: &Subject<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_system(subject, &mut problems);
    check_owner(subject, &mut problems);
    check_kernel(subject, &mut problems);
    check_software(subject, &mut problems);
    check_hardware(subject, &mut problems);
    problems
}

fn check_system(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let machine = &subject.state.machine;
    if machine.uid.is_some_and(|uid| uid != 0) {
        problems.push(Problem::NotRoot);
    }
    if machine.init.as_deref().is_some_and(|init| init != "systemd") {
        problems.push(Problem::NoSystemd);
    }
    let Some(arch) = &machine.arch else { return };
    match super::arch(arch) {
        None => problems.push(Problem::UnknownArch(arch.clone())),
        Some(is) => {
            let other = subject.wanted.binary_arch.as_ref().filter(|binary| *binary != is);
            problems.extend(other.map(|binary| Problem::OtherArch {
                is: is.to_owned(),
                binary: binary.clone(),
            }));
        }
    }
}

fn check_owner(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let (wanted, state) = (subject.wanted, subject.state);
    let is_server = state.datastore.is_some() || state.server_unit.is_some();
    let is_ours = state
        .marker
        .as_ref()
        .is_some_and(|marker| marker.cluster == wanted.cluster);
    let other_ca = match (&wanted.ca_sha256, &state.ca_sha256) {
        (Some(wanted), Some(is)) => wanted != is,
        _ => false,
    };
    let other_marker = state.marker.is_some() && !is_ours;
    let has_our_ca = wanted.ca_sha256.is_some() && state.ca_sha256 == wanted.ca_sha256;
    let unmarked = state.marker.is_none() && (state.has_k3s() || state.has_foreign_marker) && !has_our_ca;
    if other_marker || (other_ca && state.datastore.is_some()) {
        problems.push(Problem::OtherCluster);
    } else if unmarked && !wanted.adopt {
        problems.push(Problem::Foreign);
    } else if wanted.role == Role::Agent && is_server {
        problems.push(Problem::OtherRole(Role::Server));
    } else if wanted.role == Role::Server && !is_server && state.agent_unit.is_some() {
        problems.push(Problem::OtherRole(Role::Agent));
    }
    if !state.overrides.is_empty() {
        problems.push(Problem::Overrides(state.overrides.clone()));
    }
}

fn check_kernel(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let (wanted, machine) = (subject.wanted, &subject.state.machine);
    if !machine.default_route {
        problems.push(Problem::NoDefaultRoute);
    }
    let refuses = Feature::RefusesCgroupV1.is_in(&wanted.version) && !wanted.allows_cgroup_v1;
    if machine.cgroup == Some(Cgroup::V1) && refuses {
        problems.push(Problem::CgroupV1(wanted.version));
    }
    if machine.cgroup.is_some() && !machine.cgroup_memory {
        problems.push(Problem::NoMemoryCgroup);
    }
    let missing = ["br_netfilter", "overlay"]
        .into_iter()
        .filter(|module| !machine.modules.iter().any(|is| is == module));
    problems.extend(missing.map(Problem::NoModule));
    // Where k3s runs, the ports are its own.
    if !subject.state.has_k3s() {
        let ports: &[u16] = if wanted.role == Role::Server {
            &SERVER_PORTS
        } else {
            &AGENT_PORTS
        };
        let api = (wanted.role == Role::Server).then_some(wanted.https_port);
        let needed = ports.iter().copied().chain(api);
        problems.extend(
            needed
                .filter(|port| machine.listens.contains(port))
                .map(Problem::PortTaken),
        );
    }
}

fn check_software(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let (wanted, machine) = (subject.wanted, &subject.state.machine);
    if wanted.docker && machine.docker_snap {
        problems.push(Problem::DockerSnap);
    } else if wanted.docker && !machine.docker {
        problems.push(Problem::NoDocker);
    }
    if machine.selinux_enforcing && !machine.selinux_policy {
        problems.push(Problem::NoSelinuxPolicy);
    }
    if machine.nm_cloud_setup {
        problems.push(Problem::NmCloudSetup);
    }
    if machine.swap_kib.is_some_and(|kib| kib > 0) && !wanted.allows_swap {
        problems.push(Problem::Swap);
    }
    problems.extend(machine.firewalls.iter().copied().map(Problem::Firewall));
    let defective = |version: &&String| ["1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.8.4"].contains(&version.as_str());
    problems.extend(
        machine
            .iptables
            .as_ref()
            .filter(defective)
            .cloned()
            .map(Problem::Iptables),
    );
}

fn check_hardware(subject: &Subject<'_>, problems: &mut Vec<Problem>) {
    let machine = &subject.state.machine;
    let is_server = subject.wanted.role == Role::Server;
    let least = if is_server { SERVER_MEMORY } else { AGENT_MEMORY };
    let (cht_cpus, cht_memory, cht_disk) = if is_server { CHT_SERVER } else { CHT_AGENT };
    let is_below = |mib: u64, least: u64| mib * 100 < least * SHOWN_PERCENT;
    let mut below_cht = Vec::new();
    if let Some(mib) = machine.memory_kib.map(|kib| kib / 1024) {
        match mib {
            mib if is_below(mib, least) => problems.push(Problem::TooLittleMemory { mib, least }),
            mib if is_below(mib, cht_memory) => below_cht.push(format!("{mib} MiB of memory, not {cht_memory}")),
            _ => {}
        }
    }
    if let Some(cpus) = machine.cpus {
        match cpus {
            1 if is_server => problems.push(Problem::TooFewCpus { cpus, least: 2 }),
            cpus if cpus < cht_cpus => below_cht.push(format!("{cpus} CPUs, not {cht_cpus}")),
            _ => {}
        }
    }
    // Images and volumes of a host that runs k3s take room that was free before.
    if let Some(mib) = machine
        .disk_free_kib
        .map(|kib| kib / 1024)
        .filter(|_| !subject.state.has_k3s())
    {
        match mib {
            mib if mib < DISK => problems.push(Problem::TooLittleDisk { mib, least: DISK }),
            mib if is_below(mib, cht_disk) => below_cht.push(format!("{mib} MiB of free disk, not {cht_disk}")),
            _ => {}
        }
    }
    if !below_cht.is_empty() {
        let role = if is_server {
            "servers of k3s"
        } else {
            "hosts that run CHT"
        };
        let what = below_cht.join("; ");
        problems.push(Problem::BelowCht(format!(
            "less than what CHT asks of {role} in production: {what}."
        )));
    }
}
