//! A program that serves something, as a process of ours on loopback: it prints its address when it listens, and its
//! log says why it ended if it does.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cluster::wait;
use crate::lifeline::Lifeline;

/// How long it may take to answer for the first time.
const START: Duration = Duration::from_secs(120);

/// How many lines of a log are shown.
const SHOWN_LINES: usize = 30;

/// What the program prints, and what it says otherwise.
const PRINTED: &str = "address";
const LOG: &str = "program.log";

/// A running program. It ends, with its files, when it is dropped, and also when we end in any other way.
#[derive(Debug)]
pub(crate) struct Served {
    /// What it is, for people.
    what: &'static str,
    child: Mutex<Child>,
    address: String,
    lifeline: Lifeline,
}

impl Served {
    /// Starts a program in the directory of its lifeline, and waits until it listens.
    ///
    /// # Errors
    /// It does not start, or ends; the error has the end of its log.
    pub(crate) async fn start(what: &'static str, mut program: Command, lifeline: Lifeline) -> Result<Self> {
        let directory = lifeline.directory();
        let child = program
            .current_dir(directory)
            // What it writes goes with the directory.
            .env("TMPDIR", directory)
            .stdin(Stdio::null())
            .stdout(File::create(directory.join(PRINTED))?)
            .stderr(File::create(directory.join(LOG))?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {}", program.get_program().display()))?;
        lifeline.adopt(child.id())?;
        let mut served = Self {
            what,
            child: Mutex::new(child),
            address: String::new(),
            lifeline,
        };
        let awaited = format!("{what} to listen");
        let waited = wait::until(&awaited, START, || {
            let ended = served.check();
            let printed = fs::read_to_string(served.directory().join(PRINTED)).unwrap_or_default();
            async move {
                match (ended, printed.strip_suffix('\n')) {
                    (Err(error), _) => Ok(Err(error)),
                    (Ok(()), Some(address)) => Ok(Ok(address.to_owned())),
                    (Ok(()), None) => Err("it printed no address".to_owned()),
                }
            }
        });
        served.address = waited.await??;
        Ok(served)
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The process id, which is also that of its process group.
    pub(crate) fn pid(&self) -> u32 {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    /// The folder with its files.
    pub(crate) fn directory(&self) -> &Path {
        self.lifeline.directory()
    }

    /// Fails if it has ended, with the end of its log.
    pub(crate) fn check(&self) -> Result<()> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        match child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended ({status}), which is no fault of the provider:\n{}",
                self.what,
                last_words(&fs::read_to_string(self.directory().join(LOG)).unwrap_or_default())
            ),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Why a program ended: what it panicked with, or else the end of its log.
fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let panicked = lines.iter().position(|line| line.contains("panic:"));
    let start = panicked.unwrap_or(lines.len().saturating_sub(SHOWN_LINES));
    let shown = lines.iter().skip(start).take(SHOWN_LINES);
    shown.copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_begin_with_the_panic() {
        let log = format!("{}2026/11/22 panic: no lock\n\ngoroutine 1", "line\n".repeat(50));
        assert_eq!(last_words(&log), "2026/11/22 panic: no lock\n\ngoroutine 1");
        assert_eq!(last_words(&"line\n".repeat(50)).lines().count(), SHOWN_LINES);
        assert_eq!(last_words("one\ntwo"), "one\ntwo");
    }
}
