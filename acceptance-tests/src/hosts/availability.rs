//! Whether hosts can run on this machine.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::skip;
use crate::tools::on_path;

/// The programs that hosts need, and the packages of Debian that have them.
const PROGRAMS: [(&str, &str); 7] = [
    ("systemd-nspawn", "systemd-container"),
    ("debootstrap", "debootstrap"),
    ("setpriv", "util-linux"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
];

/// Why hosts cannot run here, if they cannot.
pub fn missing() -> Option<String> {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    MISSING.get_or_init(look).clone()
}

/// Whether hosts can run here. If not, the test that asks [counts as skipped](skip), and should end.
pub fn available() -> bool {
    match missing() {
        None => true,
        Some(reason) => {
            skip::skipped(&reason);
            false
        }
    }
}

fn look() -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("hosts need root".to_owned());
    }
    for (program, package) in PROGRAMS {
        if on_path(program).is_none() {
            return Some(format!("hosts need {program}: apt-get install {package}"));
        }
    }
    // All that a host is made of, short of the host.
    let attempt = Command::new("unshare")
        .args(["--pid", "--fork", "--mount", "--net", "--mount-proc", "sh", "-ec"])
        .arg(
            "mount -t tmpfs tmpfs /tmp
            mkdir /tmp/lower /tmp/upper /tmp/work /tmp/root /tmp/cgroup
            mount -t overlay -o lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work overlay /tmp/root
            mount -t cgroup2 cgroup2 /tmp/cgroup
            ip link add outer type bridge
            ip link add here type veth peer name there",
        )
        .stdin(Stdio::null())
        .output();
    match attempt {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!(
            "hosts need namespaces, overlayfs, cgroup v2, bridges and veth: {}",
            String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ")
        )),
        Err(error) => Some(format!("hosts need unshare: {error}")),
    }
}
