//! An upgrade to another version than the one that is wanted: what becomes of it.

use super::log::{UpgradeAction, UpgradeLog, UpgradeState};
use super::staging::Failure;
use crate::cht::version::ChtVersion;

/// An upgrade to another version that is going on, or waits to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rival {
    /// A version that is only prepared, for the user who wants another one now: it makes room.
    MakesRoom(String),
    /// One that is being installed, or that another person prepares, which may have taken hours: it is not disturbed.
    InTheWay(Failure),
}

impl Rival {
    /// What an upgrade means for another version, which a user wants; nothing if it is to that version, or not going
    /// on.
    #[must_use]
    pub fn of(log: &UpgradeLog, wanted: &ChtVersion, wanted_by: &str) -> Option<Self> {
        let version = &log.to.version;
        let is_over = matches!(log.state, UpgradeState::Interrupted | UpgradeState::Aborting);
        if is_over || *version == wanted.to_string() {
            return None;
        }
        Some(match log.action {
            UpgradeAction::Stage if log.user.as_deref() == Some(wanted_by) => Rival::MakesRoom(version.clone()),
            UpgradeAction::Stage | UpgradeAction::Upgrade | UpgradeAction::Install | UpgradeAction::Other(_) => {
                Rival::InTheWay(Failure::Busy {
                    version: version.clone(),
                    user: log.user.clone(),
                    state: log.state.clone(),
                })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rival(user: Option<&str>, action: &str, version: &str, state: &str) -> Option<Rival> {
        let log = json!({ "user": user, "action": action, "to": { "version": version }, "state": state });
        let log = serde_json::from_value(log).unwrap();
        Rival::of(&log, &"5.3.1".parse().unwrap(), "medic")
    }

    #[test]
    fn only_what_was_prepared_for_the_same_user_makes_room() {
        let makes_room = Some(Rival::MakesRoom("5.3.0".to_owned()));
        assert_eq!(rival(Some("medic"), "stage", "5.3.0", "indexed"), makes_room);
        for (user, action) in [(Some("jane"), "stage"), (None, "stage"), (Some("medic"), "upgrade")] {
            let found = rival(user, action, "5.3.0", "indexing");
            assert!(
                matches!(found, Some(Rival::InTheWay(Failure::Busy { .. }))),
                "{user:?} {action}"
            );
        }
    }

    #[test]
    fn what_is_over_or_leads_to_the_same_version_is_in_no_way() {
        assert_eq!(rival(Some("jane"), "stage", "5.3.1", "indexing"), None);
        assert_eq!(rival(Some("jane"), "stage", "5.3.0", "aborting"), None);
        assert_eq!(rival(Some("jane"), "upgrade", "5.3.0", "interrupted"), None);
    }
}
