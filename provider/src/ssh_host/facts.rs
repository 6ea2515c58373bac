//! What the probe tells of a host, as values.

use std::collections::BTreeMap;

/// The script that prints the facts.
pub(super) const PROBE: &str = include_str!("probe.sh");

/// What there is to know of a host. What it does not tell is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) uid: Option<i64>,
    pub(super) os: Option<String>,
    pub(super) os_id: Option<String>,
    pub(super) os_version: Option<String>,
    pub(super) kernel: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) machine_id: Option<String>,
    pub(super) cpus: Option<i64>,
    pub(super) memory_mib: Option<i64>,
    pub(super) swap_mib: Option<i64>,
    pub(super) disk_free_mib: Option<i64>,
    pub(super) cgroup_version: Option<i64>,
    pub(super) has_memory_cgroup: bool,
    pub(super) systemd: Option<String>,
    pub(super) firewall: Option<String>,
    pub(super) has_nm_cloud_setup: bool,
    pub(super) has_default_route: bool,
    pub(super) has_overlay: bool,
    pub(super) has_br_netfilter: bool,
    pub(super) selinux: Option<String>,
    pub(super) iptables: Option<String>,
    /// Its clock, in seconds since 1970.
    pub(super) time: Option<i64>,
}

impl Facts {
    /// Reads what the probe printed. Lines that are none of its, as those of a greeting, are passed over.
    pub(super) fn parse(text: &str) -> Self {
        let lines: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name, value.trim()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let word = |name| lines.get(name).map(|value| (*value).to_owned());
        let number = |name| lines.get(name).and_then(|value| value.parse::<i64>().ok());
        let mebibytes = |name| number(name).map(|kibibytes| kibibytes / 1024);
        let yes = |name| lines.get(name) == Some(&"yes");
        Facts {
            uid: number("uid"),
            os: word("os"),
            os_id: word("os_id"),
            os_version: word("os_version"),
            kernel: word("kernel"),
            architecture: word("architecture"),
            hostname: word("hostname"),
            machine_id: word("machine_id"),
            cpus: number("cpus"),
            memory_mib: mebibytes("memory_kib"),
            swap_mib: mebibytes("swap_kib"),
            disk_free_mib: mebibytes("disk_free_kib"),
            cgroup_version: number("cgroup_version"),
            has_memory_cgroup: yes("memory_cgroup"),
            systemd: word("systemd"),
            firewall: word("firewall"),
            has_nm_cloud_setup: yes("nm_cloud_setup"),
            has_default_route: yes("default_route"),
            has_overlay: yes("overlay"),
            has_br_netfilter: yes("br_netfilter"),
            selinux: word("selinux"),
            iptables: word("iptables"),
            time: number("time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_line_by_line_and_what_is_not_told_is_none() {
        let text = "Welcome = to the host\nuid=0\nos=Debian GNU/Linux 12 (bookworm)\nmemory_kib=4028136\nswap_kib=0\n\
                    machine_id=\ncgroup_version=2\nmemory_cgroup=yes\ncpus=two\ntime=1800000000\n";
        let facts = Facts::parse(text);
        assert_eq!(
            (facts.uid, facts.memory_mib, facts.swap_mib),
            (Some(0), Some(3933), Some(0))
        );
        assert_eq!(facts.os.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!((facts.machine_id, facts.cpus), (None, None));
        assert!(facts.has_memory_cgroup && !facts.has_overlay);
    }
}
