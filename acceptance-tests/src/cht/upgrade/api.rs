//! What the API answers about upgrades.

use std::collections::HashSet;
use std::time::Instant;

use hyper::Method;
use serde_json::{Value, json};

use super::{Database, Entry};
use crate::cht::Fault;

/// A request of an administrator.
pub(in crate::cht) struct Request<'a> {
    pub(in crate::cht) method: &'a Method,
    pub(in crate::cht) path: &'a str,
    pub(in crate::cht) query: &'a str,
    pub(in crate::cht) body: &'a [u8],
}

/// Status and body; nothing if the request is about something else.
pub(in crate::cht) fn answer(
    database: &mut Database,
    faults: &HashSet<Fault>,
    request: &Request<'_>,
    now: Instant,
) -> Option<(u16, Value)> {
    if (request.method, request.path) == (&Method::GET, "/medic-logs/_all_docs") {
        return Some(newest_log(database, request.query));
    }
    let call = request
        .path
        .strip_prefix("/api/v2/upgrade")
        .or_else(|| request.path.strip_prefix("/api/v1/upgrade"))?;
    let refusal = [
        (Fault::UpgradesForbidden, 403, "Insufficient privileges"),
        (Fault::UpgradesFail, 500, "Server error"),
        (Fault::UpgradesAreLimited, 429, "Too Many Requests"),
    ];
    if let Some((_, status, error)) = refusal.into_iter().find(|(fault, ..)| faults.contains(fault)) {
        return Some((status, json!({ "code": status, "error": error })));
    }
    match (request.method, call) {
        (&Method::GET, "") => Some((200, state(database))),
        (&Method::DELETE, "") => {
            database.abort();
            Some((200, json!({ "ok": true })))
        }
        (&Method::POST, "" | "/stage") => Some(ask(database, call, request.body, now)),
        // The upgrade service that exchanges the images is not there.
        (&Method::POST, "/complete") => {
            database.enter("completing");
            database.end("errored");
            Some((200, json!({ "ok": true })))
        }
        (&Method::GET, "/can-upgrade") => Some((200, json!({ "ok": false }))),
        // It compares with what the server has.
        (&Method::GET | &Method::POST, "/compare") if faults.contains(&Fault::BuildsServerAway) => {
            Some((500, json!({ "code": 500, "error": "Server error" })))
        }
        (&Method::GET | &Method::POST, "/compare") => Some(compare(database, request.body)),
        _ => None,
    }
}

fn state(database: &Database) -> Value {
    let indexers: Vec<Value> = database
        .progress()
        .into_iter()
        .flat_map(|progress| {
            let indexer = move |name: &str, database: &str, progress: u64| {
                let ddoc = format!(":staged:{name}");
                json!({ "database": database, "ddoc": ddoc, "type": "views", "tasks": {}, "progress": progress })
            };
            [
                indexer("medic-client", "medic", progress),
                indexer("sentinel", "medic-sentinel", progress.midpoint(100)),
            ]
        })
        .collect();
    let mut state = json!({ "indexers": indexers, "buildsUrl": "https://builds.example/_couch/builds_4" });
    if let Some(entry) = database.current() {
        state["upgradeDoc"] = entry.document();
    }
    state
}

fn ask(database: &mut Database, call: &str, body: &[u8], now: Instant) -> (u16, Value) {
    let Some(version) = version(body) else {
        return (
            400,
            json!({ "code": 400, "error": "You must provide a build info body" }),
        );
    };
    let action = if call.is_empty() { "upgrade" } else { "stage" };
    database.ask(action, &version, "medic", now);
    (200, json!({ "ok": true }))
}

fn compare(database: &Database, body: &[u8]) -> (u16, Value) {
    match version(body) {
        None => (
            400,
            json!({ "code": 400, "error": "You must provide a build info body" }),
        ),
        Some(version) if database.installed.as_ref() == Some(&version) => (200, json!([])),
        Some(_) => {
            let changed =
                json!({ "type": ["views"], "ddoc": "medic-client", "db": "medic", "size": 1000, "indexing": true });
            (200, json!([changed]))
        }
    }
}

fn version(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.pointer("/build/version")?.as_str()?.to_owned())
}

/// The newest document, which is all that anybody asks for.
fn newest_log(database: &Database, query: &str) -> (u16, Value) {
    let asked: HashSet<&str> = query.split('&').collect();
    let is_newest = ["descending=true", "include_docs=true", "limit=1"]
        .iter()
        .all(|part| asked.contains(part));
    let is_log =
        query.contains("startkey=%22upgrade_log%3A%EF%BF%B0%22") && query.contains("endkey=%22upgrade_log%3A%22");
    if !is_newest || !is_log {
        return (
            501,
            json!({ "error": "the lab plays only the newest document of the log" }),
        );
    }
    let row = |entry: &Entry| json!({ "id": entry.id(), "key": entry.id(), "doc": entry.document() });
    let rows: Vec<Value> = database.log.last().map(row).into_iter().collect();
    (200, json!({ "total_rows": rows.len(), "offset": 0, "rows": rows }))
}
