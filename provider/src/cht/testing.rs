//! Named scenarios for tests of the client: a transport that gives the scripted answers to the scripted requests, and
//! fails on any other request and on any answer that nobody asked for.

use std::collections::VecDeque;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use hyper::body::Bytes;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::client::{Client, Credentials};
use super::transport::{Transport, TransportError};

/// The CHT's answer to everything but its progress while it starts.
pub(crate) const STARTING: &str = r#"{"error":"Service unavailable"}"#;

/// What can be asked without a log-in.
const OPEN: [&str; 3] = ["/api/v1/startup-progress", "/setup/poll", "/api/v2/monitoring"];

/// HAProxy's answer while no CouchDB is up.
pub(crate) const NO_SERVER: &str = r#"{"error":"503 Service Unavailable","reason":"No server is available to handle this request","server":"haproxy"}"#;

pub(crate) type Answer = Result<Response<Bytes>, TransportError>;

/// Expected requests and their answers.
pub(crate) struct Script {
    steps: Mutex<VecDeque<(&'static str, Answer)>>,
    password: String,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = (&'static str, Answer)>) -> Self {
        Self {
            steps: Mutex::new(steps.into_iter().collect()),
            password: "päss:word".to_owned(),
        }
    }

    /// A client of this script that knows a user.
    pub(crate) fn client(self) -> Client<Self> {
        let credentials = Credentials {
            user: "medic".to_owned(),
            password: "päss:word".into(),
        };
        Client::new(self, Some(credentials))
    }

    /// A client of this script with another password of that user.
    pub(crate) fn client_as(mut self, credentials: Credentials) -> Client<Self> {
        self.password = credentials.password.expose_secret().to_owned();
        Client::new(self, Some(credentials))
    }
}

impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        assert_eq!(request.headers()["accept"], "application/json", "{}", request.uri());
        // The credentials go where they are needed, and nowhere else.
        let needs_login = !OPEN.contains(&request.uri().path());
        let expected = needs_login.then(|| format!("Basic {}", STANDARD.encode(format!("medic:{}", self.password))));
        let sent = request.headers().get("authorization");
        assert_eq!(
            sent.map(|value| value.to_str().unwrap()),
            expected.as_deref(),
            "{}",
            request.uri()
        );
        assert!(sent.is_none_or(http::HeaderValue::is_sensitive));

        let step = self.steps.lock().unwrap().pop_front();
        let called = format!("{} {}", request.method(), request.uri());
        let (expected, answer) = step.unwrap_or_else(|| panic!("unexpected call: {called}"));
        assert_eq!(called, expected);
        answer
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<&str> = self
                .steps
                .lock()
                .unwrap()
                .iter()
                .map(|(expected, _)| *expected)
                .collect();
            assert!(left.is_empty(), "missing calls: {left:?}");
        }
    }
}

pub(crate) fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    Ok(Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body.into())
        .unwrap())
}

pub(crate) fn ok(body: Value) -> Answer {
    answer(200, "application/json", body.to_string())
}

pub(crate) fn page() -> Answer {
    answer(200, "text/html", "<!DOCTYPE html><title>Starting up</title>")
}

pub(crate) fn starting() -> Answer {
    answer(503, "application/json", STARTING)
}

pub(crate) fn no_server() -> Answer {
    answer(503, "application/json", NO_SERVER)
}

pub(crate) fn closed() -> Answer {
    Err(TransportError::NoPod {
        service: "api".to_owned(),
        namespace: "cht-kisumu".to_owned(),
    })
}

pub(crate) fn polled() -> Answer {
    ok(
        json!({ "ready": true, "handler": "medic-api", "version": "0.1.0", "detail": "All required services are running" }),
    )
}

/// Progress with the first `done` steps done and the first `begun` steps begun.
pub(crate) fn startup_progress(done: usize, begun: usize) -> Value {
    let names = ["checks", "install", "index", "config", "migrate", "forms"];
    let actions = names.iter().enumerate().map(|(index, name)| {
        let mut action = json!({ "translation": format!("startup.{name}"), "display": true, "text": "" });
        if index < begun {
            action["started"] = json!(true);
        }
        if index < done {
            action["completed"] = json!(true);
        }
        ((*name).to_owned(), action)
    });
    json!({ "actions": actions.collect::<serde_json::Map<_, _>>(), "completed": done == names.len() })
}

pub(crate) fn monitoring(version: &str) -> Value {
    monitoring_with(version, "3.5.2", 42)
}

/// What the CHT answers when it does not reach CouchDB: 200, and errors inside.
pub(crate) fn unknowing_monitoring() -> Value {
    monitoring_with("", "", -1)
}

fn monitoring_with(app: &str, couchdb: &str, count: i64) -> Value {
    let database = |name: &str| {
        json!({
            "name": name,
            "update_sequence": count,
            "doc_count": count,
            "doc_del_count": count,
            "fragmentation": -1,
            "sizes": { "active": count, "file": count },
            "view_indexes": [],
            "nouveau_indexes": [],
        })
    };
    json!({
        "version": { "app": app, "node": "v22.0.0", "couchdb": couchdb },
        "couchdb": {
            "medic": database("medic"),
            "sentinel": database("medic-sentinel"),
            "usersmeta": database("medic-users-meta"),
            "users": database("_users"),
        },
        "date": { "current": 1_790_000_000_000_u64, "uptime": 12.5 },
        "sentinel": { "backlog": count },
        "outbound_push": { "backlog": count },
        "feedback": { "count": count },
        "conflict": { "count": count },
        "replication_limit": { "count": count },
        "connected_users": { "count": count },
    })
}
