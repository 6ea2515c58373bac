//! What lives in the application of an instance: users, settings, credentials, and the documents that they are.
//!
//! It answers as the CHT API does: by method and path, with its status and its words. [`documents`] is what CouchDB
//! keeps, also what the API leaves behind; [`users`] (with their [`links`]), [`settings`] and [`vault`] are the API's
//! calls. A test looks at the documents and changes them as somebody else would with [`super::FakeCht::documents`], and
//! lets a call go wrong with [`super::FakeCht::disturb`].

pub mod disturbance;
pub mod documents;
mod links;
mod settings;
mod users;
mod vault;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::Method;
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use self::disturbance::{Disturbance, Outcome};
use self::documents::Documents;
use super::login::Login;

/// A status and a JSON body.
pub(super) type Reply = (u16, Value);

/// Who asks: the administrator, or a user with roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    Administrator,
    User { roles: Vec<String> },
}

/// A request that has passed the log-in.
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) content_type: &'a str,
    pub(super) body: &'a Bytes,
}

/// The applications of all instances, by namespace.
#[derive(Default)]
pub(super) struct Applications(Mutex<HashMap<String, Application>>);

#[derive(Default)]
struct Application {
    volume: Option<String>,
    documents: Documents,
    disturbances: Vec<Disturbance>,
}

impl Applications {
    /// The documents of an instance, to look at and to change.
    pub(super) fn documents<T>(&self, namespace: &str, look: impl FnOnce(&mut Documents) -> T) -> T {
        self.with(namespace, |application| look(&mut application.documents))
    }

    /// Lets calls go wrong.
    pub(super) fn disturb(&self, namespace: &str, disturbance: Disturbance) {
        self.with(namespace, |application| application.disturbances.push(disturbance));
    }

    /// Takes in which volume the documents are on; an empty one has only what a fresh installation has.
    pub(super) fn mount(&self, namespace: &str, volume: Option<&str>) {
        self.with(namespace, |application| {
            if volume.is_some() && application.volume.as_deref() != volume {
                application.volume = volume.map(str::to_owned);
                application.documents = Documents::default();
            }
        });
    }

    /// The user who logs in, if it is one of the application's.
    pub(super) fn log_in(&self, namespace: &str, login: &Login) -> Option<Caller> {
        let Login::Basic(credentials) = login else { return None };
        let roles = self.documents(namespace, |documents| {
            users::log_in(documents, &credentials.user, &credentials.password)
        });
        roles.map(|roles| Caller::User { roles })
    }

    /// The answer to a request, or none if it is not played.
    pub(super) fn answer(&self, namespace: &str, caller: &Caller, request: &Request<'_>) -> Option<Reply> {
        self.with(namespace, |application| {
            let disturbed = disturbance::next(&mut application.disturbances, request.method, request.path);
            match disturbed {
                Some(Outcome::Answer(status, body)) => Some((status, body)),
                Some(Outcome::DoneAndLost) => {
                    answer(&mut application.documents, caller, request)?;
                    Some((502, json!({ "error": "Bad Gateway" })))
                }
                None => answer(&mut application.documents, caller, request),
            }
        })
    }

    fn with<T>(&self, namespace: &str, act: impl FnOnce(&mut Application) -> T) -> T {
        let mut applications = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(applications.entry(namespace.to_owned()).or_default())
    }
}

fn answer(documents: &mut Documents, caller: &Caller, request: &Request<'_>) -> Option<Reply> {
    let decoded: Vec<String> = request
        .path
        .trim_start_matches('/')
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let is_ours = matches!(
        segments.as_slice(),
        ["api", "v1" | "v2" | "v3", "users", ..]
            | ["api", "v1", "settings" | "credentials", ..]
            | ["_node", "_local", "_config", "couch_httpd_auth", "secret"]
    ) || documents::is_document(&segments);
    if !is_ours {
        return None;
    }
    let is_trusted = match caller {
        Caller::Administrator => true,
        Caller::User { roles } => roles.iter().any(|role| role == "program_officer"),
    };
    if !is_trusted {
        return Some(error(403, "Insufficient privileges"));
    }
    match (request.method, segments.as_slice()) {
        (&Method::GET, ["api", "v2", "users", name]) => Some(users::get(documents, name)),
        (&Method::POST, ["api", "v3", "users"]) => Some(with_json(request, |body| users::create(documents, body))),
        (&Method::POST, ["api", "v3", "users", name]) => {
            Some(with_json(request, |body| users::update(documents, name, body)))
        }
        (&Method::DELETE, ["api", "v1", "users", name]) => Some(users::delete(documents, name)),
        (&Method::GET, ["api", "v1", "settings"]) => Some((200, Value::Object(documents.settings()))),
        (&Method::PUT, ["api", "v1", "settings"]) => {
            Some(with_json(request, |body| settings::put(documents, request.query, body)))
        }
        (&Method::PUT, ["api", "v1", "credentials", key]) => Some(vault::put(documents, key, request)),
        (&Method::GET, ["_node", ..]) => Some((200, json!(documents.secret()))),
        _ => documents::answer(documents, request, &segments),
    }
}

fn with_json(request: &Request<'_>, act: impl FnOnce(&Value) -> Reply) -> Reply {
    let is_json = request.content_type.starts_with("application/json");
    match serde_json::from_slice(request.body) {
        Ok(body) if is_json => act(&body),
        _ => error(
            400,
            "Request body is empty or Content-Type header was not set to application/json.",
        ),
    }
}

/// How the CHT reports a failure.
fn error(status: u16, message: &str) -> Reply {
    (status, json!({ "code": status, "error": message }))
}

/// How it reports one that its pages translate.
fn refusal(message: &str, key: &str) -> Reply {
    let error = json!({ "message": message, "translationKey": key, "translationParams": {} });
    (400, json!({ "code": 400, "error": error }))
}

/// The applications, shared with the server.
pub(super) type Shared = Arc<Applications>;
