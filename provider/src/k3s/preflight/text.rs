//! What is said of each problem: what is wrong, and what to do.

use std::fmt;

use super::Problem;
use crate::k3s::config::Role;
use crate::k3s::probe::Firewall;

impl fmt::Display for Problem {
    #[expect(clippy::too_many_lines, reason = "one entry for each problem, and nothing else")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => write!(f, "commands do not run as root: log in as root, or turn on `sudo`."),
            Self::NoSystemd => write!(f, "the host does not run systemd, which starts k3s."),
            Self::OtherCluster => write!(
                f,
                "the host has the data of another cluster: clean it up, or give another host."
            ),
            Self::Foreign => write!(
                f,
                "k3s is there already, and was not set up by this resource: import the cluster, or clean the host up."
            ),
            Self::OtherRole(Role::Server) => write!(f, "the host is a server of k3s: remove it as one first."),
            Self::OtherRole(Role::Agent) => write!(f, "the host is an agent of k3s: remove it as one first."),
            Self::NoDefaultRoute => write!(
                f,
                "there is no default route, without which k3s does not start; a dummy one is enough."
            ),
            Self::NoMemoryCgroup => write!(
                f,
                "memory cannot be limited: boot the host with `cgroup_enable=memory cgroup_memory=1`."
            ),
            Self::NoDocker => write!(f, "`docker` is set, and Docker does not run: install and start it."),
            Self::DockerSnap => write!(
                f,
                "Docker is a snap, which k3s cannot use: install Docker's own package."
            ),
            Self::NoSelinuxPolicy => write!(
                f,
                "SELinux is enforcing, and the policy for k3s is missing: install the package `k3s-selinux`."
            ),
            Self::NmCloudSetup => write!(
                f,
                "`nm-cloud-setup` is on, which cuts pods off: disable the service and its timer, and restart the host."
            ),
            Self::Swap => write!(f, "swap is on, which Kubernetes does not count on: turn it off."),
            Self::UnknownArch(arch) => {
                write!(
                    f,
                    "k3s is not built for {arch}: it is for x86_64, aarch64, armv7l and s390x."
                )
            }
            Self::OtherArch { is, binary } => {
                write!(
                    f,
                    "the host is {is}, and the program of k3s that was given is for {binary}."
                )
            }
            Self::CgroupV1(version) => write!(
                f,
                "the host has cgroup v1, which {version} refuses: boot it with cgroup v2 \
                 (`systemd.unified_cgroup_hierarchy=1`), or add `fail-cgroupv1=false` to `kubelet_args` for the time being."
            ),
            Self::NoModule(module) => write!(
                f,
                "the kernel has no module {module}: install the package with its modules."
            ),
            Self::PortTaken(port) => write!(f, "something else listens on port {port}, which k3s needs: stop it."),
            Self::Same { what, value } => write!(f, "these have the same {what}, {value}: each needs one of its own."),
            Self::Clocks(seconds) => {
                write!(
                    f,
                    "their clocks differ by {seconds} seconds, with which certificates and etcd fail: set them with NTP."
                )
            }
            Self::TooLittleMemory { mib, least } => {
                write!(f, "there are {mib} MiB of memory, and k3s needs {least} MiB.")
            }
            Self::TooFewCpus { cpus, least } => write!(f, "there is {cpus} CPU, and k3s asks for {least}."),
            Self::TooLittleDisk { mib, least } => {
                write!(f, "{mib} MiB of the disk are free, and k3s needs {least} MiB.")
            }
            Self::BelowCht(what) => f.write_str(what),
            Self::Firewall(firewall) => {
                let name = match firewall {
                    Firewall::Ufw => "ufw",
                    Firewall::Firewalld => "firewalld",
                };
                write!(
                    f,
                    "{name} is on: open TCP 6443, 2379 to 2380 and 10250 and UDP 8472 between the hosts, and let the networks \
                     of pods and services through."
                )
            }
            Self::Iptables(version) => write!(
                f,
                "iptables {version} adds rules again and again: update it, or set `prefer-bundled-bin` in `extra_config`."
            ),
            Self::Overrides(files) => write!(f, "{} override what is configured: remove them.", files.join(", ")),
        }
    }
}
