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

impl<T: Transport> Client<T> {
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
