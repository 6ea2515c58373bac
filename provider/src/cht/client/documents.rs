//! CouchDB's documents behind the CHT API, which passes on what is none of its own paths.
//!
//! They are used only for what the CHT API has no call for: to remove what it leaves behind, to take a key out of the
//! settings, to tell the revision of a credential, and to mark what is being made. See
//! [documents](https://docs.couchdb.org/en/stable/api/document/common.html).

use http::Method;
use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Client;
use super::call::{Call, segment};
use crate::cht::error::Error;
use crate::cht::transport::Transport;

/// The database of contacts, reports and settings.
pub(in crate::cht) const MEDIC: &str = "medic";

/// The database of credentials.
pub(super) const VAULT: &str = "medic-vault";

/// What the names of marks begin with: local documents, which are never replicated to devices.
const MARK: &str = "_local/terraform-provider-cht.";

/// What an instance remembers of the creation of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// Which creation it is.
    pub creation: Option<String>,
    /// When it was finished; nothing if it was not.
    pub finished: Option<Timestamp>,
    /// The revision of what was made, of what has one.
    pub revision: Option<String>,
}

#[derive(Deserialize)]
struct Saved {
    #[serde(rename = "ok")]
    _ok: bool,
}

impl<T: Transport> Client<T> {
    /// Remembers in the instance how far the creation of something is, so that a process that is killed before any
    /// state was saved is continued by the next one.
    ///
    /// # Errors
    /// The user may not write documents, or the CHT does not answer.
    pub async fn mark(&self, name: &str, mark: &Mark) -> Result<(), Error> {
        let before = self.document(MEDIC, &mark_id(name)).await?;
        let revision = before.as_ref().and_then(revision);
        self.put_document(MEDIC, &mark_id(name), &mark.document(revision)).await
    }

    /// What is remembered of a creation.
    ///
    /// # Errors
    /// The user may not read documents, or the CHT does not answer.
    pub async fn find_mark(&self, name: &str) -> Result<Option<Mark>, Error> {
        let document = self.document(MEDIC, &mark_id(name)).await?;
        Ok(document.as_ref().map(Mark::of))
    }

    /// Forgets a mark; that there is none is success.
    ///
    /// # Errors
    /// The user may not write documents, or the CHT does not answer.
    pub async fn unmark(&self, name: &str) -> Result<(), Error> {
        self.remove_document(MEDIC, &mark_id(name)).await
    }

    /// Reads a document; none if it is not there.
    pub(super) async fn document(&self, database: &str, id: &str) -> Result<Option<Value>, Error> {
        match self.call(Call::new(Method::GET, path(database, id))).await {
            Ok(document) => Ok(Some(document)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a document; what was read has its revision in it.
    pub(super) async fn put_document(&self, database: &str, id: &str, document: &Value) -> Result<(), Error> {
        let call = Call::new(Method::PUT, path(database, id)).json(document);
        self.call::<Saved>(call).await.map(drop)
    }

    /// Deletes a document, whatever its revision; that it is not there is success.
    pub(super) async fn remove_document(&self, database: &str, id: &str) -> Result<(), Error> {
        let Some(document) = self.document(database, id).await? else {
            return Ok(());
        };
        let revision = segment(revision(&document).unwrap_or_default());
        let call = Call::new(Method::DELETE, format!("{}?rev={revision}", path(database, id)));
        match self.call::<Saved>(call).await {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Mark {
    fn of(document: &Value) -> Self {
        let text = |name: &str| document.get(name)?.as_str().map(str::to_owned);
        Mark {
            creation: text("creation"),
            finished: text("finished").and_then(|time| time.parse().ok()),
            revision: text("revision"),
        }
    }

    fn document(&self, replaced: Option<&str>) -> Value {
        let finished = self.finished.map(|time| time.to_string());
        let entries = [
            ("_rev", replaced),
            ("made_by", Some("terraform-provider-cht")),
            ("creation", self.creation.as_deref()),
            ("finished", finished.as_deref()),
            ("revision", self.revision.as_deref()),
        ];
        let given = entries
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
        Value::Object(given.collect())
    }
}

/// The revision of a document that was read.
pub(super) fn revision(document: &Value) -> Option<&str> {
    document.get("_rev")?.as_str()
}

fn mark_id(name: &str) -> String {
    format!("{MARK}{name}")
}

fn path(database: &str, id: &str) -> String {
    match id.strip_prefix("_local/") {
        Some(name) => format!("/{database}/_local/{}", segment(name)),
        None => format!("/{database}/{}", segment(id)),
    }
}
