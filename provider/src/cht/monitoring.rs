//! The answer of `/api/v2/monitoring`, which needs no log-in.
//!
//! The CHT reports what it could not find out inside of an answer that looks good: `""` in place of a text and `-1` in
//! place of a number. Here both are `None`, so that nobody takes them for values.

use serde::{Deserialize, Deserializer};

/// What the CHT says of itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Monitoring {
    /// The versions that run.
    pub version: Versions,
    /// The databases.
    pub couchdb: Databases,
    /// The server's clock.
    pub date: Date,
    /// The background processor.
    pub sentinel: Backlog,
    /// Pushes to other systems.
    pub outbound_push: Backlog,
    /// Errors that clients reported.
    pub feedback: Count,
    /// Documents in conflict.
    pub conflict: Count,
}

/// The versions that run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Versions {
    /// The application: the only place with the true version that needs no log-in.
    #[serde(deserialize_with = "text")]
    pub app: Option<String>,
    /// Node.js.
    #[serde(deserialize_with = "text")]
    pub node: Option<String>,
    /// CouchDB.
    #[serde(deserialize_with = "text")]
    pub couchdb: Option<String>,
}

/// The databases that every instance has.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Databases {
    /// Contacts and reports.
    pub medic: Database,
    /// What Sentinel remembers of them.
    pub sentinel: Database,
    /// What users' devices report.
    pub usersmeta: Database,
    /// Log-ins.
    pub users: Database,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Database {
    /// Its name in CouchDB.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// How many documents it holds.
    #[serde(deserialize_with = "integer")]
    pub doc_count: Option<u64>,
    /// How many were deleted.
    #[serde(deserialize_with = "integer")]
    pub doc_del_count: Option<u64>,
    /// Its size on disk over the size of what is in it; unknown while it is empty.
    #[serde(deserialize_with = "decimal")]
    pub fragmentation: Option<f64>,
    /// Its sizes in bytes.
    pub sizes: Sizes,
}

/// The sizes of a database in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sizes {
    /// Of what is in it.
    #[serde(deserialize_with = "integer")]
    pub active: Option<u64>,
    /// On disk.
    #[serde(deserialize_with = "integer")]
    pub file: Option<u64>,
}

/// The server's clock.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Date {
    /// Milliseconds since 1970.
    #[serde(deserialize_with = "integer")]
    pub current: Option<u64>,
    /// Seconds since the API started.
    #[serde(deserialize_with = "decimal")]
    pub uptime: Option<f64>,
}

/// Work that waits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Backlog {
    /// How much of it.
    #[serde(deserialize_with = "integer")]
    pub backlog: Option<u64>,
}

/// A number of things.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// How many.
    #[serde(deserialize_with = "integer")]
    pub count: Option<u64>,
}

impl Monitoring {
    /// What a healthy instance always knows of itself and this one does not.
    #[must_use]
    pub fn unknown(&self) -> Vec<&'static str> {
        let known = [
            ("version.app", self.version.app.is_some()),
            ("version.couchdb", self.version.couchdb.is_some()),
            ("couchdb.medic.doc_count", self.couchdb.medic.doc_count.is_some()),
            ("couchdb.sentinel.doc_count", self.couchdb.sentinel.doc_count.is_some()),
            (
                "couchdb.usersmeta.doc_count",
                self.couchdb.usersmeta.doc_count.is_some(),
            ),
            ("couchdb.users.doc_count", self.couchdb.users.doc_count.is_some()),
        ];
        known
            .into_iter()
            .filter(|(_, is_known)| !is_known)
            .map(|(name, _)| name)
            .collect()
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then_some(text))
}

fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = i64::deserialize(deserializer)?;
    match u64::try_from(number) {
        Ok(number) => Ok(Some(number)),
        Err(_) if number == -1 => Ok(None),
        Err(_) => Err(serde::de::Error::custom(format_args!(
            "{number} is neither a count nor -1"
        ))),
    }
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    Ok((number >= 0.0).then_some(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cht::testing::{monitoring, unknowing_monitoring};

    #[test]
    fn good_answer_leaves_nothing_unknown() {
        let monitoring: Monitoring = serde_json::from_value(monitoring("5.3.1")).unwrap();
        assert_eq!(monitoring.unknown(), Vec::<&str>::new());
        assert_eq!(monitoring.version.app.as_deref(), Some("5.3.1"));
        assert_eq!(monitoring.couchdb.medic.doc_count, Some(42));
        assert_eq!(
            monitoring.couchdb.users.fragmentation, None,
            "-1 is what an empty database has"
        );
    }

    #[test]
    fn errors_inside_of_the_answer_are_unknown_and_not_values() {
        let monitoring: Monitoring = serde_json::from_value(unknowing_monitoring()).unwrap();
        assert_eq!(monitoring.unknown().len(), 6, "{:?}", monitoring.unknown());
        assert_eq!(monitoring.sentinel.backlog, None);
    }

    #[test]
    fn other_shapes_are_refused() {
        let changes: [(&str, serde_json::Value); 4] = [
            ("/version", serde_json::json!("5.3.1")),
            ("/couchdb/medic", serde_json::json!({})),
            ("/couchdb/medic/doc_count", serde_json::json!("42")),
            ("/sentinel/backlog", serde_json::json!(-2)),
        ];
        for (pointer, value) in changes {
            let mut answer = monitoring("5.3.1");
            *answer.pointer_mut(pointer).unwrap() = value;
            assert!(serde_json::from_value::<Monitoring>(answer).is_err(), "{pointer}");
        }
    }
}
