//! Calls that stage another version of the CHT, and tell how far that is.
//!
//! The CHT answers as soon as it has begun, and shows an upgrade only until it is over, however it ended: how the last
//! one ended stands in its log, which is a database of CouchDB.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Client;
use super::call::Call;
use crate::cht::error::Error;
use crate::cht::transport::Transport;
use crate::cht::upgrade::{UpgradeLog, Upgrades};
use crate::cht::version::ChtVersion;

/// The newest document of the log: the documents are named by the time of their beginning.
const NEWEST_LOG: &str = "/medic-logs/_all_docs?descending=true&include_docs=true&limit=1\
                          &startkey=%22upgrade_log%3A%EF%BF%B0%22&endkey=%22upgrade_log%3A%22";

/// A design document that is another one in another version.
#[derive(Deserialize)]
struct Change {
    indexing: bool,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    doc: Option<UpgradeLog>,
}

/// Something that CouchDB works on in the background.
#[derive(Deserialize)]
struct Task {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    changes_done: u64,
    #[serde(default)]
    total_changes: u64,
}

impl<T: Transport> Client<T> {
    /// `GET /_active_tasks`: how far the search index is, in percent; none if it is not being built.
    ///
    /// # Errors
    /// The CHT is not ready, or the user is no administrator of the database.
    pub async fn search_indexing(&self) -> Result<Option<u64>, Error> {
        let tasks: Vec<Task> = self.call(Call::new(Method::GET, "/_active_tasks")).await?;
        let tasks: Vec<Task> = tasks.into_iter().filter(|task| task.kind == "search_indexer").collect();
        let sum = |amount: fn(&Task) -> u64| tasks.iter().map(amount).fold(0, u64::saturating_add);
        let (done, total) = (sum(|task| task.changes_done), sum(|task| task.total_changes));
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(0);
        Ok((!tasks.is_empty()).then_some(percent.min(100)))
    }

    /// `GET /api/v2/upgrade`: the upgrade that is going on, and its indexes.
    ///
    /// # Errors
    /// The CHT is not ready, or the user may not upgrade it.
    pub async fn upgrades(&self) -> Result<Upgrades, Error> {
        self.call(Call::new(Method::GET, "/api/v2/upgrade")).await
    }

    /// `POST /api/v2/upgrade/compare`: whether a version has to index data before it can serve. It is told from release
    /// 5.1 on.
    ///
    /// # Errors
    /// The CHT is not ready, cannot look at that version, or does not tell.
    pub async fn has_to_index(&self, version: &ChtVersion) -> Result<bool, Error> {
        let call = Call::new(Method::POST, "/api/v2/upgrade/compare").json(&build(version));
        let changes: Vec<Change> = self.call(call).await?;
        Ok(changes.iter().any(|change| change.indexing))
    }

    /// `POST /api/v2/upgrade/stage`: fetches a version and begins to index data for it. The running version goes on.
    ///
    /// # Errors
    /// The CHT is not ready, or the user may not upgrade it.
    pub async fn stage_upgrade(&self, version: &ChtVersion) -> Result<(), Error> {
        let call = Call::new(Method::POST, "/api/v2/upgrade/stage").json(&build(version));
        self.call::<Value>(call).await.map(drop)
    }

    /// `DELETE /api/v2/upgrade`: gives up the upgrade that is going on.
    ///
    /// # Errors
    /// The CHT is not ready, or the user may not upgrade it.
    pub async fn abort_upgrade(&self) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, "/api/v2/upgrade");
        self.call::<Value>(call).await.map(drop)
    }

    /// The newest document of the log of upgrades, if there ever was one.
    ///
    /// # Errors
    /// The CHT is not ready, or the user is no administrator of the database.
    pub async fn last_upgrade(&self) -> Result<Option<UpgradeLog>, Error> {
        let found: Rows = match self.call(Call::new(Method::GET, NEWEST_LOG)).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(found.rows.into_iter().find_map(|row| row.doc))
    }
}

/// A release, as the calls name it.
fn build(version: &ChtVersion) -> Value {
    json!({ "build": { "namespace": "medic", "application": "medic", "version": version.to_string() } })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cht::testing::{Script, ok};

    #[tokio::test]
    async fn the_search_index_is_as_far_as_all_of_its_tasks() {
        let task = |kind: &str, done: u64| json!({"type": kind, "changes_done": done, "total_changes": 200});
        for (tasks, expected) in [
            (json!([]), None),
            (json!([task("indexer", 20)]), None),
            (
                json!([
                    task("indexer", 0),
                    task("search_indexer", 50),
                    task("search_indexer", 150)
                ]),
                Some(50),
            ),
            (json!([{"type": "search_indexer"}]), Some(0)),
        ] {
            let client = Script::new([("GET /_active_tasks", ok(tasks))]).client();
            assert_eq!(client.search_indexing().await.expect("it answers"), expected);
        }
    }
}
