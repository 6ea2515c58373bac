//! The answer of `/api/v2/monitoring`, which needs no log-in.
//!
//! The CHT reports what it could not find out inside of an answer that looks good: `""` in place of a text and `-1` in
//! place of a number. Here both are `None`, so that nobody takes them for values.

use std::collections::BTreeMap;

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
    /// Text messages; unknown if the release does not tell.
    #[serde(default)]
    pub messaging: Option<Messaging>,
    /// Users who have more documents than a device should hold.
    #[serde(default)]
    pub replication_limit: Option<Count>,
    /// Users whose replication failed of late; told from release 5.2 on.
    #[serde(default)]
    pub replication_failure: Option<Count>,
    /// Users who connected in the last seven days.
    #[serde(default)]
    pub connected_users: Option<Count>,
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
    /// The bytes on disk of its views' indexes, as far as they are told.
    #[serde(default, deserialize_with = "view_indexes")]
    pub view_indexes: Vec<u64>,
    /// The bytes on disk of its search indexes, as far as they are told; there are some from release 5.0 on.
    #[serde(default, deserialize_with = "nouveau_indexes")]
    pub nouveau_indexes: Vec<u64>,
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

/// Text messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Messaging {
    /// Those that the instance sends.
    pub outgoing: Outgoing,
}

/// Text messages that the instance sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outgoing {
    /// All of them.
    pub total: MessageCounts,
    /// Those of the last seven days.
    pub seven_days: MessageCounts,
    /// The last hundred of each group, by group and status.
    #[serde(deserialize_with = "known_counts")]
    pub last_hundred: BTreeMap<String, BTreeMap<String, u64>>,
}

/// How many text messages are in each state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageCounts {
    /// To be sent now.
    #[serde(deserialize_with = "integer")]
    pub due: Option<u64>,
    /// To be sent later.
    #[serde(deserialize_with = "integer")]
    pub scheduled: Option<u64>,
    /// Not to be sent any more.
    #[serde(deserialize_with = "integer")]
    pub muted: Option<u64>,
    /// Not sent.
    #[serde(deserialize_with = "integer")]
    pub failed: Option<u64>,
    /// Sent.
    #[serde(deserialize_with = "integer")]
    pub delivered: Option<u64>,
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

    /// The bytes on disk of the databases and their indexes, as far as they are told. There is more on it: further
    /// databases, and what the operating system needs.
    #[must_use]
    pub fn bytes_on_disk(&self) -> u64 {
        let Databases {
            medic,
            sentinel,
            usersmeta,
            users,
        } = &self.couchdb;
        let of_database = |database: &Database| {
            let indexes = database.view_indexes.iter().chain(&database.nouveau_indexes);
            let all = indexes.copied().chain(database.sizes.file);
            all.fold(0, u64::saturating_add)
        };
        [medic, sentinel, usersmeta, users]
            .map(of_database)
            .into_iter()
            .fold(0, u64::saturating_add)
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

/// Groups and statuses of which there is a count; which there are differs from release to release.
fn known_counts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, BTreeMap<String, u64>>, D::Error> {
    let groups = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
    let known = groups.into_iter().filter_map(|(group, statuses)| {
        let counts = statuses.as_object()?.iter();
        let counts = counts.filter_map(|(status, count)| Some((status.clone(), count.as_u64()?)));
        Some((group, counts.collect()))
    });
    Ok(known.collect())
}

fn view_indexes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    known_sizes(deserializer, "/sizes/file")
}

fn nouveau_indexes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    known_sizes(deserializer, "/file_size")
}

/// The sizes in a list of indexes; what has another shape, as some releases may tell, is no reason to know nothing at
/// all.
fn known_sizes<'de, D: Deserializer<'de>>(deserializer: D, size: &str) -> Result<Vec<u64>, D::Error> {
    let indexes = serde_json::Value::deserialize(deserializer)?;
    let indexes = indexes.as_array().into_iter().flatten();
    Ok(indexes.filter_map(|index| index.pointer(size)?.as_u64()).collect())
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    Ok((number >= 0.0).then_some(number))
}

#[cfg(test)]
mod tests;
