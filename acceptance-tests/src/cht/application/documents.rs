//! What CouchDB keeps: documents with revisions, by database and id.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::{Reply, Request, settings};

/// What a fresh installation takes on disk.
const FRESH: u64 = 120_000;

const DATABASES: [&str; 3] = ["_users", "medic", "medic-vault"];

/// The documents of one instance.
#[derive(Debug)]
pub struct Documents {
    documents: BTreeMap<(String, String), Value>,
    writes: u64,
    bytes: u64,
    secret: String,
}

impl Default for Documents {
    /// What a fresh installation has, with a place and the person in it that a test can refer to.
    fn default() -> Self {
        let mut documents = Documents {
            documents: BTreeMap::new(),
            writes: 0,
            bytes: FRESH,
            secret: "the secret of the first start".to_owned(),
        };
        documents.write("medic", "settings", json!({ "settings": settings::defaults() }));
        for place in ["place-1", "place-2"] {
            documents.write("medic", place, json!({ "type": "district_hospital", "name": place }));
        }
        documents.write(
            "medic",
            "person-1",
            json!({ "type": "person", "name": "Jane", "parent": { "_id": "place-1" } }),
        );
        documents
    }
}

impl Documents {
    /// A document, if it is there.
    #[must_use]
    pub fn get(&self, database: &str, id: &str) -> Option<&Value> {
        self.documents.get(&(database.to_owned(), id.to_owned()))
    }

    /// Writes a document whatever its revision, as somebody else would.
    pub fn write(&mut self, database: &str, id: &str, mut document: Value) {
        self.writes += 1;
        let generation = self.get(database, id).and_then(generation).unwrap_or_default() + 1;
        document["_id"] = json!(id);
        document["_rev"] = json!(format!("{generation}-{:016x}", self.writes));
        self.documents.insert((database.to_owned(), id.to_owned()), document);
    }

    /// Changes a document that is there.
    pub fn edit(&mut self, database: &str, id: &str, edit: impl FnOnce(&mut Value)) {
        if let Some(mut document) = self.get(database, id).cloned() {
            edit(&mut document);
            self.write(database, id, document);
        }
    }

    /// Removes a document.
    pub fn remove(&mut self, database: &str, id: &str) -> bool {
        self.documents.remove(&(database.to_owned(), id.to_owned())).is_some()
    }

    /// The ids in a database that begin like this.
    #[must_use]
    pub fn ids(&self, database: &str, prefix: &str) -> Vec<String> {
        let keys = self.documents.keys();
        keys.filter(|(of, id)| of == database && id.starts_with(prefix))
            .map(|(_, id)| id.clone())
            .collect()
    }

    /// The secret with which CouchDB signs, and the CHT encrypts.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Gives CouchDB another secret.
    pub fn change_secret(&mut self, secret: &str) {
        secret.clone_into(&mut self.secret);
    }

    /// The bytes that they take on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lets them take so many bytes on disk.
    pub fn fill(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// The settings of the application.
    #[must_use]
    pub fn settings(&self) -> Map<String, Value> {
        let settings = self.get("medic", "settings").map(|document| &document["settings"]);
        settings.and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Deletes a user as the application's own pages do: what is in `medic` only becomes inactive.
    pub fn delete_user_in_the_pages(&mut self, name: &str) {
        super::users::delete(self, name);
    }
}

/// Whether a path is that of a document.
pub(super) fn is_document(segments: &[&str]) -> bool {
    match segments {
        [database, "_local", id] | [database, id] => DATABASES.contains(database) && !id.is_empty(),
        _ => false,
    }
}

/// CouchDB's answers to calls for a document.
pub(super) fn answer(documents: &mut Documents, request: &Request<'_>, segments: &[&str]) -> Option<Reply> {
    let (database, id) = match segments {
        [database, "_local", id] => (*database, format!("_local/{id}")),
        [database, id] => (*database, (*id).to_owned()),
        _ => return None,
    };
    let live = documents.get(database, &id).cloned();
    let live_revision = live.as_ref().map(|document| document["_rev"].clone());
    match *request.method {
        Method::GET => Some(live.map_or_else(missing, |document| (200, document))),
        Method::PUT => {
            let Ok(document) = serde_json::from_slice::<Value>(request.body) else {
                return Some((400, json!({ "error": "bad_request", "reason": "invalid UTF-8 JSON" })));
            };
            if live_revision.unwrap_or_default() != document["_rev"] {
                return Some(conflict());
            }
            documents.write(database, &id, document);
            Some((201, json!({ "ok": true, "id": id })))
        }
        Method::DELETE => {
            let Some(live_revision) = live_revision else {
                return Some(missing());
            };
            let given = request.query.strip_prefix("rev=").unwrap_or_default();
            if live_revision != given {
                return Some(conflict());
            }
            documents.remove(database, &id);
            Some((200, json!({ "ok": true, "id": id })))
        }
        _ => None,
    }
}

fn generation(document: &Value) -> Option<u64> {
    document["_rev"].as_str()?.split_once('-')?.0.parse().ok()
}

fn missing() -> Reply {
    (404, json!({ "error": "not_found", "reason": "missing" }))
}

fn conflict() -> Reply {
    (
        409,
        json!({ "error": "conflict", "reason": "Document update conflict." }),
    )
}
