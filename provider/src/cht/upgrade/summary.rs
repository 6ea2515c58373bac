//! How far an upgrade is, in the few words that users of an instance care for.
//!
//! The CHT shows an upgrade until it is over; of one that is over only its log tells how it ended.

use super::log::{UpgradeLog, UpgradeState, Upgrades};

/// The state of an instance's upgrades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The word.
    pub state: String,
    /// The version that the upgrade leads to; none while nothing is going on.
    pub version: Option<String>,
    /// How far the indexes are, in percent; none while none are built.
    pub progress: Option<u64>,
}

impl Summary {
    /// Sums up what the CHT shows, or else the newest document of its log; `running` is the version that runs.
    #[must_use]
    pub fn of(upgrades: &Upgrades, last: Option<&UpgradeLog>, running: &str) -> Self {
        // What failed is of no interest any more once its version was installed in another way.
        let failed = last.filter(|last| last.state == UpgradeState::Errored && last.to.version != running);
        let Some(log) = upgrades.upgrade_doc.as_ref().or(failed) else {
            return Self::idle();
        };
        let state = match &log.state {
            UpgradeState::Finalized | UpgradeState::Aborted => return Self::idle(),
            UpgradeState::Initiated | UpgradeState::Staged => "staging".to_owned(),
            UpgradeState::Completing | UpgradeState::Complete | UpgradeState::Finalizing => "finalizing".to_owned(),
            state @ (UpgradeState::Indexing
            | UpgradeState::Indexed
            | UpgradeState::Aborting
            | UpgradeState::Errored
            | UpgradeState::Interrupted
            | UpgradeState::Other(_)) => state.to_string(),
        };
        let progress = upgrades.progress().filter(|_| log.state == UpgradeState::Indexing);
        Summary {
            state,
            version: Some(log.to.version.clone()),
            // A percentage is between 0 and 100, whatever the CHT says.
            progress: progress.map(|percent| percent.clamp(0.0, 100.0) as u64),
        }
    }

    fn idle() -> Self {
        Summary {
            state: "idle".to_owned(),
            version: None,
            progress: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn log(state: &str) -> Value {
        json!({ "action": "stage", "state": state, "to": { "version": "5.3.1" } })
    }

    fn summary(shown: Value, last: Option<&str>, running: &str) -> (String, Option<String>, Option<u64>) {
        let upgrades: Upgrades = serde_json::from_value(shown).unwrap();
        let last = last.map(|state| serde_json::from_value(log(state)).unwrap());
        let Summary {
            state,
            version,
            progress,
        } = Summary::of(&upgrades, last.as_ref(), running);
        (state, version, progress)
    }

    #[test]
    fn what_is_going_on_is_told_with_its_version() {
        for (state, expected) in [
            ("initiated", "staging"),
            ("staged", "staging"),
            ("indexing", "indexing"),
            ("indexed", "indexed"),
            ("completing", "finalizing"),
            ("complete", "finalizing"),
            ("finalizing", "finalizing"),
            ("aborting", "aborting"),
            ("interrupted", "interrupted"),
            ("thinking", "thinking"),
        ] {
            let found = summary(json!({ "upgradeDoc": log(state) }), None, "5.2.0");
            assert_eq!(found, (expected.to_owned(), Some("5.3.1".to_owned()), None), "{state}");
        }
    }

    #[test]
    fn progress_is_told_only_while_indexes_are_built() {
        let indexers = json!([{ "database": "medic", "ddoc": ":staged:medic", "progress": 40.7 }]);
        let shown = |state: &str| json!({ "upgradeDoc": log(state), "indexers": indexers });
        assert_eq!(summary(shown("indexing"), None, "5.2.0").2, Some(40));
        assert_eq!(summary(shown("staged"), None, "5.2.0").2, None);
    }

    #[test]
    fn an_upgrade_that_is_over_leaves_a_trace_only_if_it_failed() {
        let idle = ("idle".to_owned(), None, None);
        for last in [None, Some("finalized"), Some("aborted")] {
            assert_eq!(summary(json!({}), last, "5.2.0"), idle, "{last:?}");
        }
        let failed = summary(json!({}), Some("errored"), "5.2.0");
        assert_eq!(failed, ("errored".to_owned(), Some("5.3.1".to_owned()), None));
        assert_eq!(
            summary(json!({}), Some("errored"), "5.3.1"),
            idle,
            "it was installed later"
        );
    }
}
