//! Numbers as people read them: Markdown tables, and whether targets hold.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, ensure};

/// A limit, and what was measured.
pub(super) struct Target {
    what: &'static str,
    unit: &'static str,
    measured: f64,
    limit: f64,
}

impl Target {
    pub(super) fn below(what: &'static str, unit: &'static str, measured: f64, limit: f64) -> Self {
        Self {
            what,
            unit,
            measured,
            limit,
        }
    }

    fn holds(&self) -> bool {
        self.measured < self.limit
    }
}

/// Fails if there is a target that is not met.
pub(super) fn verdict(targets: &[Target]) -> Result<()> {
    let missed = targets.iter().filter(|target| !target.holds()).count();
    ensure!(missed == 0, "{missed} of {} targets are missed", targets.len());
    Ok(())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            unit,
            measured,
            limit,
        } = self;
        let verdict = if self.holds() { "holds" } else { "MISSED" };
        write!(f, "- {verdict}: {what}: {measured:.1} {unit} (below {limit:.0} {unit})")
    }
}

/// Prints a Markdown table.
pub(super) fn print_table(head: &[&str], rows: &[Vec<String>]) {
    println!("| {} |", head.join(" | "));
    println!("|{}", " --- |".repeat(head.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

pub(super) fn mib(kib: u64) -> String {
    format!("{:.1}", kib as f64 / 1024.0)
}

pub(super) fn ratio(ours: Duration, peer: Duration) -> String {
    format!("{:.2}", ours.as_secs_f64() / peer.as_secs_f64())
}

/// The middle one; of an even number the upper of the two.
pub(super) fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort();
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_sample_does_not_count() {
        let samples = [3, 1, 900].map(Duration::from_millis);
        assert_eq!(median(samples.into()), Duration::from_millis(3));
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }

    #[test]
    fn target_says_whether_it_holds() {
        let missed = Target::below("no-change plan of 50", "s", 1.25, 1.0);
        assert_eq!(missed.to_string(), "- MISSED: no-change plan of 50: 1.2 s (below 1 s)");
        assert!(
            Target::below("binary", "MB", 29.9, 30.0)
                .to_string()
                .starts_with("- holds")
        );
    }

    #[test]
    fn a_missed_target_is_a_failure() {
        let target = |measured| Target::below("binary", "MB", measured, 30.0);
        assert!(verdict(&[]).is_ok() && verdict(&[target(29.9)]).is_ok());
        let failed = verdict(&[target(29.9), target(f64::NAN), target(30.0)]).unwrap_err();
        assert_eq!(failed.to_string(), "2 of 3 targets are missed");
    }
}
