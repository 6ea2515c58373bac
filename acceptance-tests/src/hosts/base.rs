//! The tree that all hosts share: a small Debian, made once by `debootstrap` into the cache of the tools.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::tools::build::{self, Progress};
use crate::tools::{cache_directory, recipe};

/// How the tree is made.
const SCRIPT: &str = include_str!("base.sh");

/// How many lines of a failed build's log are shown.
const SHOWN_LINES: usize = 20;

/// The tree, which is made first if it is not in the cache. A changed recipe makes another.
pub(super) fn tree() -> Result<PathBuf> {
    let cache = cache_directory()?;
    let key = recipe::key("hosts", "bookworm", SCRIPT);
    let directory = cache.join(&key);
    if directory.is_dir() {
        return Ok(directory);
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let label = "Debian for the lab's hosts";
    let _lock = build::lock(&cache.join(format!("{key}.lock")), label)?;
    // Another process may have made it while this one waited for the lock.
    if !directory.is_dir() {
        let log = cache.join(format!("{key}.log"));
        let scratch = tempfile::Builder::new().prefix("build-").tempdir_in(&cache)?;
        let _progress = Progress::start(label);
        let output = File::create(&log)?;
        let tree = scratch.path().join("tree");
        // What is mounted in the tree meanwhile ends with the script.
        let status = Command::new("unshare")
            .args(["--mount", "nice", "sh", "-c", SCRIPT, "base"])
            .arg(&tree)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()
            .context("start sh")?;
        if !status.success() {
            bail!(
                "debootstrap failed ({status})\n{}\nThe whole log: {}",
                build::tail(&log, SHOWN_LINES),
                log.display()
            );
        }
        fs::rename(&tree, &directory).with_context(|| format!("move into {}", directory.display()))?;
        fs::remove_file(&log)?;
    }
    Ok(directory)
}
