//! Whether a host is fit for k3s, with CHT on it: problems, with which it does not work, and warnings, with which it
//! may not.
//!
//! The numbers are those of [k3s](https://docs.k3s.io/installation/requirements) for an agent, and CHT's own for a host
//! of its smallest kind.

use super::facts::Facts;

/// What k3s needs for an agent alone.
const LEAST_MEMORY_MIB: i64 = 512;

/// What CHT asks for where it is tried out: 4 GB of memory, 2 CPUs, 8 GB on the disk. Of the memory, the kernel keeps a
/// part.
const MEMORY_MIB: i64 = 3_600;
const CPUS: i64 = 2;
const DISK_MIB: i64 = 8_000;

/// How far clocks may be apart before certificates and etcd fail.
const SKEW_SECONDS: i64 = 2;

/// What is wrong with a host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fitness {
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Fitness {
    /// Judges a host by its facts, and by how far its clock is from ours.
    pub(super) fn of(facts: &Facts, skew_seconds: Option<i64>) -> Self {
        let mut fitness = Fitness::default();
        fitness.judge_system(facts);
        fitness.judge_kernel(facts);
        fitness.judge_hardware(facts);
        fitness.judge_network(facts);
        if let Some(skew) = skew_seconds.filter(|skew| skew.abs() > SKEW_SECONDS) {
            fitness.problem(format!(
                "Its clock is {} s {} that of this machine: set up time synchronization on both.",
                skew.abs(),
                if skew > 0 { "ahead of" } else { "behind" }
            ));
        }
        fitness
    }

    /// Adds a problem that was met on the way.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn warning(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    fn judge_system(&mut self, facts: &Facts) {
        if facts.uid.is_some_and(|uid| uid != 0) {
            self.problem("The user is not root and does not become it: set `sudo`, or log in as root.");
        }
        if facts.systemd.is_none() {
            self.problem("It has no systemd, which is to run k3s.");
        }
        let architecture = facts.architecture.as_deref().unwrap_or("unknown");
        if !["x86_64", "aarch64"].contains(&architecture) {
            self.problem(format!(
                "Its architecture is {architecture}: the images of CHT are made for x86_64 and aarch64."
            ));
        }
        let hostname = facts.hostname.as_deref().unwrap_or_default();
        if hostname.is_empty() || hostname.starts_with("localhost") {
            self.problem("It is called `localhost`: nodes of a cluster need names of their own.");
        }
        if facts.machine_id.is_none() {
            self.warning("It has no machine ID (/etc/machine-id): `systemd-machine-id-setup` makes one.");
        }
        if facts.has_nm_cloud_setup {
            self.problem(
                "nm-cloud-setup is enabled, which breaks the network of pods: `systemctl disable nm-cloud-setup`.",
            );
        }
        if facts.selinux.as_deref() == Some("Enforcing") {
            self.warning("SELinux is enforcing: k3s needs the package k3s-selinux.");
        }
    }

    fn judge_kernel(&mut self, facts: &Facts) {
        if !facts.has_memory_cgroup {
            self.problem("The kernel does not limit memory by cgroup: add `cgroup_enable=memory` to its command line.");
        }
        if facts.cgroup_version == Some(1) {
            self.warning("It has version 1 of cgroups, with which k3s 1.35 and later do not start by default.");
        }
        for (is_there, module) in [(facts.has_overlay, "overlay"), (facts.has_br_netfilter, "br_netfilter")] {
            if !is_there {
                self.problem(format!("The kernel has no module `{module}`."));
            }
        }
        if facts.swap_mib.is_some_and(|swap| swap > 0) {
            self.warning("It swaps memory to the disk, so limits of memory do not hold: `swapoff -a`.");
        }
    }

    fn judge_hardware(&mut self, facts: &Facts) {
        match facts.memory_mib {
            Some(memory) if memory < LEAST_MEMORY_MIB => {
                self.problem(format!(
                    "It has {memory} MiB of memory: k3s needs {LEAST_MEMORY_MIB} MiB, and CHT 4 GB."
                ));
            }
            Some(memory) if memory < MEMORY_MIB => {
                self.warning(format!("It has {memory} MiB of memory: CHT needs 4 GB."));
            }
            Some(_) | None => {}
        }
        if let Some(cpus) = facts.cpus.filter(|cpus| *cpus < CPUS) {
            self.warning(format!("It has {cpus} CPU: CHT, and a server of k3s, need {CPUS}."));
        }
        if let Some(free) = facts.disk_free_mib.filter(|free| *free < DISK_MIB) {
            self.warning(format!(
                "There are {free} MiB free below /var/lib: CHT needs 8 GB to begin with."
            ));
        }
    }

    fn judge_network(&mut self, facts: &Facts) {
        if !facts.has_default_route {
            self.problem("It has no default route, without which k3s does not start; a route to nowhere will do.");
        }
        if let Some(firewall) = &facts.firewall {
            self.warning(format!(
                "The firewall {firewall} is active: the hosts of a cluster need TCP 6443, 2379, 2380 and 10250 and UDP 8472 \
                 between them."
            ));
        }
        if facts.iptables.as_deref().is_some_and(is_broken_iptables) {
            self.warning(
                "Its iptables is one of 1.8.0 to 1.8.4, which doubles rules: set `prefer-bundled-bin` for k3s.",
            );
        }
    }
}

/// Whether this is one of the releases that add rules again and again.
fn is_broken_iptables(version: &str) -> bool {
    let patch = version.trim_start_matches('v').strip_prefix("1.8.");
    patch.is_some_and(|patch| patch.parse::<u32>().is_ok_and(|patch| patch <= 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> Facts {
        Facts {
            uid: Some(0),
            architecture: Some("x86_64".to_owned()),
            hostname: Some("h1".to_owned()),
            machine_id: Some("4d9c".to_owned()),
            cpus: Some(2),
            memory_mib: Some(3_900),
            swap_mib: Some(0),
            disk_free_mib: Some(20_000),
            cgroup_version: Some(2),
            has_memory_cgroup: true,
            systemd: Some("252".to_owned()),
            has_default_route: true,
            has_overlay: true,
            has_br_netfilter: true,
            iptables: Some("v1.8.9".to_owned()),
            ..Facts::default()
        }
    }

    #[test]
    fn host_of_the_smallest_kind_is_fit() {
        assert_eq!(Fitness::of(&fit(), Some(2)), Fitness::default());
        assert_eq!(Fitness::of(&fit(), None), Fitness::default());
    }

    #[test]
    fn each_shortcoming_is_a_problem_or_a_warning_with_what_to_do() {
        type Change = fn(&mut Facts);
        let problems: [(Change, &str); 10] = [
            (|facts| facts.uid = Some(1000), "set `sudo`"),
            (|facts| facts.systemd = None, "no systemd"),
            (|facts| facts.architecture = Some("riscv64".to_owned()), "riscv64"),
            (
                |facts| facts.hostname = Some("localhost.localdomain".to_owned()),
                "names of their own",
            ),
            (
                |facts| facts.has_nm_cloud_setup = true,
                "systemctl disable nm-cloud-setup",
            ),
            (|facts| facts.has_memory_cgroup = false, "cgroup_enable=memory"),
            (|facts| facts.has_overlay = false, "`overlay`"),
            (|facts| facts.has_br_netfilter = false, "`br_netfilter`"),
            (|facts| facts.memory_mib = Some(400), "400 MiB of memory"),
            (|facts| facts.has_default_route = false, "default route"),
        ];
        let warnings: [(Change, &str); 9] = [
            (|facts| facts.machine_id = None, "systemd-machine-id-setup"),
            (|facts| facts.selinux = Some("Enforcing".to_owned()), "k3s-selinux"),
            (|facts| facts.cgroup_version = Some(1), "1.35"),
            (|facts| facts.swap_mib = Some(1), "swapoff"),
            (|facts| facts.memory_mib = Some(2_000), "CHT needs 4 GB"),
            (|facts| facts.cpus = Some(1), "1 CPU"),
            (|facts| facts.disk_free_mib = Some(7_000), "7000 MiB free"),
            (|facts| facts.firewall = Some("ufw".to_owned()), "6443"),
            (|facts| facts.iptables = Some("v1.8.4".to_owned()), "prefer-bundled-bin"),
        ];
        for (changes, is_problem) in [(&problems[..], true), (&warnings[..], false)] {
            for (change, part) in changes {
                let mut facts = fit();
                change(&mut facts);
                let found = Fitness::of(&facts, None);
                let (one, other) = if is_problem {
                    (found.problems, found.warnings)
                } else {
                    (found.warnings, found.problems)
                };
                assert!(
                    one.len() == 1 && one[0].contains(part) && other.is_empty(),
                    "{part}: {one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn clock_that_is_off_is_a_problem_in_either_direction() {
        let problem = |skew| Fitness::of(&fit(), Some(skew)).problems.concat();
        assert!(problem(3).contains("3 s ahead of"));
        assert!(problem(-90).contains("90 s behind"));
    }
}
