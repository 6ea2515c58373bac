//! The number of a lab: its network, its cgroup, its interface and its directory are named by it, so that labs at once
//! differ, and what a killed one has left can be found.
//!
//! Whoever holds the lock of a number owns everything named by it. The kernel lets go of a lock when its owners have
//! ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Where labs live. It goes with a reboot of the machine, and only root writes there.
const LABS: &str = "/run/cht-hosts";

/// Removes what is left of a lab; see there.
pub(super) const END: &str = include_str!("end.sh");

/// A number that no other lab has.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) number: u8,
    pub(super) directory: PathBuf,
    /// Held as long as anything of the lab is left.
    pub(super) lock: File,
}

impl Slot {
    /// Takes the first free number, and removes what labs have left whose owners are gone.
    pub(super) fn take() -> Result<Self> {
        fs::create_dir_all(LABS).with_context(|| format!("create {LABS}"))?;
        let mut taken = None;
        for number in 0..=u8::MAX {
            let directory = Path::new(LABS).join(number.to_string());
            if taken.is_some() && !directory.exists() {
                continue;
            }
            let path = directory.with_extension("lock");
            let lock = File::create(&path).with_context(|| format!("create {}", path.display()))?;
            if lock.try_lock().is_err() {
                continue;
            }
            if directory.exists() {
                sweep(&directory)?;
            }
            taken.get_or_insert(Slot {
                number,
                directory,
                lock,
            });
        }
        let Some(slot) = taken else {
            bail!("all {} numbers of labs are taken; see {LABS}", u32::from(u8::MAX) + 1);
        };
        fs::create_dir(&slot.directory).with_context(|| format!("create {}", slot.directory.display()))?;
        Ok(slot)
    }

    /// The name of its cgroup.
    pub(super) fn cgroup(&self) -> String {
        format!("cht-hosts-{}", self.number)
    }

    /// The name of its interface outside.
    pub(super) fn interface(&self) -> String {
        format!("cht-hosts{}", self.number)
    }
}

/// Removes everything of the lab that had this directory.
fn sweep(directory: &Path) -> Result<()> {
    let status = Command::new("sh")
        .args(["-c", END, "end"])
        .arg(directory)
        .status()
        .context("start sh")?;
    if !status.success() {
        bail!(
            "the lab that was in {} could not be removed ({status})",
            directory.display()
        );
    }
    fs::remove_dir_all(directory).with_context(|| format!("remove {}", directory.display()))
}
