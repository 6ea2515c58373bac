//! Finds OpenSSH's programs, and installs them where that is possible. Who has to do without says so and is counted.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use nix::unistd::geteuid;

use crate::skip;

/// Where `sshd` empties the view of the processes that talk to strangers; without the folder, it does not start as
/// root.
const EMPTY: &str = "/run/sshd";

static SSHD: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let found = find("sshd").or_else(install);
    if found.is_some() && geteuid().is_root() {
        fs::create_dir_all(EMPTY).ok()?;
    }
    found
});

/// OpenSSH's server, if there is one, or if it can be installed.
pub fn sshd() -> Option<&'static Path> {
    SSHD.as_deref()
}

/// Whether there is OpenSSH here. If not, the test that asks [counts as skipped](skip), and should end.
pub fn available() -> bool {
    let is_there = sshd().is_some() && find("ssh-keygen").is_some();
    if !is_there {
        skip::skipped("there is no OpenSSH: apt-get install openssh-server openssh-client");
    }
    is_there
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    folders
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Installs the server from Debian's packages. It is not started: tests run their own.
fn install() -> Option<PathBuf> {
    if !geteuid().is_root() || find("apt-get").is_none() {
        return None;
    }
    for arguments in [
        &["update", "-qq"][..],
        &[
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "openssh-server",
            "openssh-client",
        ],
    ] {
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            // Nothing that a package brings is started.
            .env("RUNLEVEL", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    find("sshd")
}
