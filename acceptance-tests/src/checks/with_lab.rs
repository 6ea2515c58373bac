//! The tests that need the lab.
//!
//! Clusters, hosts and machines share a few processors there, so that now and then one of hundreds of tests waits too
//! long for something. The few that fail are therefore tried once more, alone. Those that pass then are named at the
//! end of the run: they are to be looked at, and are no reason to stop. The judges compare values, which takes no
//! patience: what fails there is wrong.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use acceptance_tests::{hosts, skip, tools};

use super::{build_provider, cargo_command};

/// If more than these fail, it is no coincidence.
const MOST_RETRIED: usize = 5;

/// Runs the tests of these targets whose name contains the filter, and answers what is to be known beyond that they
/// have passed.
pub(super) fn run(targets: &[&str], filter: Option<&str>) -> Result<Vec<String>> {
    // Built before the tests start, where the progress can be seen.
    tools::all()?;
    if hosts::missing().is_none() {
        hosts::prepare()?;
    }
    let provider = build_provider()?;
    let skipped = tempfile::NamedTempFile::new()?;
    let tests = Tests {
        provider: &provider,
        skipped: skipped.path(),
    };
    let mut notes = Vec::new();
    let mut failures = Vec::new();
    for target in targets {
        match tests.run(target, filter) {
            Ok(retried) => notes.extend(retried),
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    notes.extend(skip::summary(&fs::read_to_string(skipped.path())?));
    Ok(notes)
}

/// What all tests are told.
struct Tests<'a> {
    provider: &'a Path,
    /// Where those that cannot run here say so.
    skipped: &'a Path,
}

impl Tests<'_> {
    /// Runs the tests of one target, and says which of them passed only when they were tried again.
    fn run(&self, target: &str, filter: Option<&str>) -> Result<Option<String>> {
        // They wait for the cluster most of the time, so more of them run at once than there are processors.
        let selection: Vec<&str> = filter.into_iter().chain(["--test-threads=8"]).collect();
        let failed = match self.attempt(target, &selection)? {
            Outcome::Passed => return Ok(None),
            Outcome::Failed(tests) if target != "judges" && (1..=MOST_RETRIED).contains(&tests.len()) => tests,
            Outcome::Failed(tests) => bail!("{} tests of {target} failed: {}", tests.len(), tests.join(", ")),
        };
        println!("==> Once more, alone: {}", failed.join(", "));
        let selection: Vec<&str> = failed
            .iter()
            .map(String::as_str)
            .chain(["--exact", "--test-threads=1"])
            .collect();
        match self.attempt(target, &selection)? {
            Outcome::Passed => Ok(Some(format!(
                "Passed only when tried again, alone: {} (of {target})",
                failed.join(", ")
            ))),
            Outcome::Failed(tests) => bail!("tests of {target} failed twice: {}", tests.join(", ")),
        }
    }

    /// Runs tests of a target, and shows what they say.
    fn attempt(&self, target: &str, selection: &[&str]) -> Result<Outcome> {
        let mut command = cargo_command(&["test", "--workspace", "--test", target]);
        command
            .args(["--", "--ignored"])
            .args(selection)
            .env("CHT_PROVIDER_BINARY", self.provider)
            .env(skip::LIST, self.skipped);
        let mut child = command.stdout(Stdio::piped()).spawn().context("start cargo test")?;
        let output = child.stdout.take().context("the output is a pipe")?;
        let mut tests = Vec::new();
        for line in BufReader::new(output).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            tests.extend(failed_test(&line).map(str::to_owned));
        }
        Ok(match child.wait()?.success() {
            true => Outcome::Passed,
            false => Outcome::Failed(tests),
        })
    }
}

/// How tests ended.
enum Outcome {
    Passed,
    /// These failed; none if they did not even start.
    Failed(Vec<String>),
}

/// The test that has failed as a line of the test runner says.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_found_in_what_the_runner_says() {
        assert_eq!(failed_test("test drift::a_label ... FAILED"), Some("drift::a_label"));
        for line in [
            "test drift::a_label ... ok",
            "test drift::a_label has been running for over 60 seconds",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
            "    drift::a_label",
        ] {
            assert_eq!(failed_test(line), None, "{line}");
        }
    }
}
