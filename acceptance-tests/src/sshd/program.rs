//! Finds OpenSSH's programs, and installs them where that is possible. Who has to do without says so and is counted.

use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use nix::unistd::geteuid;

/// Where `sshd` empties the view of the processes that talk to strangers; without the folder, it does not start as root.
const EMPTY: &str = "/run/sshd";

/// Names the file that collects a line for each test that was skipped.
pub const SKIPPED: &str = "CHT_SKIPPED_TESTS";

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

/// Whether a test has to be skipped because there is no `sshd`; then it says so.
pub fn is_missing(test: &str) -> bool {
    if sshd().is_some() && find("ssh-keygen").is_some() {
        return false;
    }
    skip(
        test,
        "it needs OpenSSH: install the packages openssh-server and openssh-client",
    );
    true
}

/// Says that a test is skipped, and notes it where the run counts such tests.
fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED {test}: {reason}\n");
    // Past the test runner, which shows the output of failed tests only.
    let _ = File::options()
        .append(true)
        .open("/dev/stderr")
        .and_then(|mut out| out.write_all(line.as_bytes()));
    if let Some(list) = env::var_os(SKIPPED) {
        let list = File::options().create(true).append(true).open(list);
        let _ = list.and_then(|mut list| list.write_all(line.as_bytes()));
    }
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
