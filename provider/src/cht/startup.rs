//! The answer of `/api/v1/startup-progress`: how far the start of the CHT has come.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// How far the start has come.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StartupProgress {
    /// The steps.
    pub actions: Actions,
    /// Whether all of them are done.
    pub completed: bool,
}

/// The steps of a start, in their order. Not every start needs all of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Actions {
    /// Looking at what is installed.
    pub checks: Action,
    /// Writing the application into the database.
    pub install: Action,
    /// Building the views; this can take hours.
    pub index: Action,
    /// Reading the settings.
    pub config: Action,
    /// Changing old data.
    pub migrate: Action,
    /// Preparing forms.
    pub forms: Action,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// Whether it was begun.
    #[serde(default, deserialize_with = "is_set")]
    pub started: bool,
    /// Whether it is done.
    #[serde(default, deserialize_with = "is_set")]
    pub completed: bool,
}

impl Actions {
    /// The steps with what happens in them, in their order.
    #[must_use]
    pub fn in_order(&self) -> [(&'static str, &Action); 6] {
        [
            ("checking the installation", &self.checks),
            ("installing", &self.install),
            ("indexing data", &self.index),
            ("reading the settings", &self.config),
            ("migrating data", &self.migrate),
            ("preparing forms", &self.forms),
        ]
    }
}

impl fmt::Display for StartupProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = self.actions.in_order();
        // The newest step counts: an earlier one stays begun when it turns out that there is nothing to do.
        let current = actions
            .iter()
            .enumerate()
            .rev()
            .find(|(_, (_, action))| action.started && !action.completed);
        match current {
            Some((index, (what, _))) => write!(f, "{what} (step {} of {})", index + 1, actions.len()),
            None if actions.iter().any(|(_, action)| action.started) => write!(f, "finishing the start"),
            None => write!(f, "beginning the start"),
        }
    }
}

/// Anything but absent, null and false: the CHT has marked a step with `true` as well as with a time.
fn is_set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(!value.is_null() && value != serde_json::Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cht::testing::startup_progress;

    #[test]
    fn newest_begun_step_is_named() {
        let progress = |done: usize, begun: usize| -> String {
            serde_json::from_value::<StartupProgress>(startup_progress(done, begun))
                .unwrap()
                .to_string()
        };
        assert_eq!(progress(0, 0), "beginning the start");
        assert_eq!(progress(0, 1), "checking the installation (step 1 of 6)");
        assert_eq!(progress(2, 3), "indexing data (step 3 of 6)");
        assert_eq!(progress(0, 3), "indexing data (step 3 of 6)");
        assert_eq!(progress(6, 6), "finishing the start");
    }

    #[test]
    fn times_mark_a_step_as_well_as_true_does() {
        let action = |json: serde_json::Value| serde_json::from_value::<Action>(json).unwrap();
        assert!(action(serde_json::json!({ "started": 1_790_000_000_000_u64 })).started);
        assert!(!action(serde_json::json!({ "started": null, "completed": false })).completed);
    }

    #[test]
    fn missing_step_is_another_shape() {
        let mut answer = startup_progress(0, 1);
        answer["actions"].as_object_mut().unwrap().remove("index");
        assert!(serde_json::from_value::<StartupProgress>(answer).is_err());
    }
}
