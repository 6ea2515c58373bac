//! What the CHT tells of its upgrades: their states, and the progress of their indexes.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// The answer of `/api/v2/upgrade`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrades {
    /// The upgrade that is going on; none if there is none, or it is over.
    pub upgrade_doc: Option<UpgradeLog>,
    /// The indexes that are being built.
    #[serde(default)]
    pub indexers: Vec<Indexer>,
    /// Where the versions come from.
    pub builds_url: Option<String>,
}

/// One upgrade, as the CHT keeps it in its log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UpgradeLog {
    /// Who began it, where that is known.
    pub user: Option<String>,
    /// What was asked for.
    pub action: UpgradeAction,
    /// The version that it leads to.
    pub to: Build,
    /// How far it is.
    pub state: UpgradeState,
}

/// A version that can be installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Build {
    /// Its version, or the name of a branch.
    pub version: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeAction {
    /// Only the preparation: somebody else exchanges the images.
    Stage,
    /// Everything: an upgrade service exchanges the images.
    Upgrade,
    /// The installation by a new image when it starts.
    Install,
    /// Something that this provider does not know.
    Other(String),
}

/// How far an upgrade is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeState {
    /// It was asked for.
    Initiated,
    /// The version was fetched.
    Staged,
    /// Its indexes are being built.
    Indexing,
    /// All indexes are built.
    Indexed,
    /// The images are being exchanged.
    Completing,
    /// The images were exchanged.
    Complete,
    /// The prepared version is taking the place of the earlier one.
    Finalizing,
    /// It is over: the version is installed.
    Finalized,
    /// It is being given up.
    Aborting,
    /// It is over: it was given up.
    Aborted,
    /// It is over: it failed.
    Errored,
    /// The CHT was started anew in the middle of it.
    Interrupted,
    /// Something that this provider does not know.
    Other(String),
}

/// An index that is being built.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Indexer {
    /// The database.
    pub database: String,
    /// The design document.
    pub ddoc: String,
    /// How far it is, in percent.
    #[serde(default)]
    pub progress: Option<f64>,
}

impl Upgrades {
    /// How far the indexes are on average, in percent; none if that is not told.
    #[must_use]
    pub fn progress(&self) -> Option<f64> {
        let (sum, count) = self
            .known()
            .fold((0.0, 0.0), |(sum, count), (_, progress)| (sum + progress, count + 1.0));
        (count > 0.0).then_some(sum / count)
    }

    /// How far the indexes are, as a phrase.
    #[must_use]
    pub fn indexing(&self) -> String {
        let slowest = self.known().min_by(|(_, one), (_, other)| one.total_cmp(other));
        let (Some((indexer, least)), Some(mean)) = (slowest, self.progress()) else {
            return "indexing data".to_owned();
        };
        let Indexer { database, ddoc, .. } = indexer;
        format!("indexing data: {mean:.0} % on average, least {least:.0} % ({database}/{ddoc})")
    }

    /// The indexes of which the progress is told.
    fn known(&self) -> impl Iterator<Item = (&Indexer, f64)> {
        self.indexers
            .iter()
            .filter_map(|indexer| Some((indexer, indexer.progress?)))
    }
}

impl fmt::Display for UpgradeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiated => "initiated",
            Self::Staged => "staged",
            Self::Indexing => "indexing",
            Self::Indexed => "indexed",
            Self::Completing => "completing",
            Self::Complete => "complete",
            Self::Finalizing => "finalizing",
            Self::Finalized => "finalized",
            Self::Aborting => "aborting",
            Self::Aborted => "aborted",
            Self::Errored => "errored",
            Self::Interrupted => "interrupted",
            Self::Other(name) => name,
        })
    }
}

impl<'de> Deserialize<'de> for UpgradeState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match name.as_str() {
            "initiated" => Self::Initiated,
            "staged" => Self::Staged,
            "indexing" => Self::Indexing,
            "indexed" => Self::Indexed,
            "completing" => Self::Completing,
            "complete" => Self::Complete,
            "finalizing" => Self::Finalizing,
            "finalized" => Self::Finalized,
            "aborting" => Self::Aborting,
            "aborted" => Self::Aborted,
            "errored" => Self::Errored,
            "interrupted" => Self::Interrupted,
            _ => Self::Other(name),
        })
    }
}

impl<'de> Deserialize<'de> for UpgradeAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match name.as_str() {
            "stage" => Self::Stage,
            "upgrade" => Self::Upgrade,
            "install" => Self::Install,
            _ => Self::Other(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read_with_and_without_an_upgrade() {
        let none: Upgrades = serde_json::from_value(json!({ "indexers": [], "buildsUrl": "https://builds" })).unwrap();
        assert_eq!(none.upgrade_doc, None);
        assert_eq!(none.builds_url.as_deref(), Some("https://builds"));
        let doc = json!({
            "_id": "upgrade_log:1:5.3.1", "user": "medic", "action": "stage", "state": "indexing",
            "from": { "version": "5.2.0" }, "to": { "namespace": "medic", "application": "medic", "version": "5.3.1" },
            "state_history": [{ "state": "initiated", "date": 1 }],
        });
        let some: Upgrades = serde_json::from_value(json!({ "upgradeDoc": doc, "indexers": [] })).unwrap();
        let log = some.upgrade_doc.unwrap();
        assert_eq!((log.action, log.state), (UpgradeAction::Stage, UpgradeState::Indexing));
        assert_eq!(log.to.version, "5.3.1");
    }

    #[test]
    fn states_and_actions_of_later_releases_are_no_reason_to_fail() {
        let log = json!({ "action": "rehearse", "state": "thinking", "to": { "version": "6.0.0" } });
        let log: UpgradeLog = serde_json::from_value(log).unwrap();
        assert_eq!(log.action, UpgradeAction::Other("rehearse".to_owned()));
        assert_eq!(log.state.to_string(), "thinking");
    }

    #[test]
    fn progress_is_the_mean_of_all_indexes_and_the_least_of_them() {
        let indexers = json!([
            { "database": "medic", "ddoc": ":staged:medic-client", "type": "views", "tasks": {}, "progress": 80 },
            { "database": "medic", "ddoc": ":staged:medic", "type": "views", "tasks": {}, "progress": 20 },
            { "database": "_users", "ddoc": ":staged:users", "tasks": {} },
        ]);
        let upgrades: Upgrades = serde_json::from_value(json!({ "indexers": indexers })).unwrap();
        assert_eq!(
            upgrades.indexing(),
            "indexing data: 50 % on average, least 20 % (medic/:staged:medic)"
        );
        let none: Upgrades = serde_json::from_value(json!({})).unwrap();
        assert_eq!(none.indexing(), "indexing data");
    }
}
