//! Nothing outlives the program that started it: a small shell waits at the end of a pipe. When the pipe closes,
//! because its owner was dropped or because the whole program was killed, it kills the process groups it was told of
//! and removes the directory.
//!
//! Tests share a cluster in a static, which Rust never drops, and a test run may be killed at any time: neither can
//! leave anything behind.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The last line read is the whole list of process groups; the end of input is the end of their lives.
const SCRIPT: &str = r#"
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
sh -c "$2" end "$1"
rm -rf -- "$1" || rm -rf -- "$1"
"#;

/// Owns a temporary directory and the process groups that live off it.
#[derive(Debug)]
pub struct Lifeline {
    directory: PathBuf,
    shell: Child,
    groups: Mutex<Vec<u32>>,
}

impl Lifeline {
    /// Makes a temporary directory whose name starts with `prefix`.
    ///
    /// # Errors
    /// If the directory cannot be made or the shell not started.
    pub fn start(prefix: &str) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix(prefix).tempdir()?;
        let lifeline = Self::of(directory.path(), "", Stdio::null())?;
        // The shell removes it from here on.
        let _ = directory.keep();
        Ok(lifeline)
    }

    /// The lifeline of a directory that is there already. Before it is removed, and after the process groups are
    /// killed, `end` is run as a shell script with the directory as its argument; `held` stays open until all is done.
    ///
    /// # Errors
    /// If the shell cannot be started.
    pub fn of(directory: &Path, end: &str, held: Stdio) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "lifeline"])
            .args([directory.as_os_str(), end.as_ref()])
            .stdin(Stdio::piped())
            .stdout(held)
            .stderr(Stdio::null())
            // A group of its own, so that Ctrl-C in the terminal does not reach it.
            .process_group(0)
            .spawn()?;
        Ok(Self {
            directory: directory.to_owned(),
            shell,
            groups: Mutex::default(),
        })
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Hands over a process group, named by the process id of its leader.
    ///
    /// # Errors
    /// If the shell is gone.
    pub fn adopt(&self, group: u32) -> io::Result<()> {
        self.tell(|groups| groups.push(group))
    }

    /// Forgets a process group that has ended, so that its number may go to another.
    ///
    /// # Errors
    /// If the shell is gone.
    pub fn release(&self, group: u32) -> io::Result<()> {
        self.tell(|groups| groups.retain(|other| *other != group))
    }

    fn tell(&self, change: impl FnOnce(&mut Vec<u32>)) -> io::Result<()> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut groups);
        let line = groups.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let mut pipe = self.shell.stdin.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        pipe.write_all(format!("{line}\n").as_bytes())
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        // Waiting closes the pipe first.
        let _ = self.shell.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_kills_adopted_groups_and_removes_the_directory() {
        let lifeline = Lifeline::start("lifeline-").unwrap();
        let directory = lifeline.directory().to_owned();
        fs::write(directory.join("file"), "x").unwrap();
        let mut child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        lifeline.adopt(child.id()).unwrap();
        drop(lifeline);
        assert!(!child.wait().unwrap().success());
        assert!(!directory.exists());
    }

    #[test]
    fn released_group_lives_on() {
        let lifeline = Lifeline::start("lifeline-").unwrap();
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        lifeline.adopt(child.id()).unwrap();
        lifeline.release(child.id()).unwrap();
        drop(lifeline);
        assert!(child.wait().unwrap().success(), "ends by itself when its input closes");
    }
}
