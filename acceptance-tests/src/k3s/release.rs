//! Which version of k3s the program poses as: a stamp at the end of its file. So two releases are two files with
//! different hashes, and what a file says about itself travels with it.

use std::env;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use semver::Version;

use super::host;

/// What stands before the version at the end of the file.
const MARK: &str = "\nK3S_VERSION_STAMP=";

/// The version of a file without a stamp: the one that the lab's API server is built from.
const UNSTAMPED: &str = "v1.36.3+k3s1";

/// The other names of the unpacked program, each a command of it.
const LINKS: [&str; 3] = ["kubectl", "crictl", "ctr"];

/// Where the stamp is looked for: more than the longest one takes.
const TAIL: u64 = 96;

/// Writes a copy of the program that poses as a version, such as `v1.36.2+k3s1`.
///
/// # Errors
/// If a file cannot be read or written.
pub fn stamp(program: &Path, version: &str, destination: &Path) -> Result<()> {
    fs::copy(program, destination).with_context(|| format!("copy to {}", destination.display()))?;
    // What only a debugger reads makes most of the file. Without the tool the copy is larger, no more.
    let _ = Command::new("strip").arg(destination).stderr(Stdio::null()).status();
    let mut file = File::options().append(true).open(destination)?;
    file.write_all(format!("{MARK}{version}\n").as_bytes())?;
    fs::set_permissions(destination, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The version that this program poses as.
pub(super) fn version() -> String {
    read_stamp(Path::new("/proc/self/exe")).unwrap_or_else(|| UNSTAMPED.to_owned())
}

/// The same without what k3s adds to it, to compare with.
pub(super) fn kubernetes_version() -> Version {
    Version::parse(version().trim_start_matches('v')).unwrap_or(Version::new(1, 36, 3))
}

/// Unpacks the program below the data directory, as the real one does with its payload: `data/current` leads to it,
/// `data/previous` to the one before. The path of the unpacked program is the answer, unless this is that program.
pub(super) fn unpack(data: &Path) -> Result<Option<PathBuf>> {
    let own = env::current_exe().context("find this program")?;
    let data = data.join("data");
    if own.starts_with(&data) {
        return Ok(None);
    }
    let length = fs::metadata(&own)?.len();
    let name = super::certificates::sha256_hex(format!("{}{length}", version()).as_bytes());
    let directory = data.join(&name);
    let program = directory.join("bin/k3s");
    if !program.is_file() {
        super::log::info(&format!("Preparing data dir {}", directory.display()));
        fs::create_dir_all(directory.join("bin"))?;
        let part = directory.join("bin/k3s.part");
        fs::copy(&own, &part).with_context(|| format!("failed to unpack to {}", directory.display()))?;
        for name in LINKS {
            symlink("k3s", directory.join("bin").join(name)).ok();
        }
        fs::rename(&part, &program)?;
    }
    let current = data.join("current");
    if let Ok(before) = fs::read_link(&current)
        && before != directory
    {
        link(&before, &data.join("previous"))?;
    }
    link(&directory, &current)?;
    Ok(Some(program))
}

/// The directory of the unpacked program, which the real one tells its processes.
pub(super) fn unpacked_directory() -> Result<String> {
    let own = env::current_exe()?;
    let directory = own.ancestors().nth(2).unwrap_or(Path::new("/"));
    Ok(directory.display().to_string())
}

/// Points a symbolic link elsewhere, at once.
fn link(target: &Path, link: &Path) -> Result<()> {
    let part = link.with_extension("part");
    let _ = fs::remove_file(&part);
    symlink(target, &part)?;
    fs::rename(&part, link).with_context(|| format!("failed to link {}", link.display()))
}

fn read_stamp(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let tail = String::from_utf8_lossy(&tail);
    Some(tail.rsplit_once(MARK)?.1.trim_end().to_owned())
}

/// Where a program finds the configuration when nobody says otherwise.
pub(super) fn default_data_directory() -> PathBuf {
    host::path("/var/lib/rancher/k3s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamp_is_read_from_the_file_and_makes_another_file() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("program");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        let [one, two] = ["one", "two"].map(|name| directory.path().join(name));
        stamp(&program, "v1.35.4+k3s1", &one).unwrap();
        stamp(&program, "v1.36.0+k3s2", &two).unwrap();
        assert_eq!(read_stamp(&one).as_deref(), Some("v1.35.4+k3s1"));
        assert_ne!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
        assert_eq!(read_stamp(&program), None);
    }

    #[test]
    fn program_is_unpacked_once_and_linked() {
        let directory = tempfile::tempdir().unwrap();
        let program = unpack(directory.path()).unwrap().expect("the test is not unpacked");
        assert_eq!(
            fs::read_link(directory.path().join("data/current")).unwrap(),
            program.ancestors().nth(2).unwrap()
        );
        assert_eq!(unpack(directory.path()).unwrap(), Some(program));
        assert!(!directory.path().join("data/previous").exists());
    }
}
