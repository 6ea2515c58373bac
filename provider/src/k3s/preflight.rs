//! What is checked of all hosts before anything is changed, all problems at once.
//!
//! The facts are k3s' [requirements](https://docs.k3s.io/installation/requirements), and what the CHT's
//! [requirements](https://docs.communityhealthtoolkit.org/hosting/cht/requirements/) ask of machines: less than that is
//! warned of, as it is enough to try things out. [`host`] has the checks of one host, [`fleet`] those of all together,
//! and [`text`] what is said of each.

use std::collections::BTreeMap;
use std::fmt;

use super::config::Role;
use super::probe::{Firewall, HostState};
use super::version::K3sVersion;

mod fleet;
mod host;
mod text;

/// What is wanted of a host, as far as it is checked.
#[derive(Clone, Debug)]
pub struct WantedHost {
    /// Its role.
    pub role: Role,
    /// The id of the cluster's resource, which stands in markers.
    pub cluster: String,
    /// The version that it is to run.
    pub version: K3sVersion,
    /// What the program is built for, as k3s' releases name it.
    pub binary_arch: Option<String>,
    /// Whether Docker runs the containers.
    pub docker: bool,
    /// Whether SELinux is to confine containers.
    pub selinux: bool,
    /// Whether the kubelet is told to accept cgroup v1.
    pub allows_cgroup_v1: bool,
    /// Whether the kubelet is told to accept swap.
    pub allows_swap: bool,
    /// Port of the API.
    pub https_port: u16,
    /// Hash of the cluster's authority, once it is known.
    pub ca_sha256: Option<String>,
    /// Whether a host that others have set up is taken over.
    pub adopt: bool,
}

/// A host: what is wanted, what was seen, and when.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What is wanted.
    pub wanted: &'a WantedHost,
    /// What it answered.
    pub state: &'a HostState,
    /// When it answered by our own clock, in seconds since 1970.
    pub asked_at: i64,
}

/// What was found, of one host or of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The hosts that it is about.
    pub hosts: Vec<String>,
    /// What.
    pub problem: Problem,
}

/// What can be wrong with a host. Its `Display` says so, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Commands do not run as root.
    NotRoot,
    /// There is no systemd.
    NoSystemd,
    /// k3s is not built for it.
    UnknownArch(String),
    /// The program is for other machines.
    OtherArch {
        /// What it is.
        is: String,
        /// What the program is for.
        binary: String,
    },
    /// It belongs to another cluster.
    OtherCluster,
    /// k3s runs there already.
    Foreign,
    /// It has another role.
    OtherRole(Role),
    /// There is no way to elsewhere.
    NoDefaultRoute,
    /// This version refuses cgroup v1.
    CgroupV1(K3sVersion),
    /// Memory cannot be limited.
    NoMemoryCgroup,
    /// A part of the kernel is missing.
    NoModule(&'static str),
    /// Something else listens on a port.
    PortTaken(u16),
    /// Docker is wanted and does not run.
    NoDocker,
    /// Docker is a snap.
    DockerSnap,
    /// The policy for SELinux is missing.
    NoSelinuxPolicy,
    /// A service changes routes.
    NmCloudSetup,
    /// The name of a host or a node, a machine id: two have the same.
    Same {
        /// What of them is the same.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// Clocks differ by so many seconds.
    Clocks(i64),
    /// There is less memory than k3s needs.
    TooLittleMemory {
        /// What there is.
        mib: u64,
        /// What is needed.
        least: u64,
    },
    /// There are fewer processors than k3s needs.
    TooFewCpus {
        /// What there is.
        cpus: u64,
        /// What is needed.
        least: u64,
    },
    /// There is less room than k3s needs.
    TooLittleDisk {
        /// What is free.
        mib: u64,
        /// What is needed.
        least: u64,
    },
    /// There is less than the CHT asks for in production.
    BelowCht(String),
    /// Swap is on.
    Swap,
    /// A firewall is on.
    Firewall(Firewall),
    /// This version of iptables has a defect.
    Iptables(String),
    /// Other files override the configuration.
    Overrides(Vec<String>),
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// What has to be put right before anything is changed.
    pub errors: Vec<Found>,
    /// What should be known.
    pub warnings: Vec<Found>,
}

/// Checks all hosts, by name.
#[must_use]
pub fn preflight(subjects: &BTreeMap<String, Subject<'_>>) -> Preflight {
    let mut all: Vec<Found> = Vec::new();
    for (name, subject) in subjects {
        for problem in host::problems(subject) {
            // The same of several hosts is told once.
            match all.iter_mut().find(|found| found.problem == problem) {
                Some(found) => found.hosts.push(name.clone()),
                None => all.push(Found {
                    hosts: vec![name.clone()],
                    problem,
                }),
            }
        }
    }
    all.extend(fleet::problems(subjects));
    let (errors, warnings) = all.into_iter().partition(|found| found.problem.is_error());
    Preflight { errors, warnings }
}

/// What k3s' releases call the architecture that `uname -m` calls so; none if there is none for it.
#[must_use]
pub fn arch(machine: &str) -> Option<&'static str> {
    let found = host::ARCHITECTURES.iter().find(|(name, _)| *name == machine);
    found.map(|(_, arch)| *arch)
}

impl Problem {
    /// Whether it stands in the way.
    #[must_use]
    pub fn is_error(&self) -> bool {
        match self {
            Self::NotRoot | Self::NoSystemd | Self::UnknownArch(_) | Self::OtherArch { .. } => true,
            Self::OtherCluster | Self::Foreign | Self::OtherRole(_) | Self::NoDefaultRoute | Self::CgroupV1(_) => true,
            Self::NoMemoryCgroup | Self::NoModule(_) | Self::PortTaken(_) | Self::NoDocker | Self::DockerSnap => true,
            Self::NoSelinuxPolicy | Self::NmCloudSetup | Self::Same { .. } | Self::Clocks(_) => true,
            Self::TooLittleMemory { .. } | Self::TooLittleDisk { .. } => true,
            Self::TooFewCpus { .. } | Self::BelowCht(_) | Self::Swap | Self::Firewall(_) => false,
            Self::Iptables(_) | Self::Overrides(_) => false,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.hosts.join(", "), self.problem)
    }
}

#[cfg(test)]
mod tests;
