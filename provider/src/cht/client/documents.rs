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
    /// When it began.
    pub begun: Option<Timestamp>,
    /// When it was finished; nothing if it was not.
    pub finished: Option<Timestamp>,
    /// Whether a state is known to have what was made.
    pub is_saved: bool,
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

    /// Notes in the mark of a creation that a state has what was made, and answers whether the mark is that of this
    /// creation. The mark of another one is left as it is.
    ///
    /// # Errors
    /// The user may not read or write documents, the mark changed meanwhile, or the CHT does not answer.
    pub async fn close_mark(&self, name: &str, creation: &str) -> Result<bool, Error> {
        let Some(document) = self.document(MEDIC, &mark_id(name)).await? else {
            return Ok(false);
        };
        let mark = Mark::of(&document);
        if mark.creation.as_deref() != Some(creation) {
            return Ok(false);
        }
        if !mark.is_saved {
            let closed = Mark { is_saved: true, ..mark };
            let closed = closed.document(revision(&document));
            self.put_document(MEDIC, &mark_id(name), &closed).await?;
        }
        Ok(true)
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
        let time = |name: &str| text(name).and_then(|time| time.parse().ok());
        Mark {
            creation: text("creation"),
            begun: time("begun"),
            finished: time("finished"),
            is_saved: document.get("saved") == Some(&Value::Bool(true)),
            revision: text("revision"),
        }
    }

    fn document(&self, replaced: Option<&str>) -> Value {
        let time = |time: Option<Timestamp>| time.map(|time| json!(time.to_string()));
        let text = |text: Option<&str>| text.map(|text| json!(text));
        let entries = [
            ("_rev", text(replaced)),
            ("made_by", text(Some("terraform-provider-cht"))),
            ("creation", text(self.creation.as_deref())),
            ("begun", time(self.begun)),
            ("finished", time(self.finished)),
            ("saved", self.is_saved.then_some(Value::Bool(true))),
            ("revision", text(self.revision.as_deref())),
        ];
        let given = entries
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cht::testing::{Script, ok};

    const READ: &str = "GET /medic/_local/terraform-provider-cht.user.jane";
    const WRITE: &str = "PUT /medic/_local/terraform-provider-cht.user.jane";

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let mark = Mark {
            creation: Some("a".to_owned()),
            begun: "2026-03-01T10:00:00Z".parse().ok(),
            finished: "2026-03-01T10:00:09Z".parse().ok(),
            is_saved: true,
            revision: Some("1-a".to_owned()),
        };
        assert_eq!(Mark::of(&mark.document(Some("0-1"))), mark);
        assert_eq!(Mark::of(&Mark::default().document(None)), Mark::default());
    }

    #[tokio::test]
    async fn the_mark_of_a_creation_that_was_saved_keeps_its_name_and_that_of_another_one_is_left_alone() {
        let own = ok(json!({ "_rev": "0-1", "creation": "a" }));
        let client = Script::new([(READ, own), (WRITE, ok(json!({ "ok": true })))]).client();
        assert!(client.close_mark("user.jane", "a").await.expect("it is closed"));

        let closed = ok(json!({ "_rev": "0-2", "creation": "a", "saved": true }));
        let client = Script::new([(READ, closed)]).client();
        assert!(
            client
                .close_mark("user.jane", "a")
                .await
                .expect("there is nothing to do")
        );

        for anothers in [json!({ "_rev": "0-1", "creation": "b" }), json!({ "_rev": "0-1" })] {
            let client = Script::new([(READ, ok(anothers))]).client();
            assert!(!client.close_mark("user.jane", "a").await.expect("it is read"));
        }
    }
}
