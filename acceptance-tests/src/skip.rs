//! Tests that cannot run on this machine: each says so, and `cargo xtask test` counts them at the end.
//!
//! The test runner knows no tests that find out for themselves, so to it they have passed.

use std::env;
use std::fs::File;
use std::io::{Write, stderr};
use std::thread;

/// The variable that names the file to which a line is added for each skipped test.
pub const LIST: &str = "CHT_SKIPPED_TESTS";

/// Takes down that the running test is skipped. It should end then.
///
/// # Panics
/// If the list cannot be written: a test that is skipped in silence looks like one that passes.
#[expect(clippy::expect_used, reason = "see above")]
pub fn skipped(reason: &str) {
    let thread = thread::current();
    // The runner gives each thread the name of its test.
    let test = thread.name().unwrap_or("a test");
    // Written past the runner, which shows what a test prints only if it fails.
    writeln!(stderr(), "{test} is skipped: {reason}").expect("stderr can be written");
    if let Some(path) = env::var_os(LIST) {
        let mut list = File::options()
            .create(true)
            .append(true)
            .open(path)
            .expect("the list can be opened");
        list.write_all(format!("{reason}\n").as_bytes())
            .expect("the list can be written");
    }
}

/// What a list says: for each reason, how many tests were skipped.
pub fn summary(list: &str) -> Vec<String> {
    let mut reasons: Vec<&str> = list.lines().collect();
    reasons.sort_unstable();
    let groups = reasons.chunk_by(|one, other| one == other);
    groups
        .filter_map(|group| {
            let tests = if group.len() == 1 { "test" } else { "tests" };
            Some(format!("{} {tests} skipped: {}", group.len(), group.first()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_counts_the_tests_of_each_reason() {
        let list = "hosts need root\nno terraform\nhosts need root\n";
        assert_eq!(
            summary(list),
            ["2 tests skipped: hosts need root", "1 test skipped: no terraform"]
        );
    }

    #[test]
    fn nothing_skipped_is_nothing_said() {
        assert!(summary("").is_empty());
    }
}
