//! In front of a provider: runs it with the same standard streams and writes down what it used.
//!
//! The command line starts a provider several times for each command, and each of the processes counts. The kernel
//! tells a parent what a child used once it has ended, so this is that parent; a script in the provider's place makes
//! it so.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// `cargo xtask measured-plugin`, which only a script of [`Measured`] calls.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The provider
    provider: PathBuf,
    /// Where one line is added for each process
    log: PathBuf,
}

/// What the processes of a provider used since the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Used {
    /// The peak memory of the largest one.
    pub(super) peak_kib: u64,
    /// The processor time of all of them.
    pub(super) processor: Duration,
}

/// A script that can be started in the place of a provider.
pub(super) struct Measured {
    directory: tempfile::TempDir,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let status = Command::new(&arguments.provider)
        .status()
        .with_context(|| format!("start {}", arguments.provider.display()))?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let line = format!("{} {}\n", usage.max_rss(), processor(&usage).as_micros());
    // One write, as several processes share the file.
    File::options()
        .append(true)
        .create(true)
        .open(&arguments.log)?
        .write_all(line.as_bytes())?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

impl Measured {
    pub(super) fn new(provider: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("cht-bench-").tempdir()?;
        let measured = Self { directory };
        let own = std::env::current_exe()?;
        let script = format!(
            "#!/bin/sh\nexec {own:?} measured-plugin {provider:?} {:?}\n",
            measured.log()
        );
        fs::write(measured.script(), script)?;
        fs::set_permissions(measured.script(), fs::Permissions::from_mode(0o755))?;
        Ok(measured)
    }

    /// What to start.
    pub(super) fn script(&self) -> PathBuf {
        self.directory.path().join("provider")
    }

    /// Takes what was written since the last call.
    pub(super) fn take(&self) -> Result<Used> {
        let text = fs::read_to_string(self.log()).context("no process of the provider came to a proper end")?;
        fs::remove_file(self.log())?;
        parse(&text)
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("used")
    }
}

fn parse(text: &str) -> Result<Used> {
    let mut used = Used::default();
    for line in text.lines() {
        let (peak, processor) = line.split_once(' ').context("a line has two numbers")?;
        used.peak_kib = used.peak_kib.max(peak.parse()?);
        used.processor += Duration::from_micros(processor.parse()?);
    }
    Ok(used)
}

fn processor(usage: &Usage) -> Duration {
    let duration = |time: TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(micros.unsigned_abs())
    };
    duration(usage.user_time()) + duration(usage.system_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_peak_and_all_processor_time_count() {
        let used = parse("9000 150\n20000 1000\n8000 50\n").unwrap();
        let expected = Used {
            peak_kib: 20000,
            processor: Duration::from_micros(1200),
        };
        assert_eq!(used, expected);
        assert!(parse("9000").is_err());
    }
}
