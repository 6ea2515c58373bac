//! The bodies of the answers.

use serde_json::{Map, Value, json};

/// The databases of an instance, without those of its users.
const DATABASES: [&str; 9] = [
    "_global_changes",
    "_replicator",
    "_users",
    "medic",
    "medic-audit",
    "medic-logs",
    "medic-sentinel",
    "medic-users-meta",
    "medic-vault",
];

/// HAProxy's answer while it has no CouchDB.
pub(super) fn no_server() -> Value {
    json!({
        "error": "503 Service Unavailable",
        "reason": "No server is available to handle this request",
        "server": "haproxy",
    })
}

/// `/api/v1/startup-progress`, in the middle of a start or after it.
pub(super) fn startup_progress(is_ready: bool) -> Value {
    let names = ["checks", "install", "index", "config", "migrate", "forms"];
    let actions: Map<String, Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let mut action = json!({ "translation": format!("api.startup.{name}"), "display": true, "text": name });
            if is_ready || index < 3 {
                action["started"] = json!(true);
            }
            if is_ready || index < 2 {
                action["completed"] = json!(true);
            }
            ((*name).to_owned(), action)
        })
        .collect();
    json!({ "actions": actions, "completed": is_ready })
}

/// `/setup/poll`. The version is that of a package inside of the CHT, the same in all releases.
pub(super) fn setup_poll() -> Value {
    json!({
        "ready": true,
        "handler": "medic-api",
        "version": "0.1.0",
        "detail": "All required services are running",
    })
}

/// `/api/deploy-info`.
pub(super) fn deploy_info(version: &str) -> Value {
    json!({ "version": version, "user": "admin", "timestamp": 1_790_000_000_000_u64, "build": version })
}

/// `/api/v2/monitoring`, with the bytes of the main database; what cannot be found out is `""` or `-1`.
pub(super) fn monitoring(version: &str, bytes: u64, is_known: bool) -> Value {
    let number = |number: i64| if is_known { number } else { -1 };
    let text = |text: &str| if is_known { text.to_owned() } else { String::new() };
    let has_search_index = version.split('.').next().and_then(|major| major.parse().ok()) >= Some(5);
    let database = |name: &str, documents: i64, bytes: u64| {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let index = json!({ "name": name, "sizes": { "active": number(900), "file": number(1000) } });
        let search = json!({ "name": format!("{name}/contacts_by_freetext"), "doc_count": number(documents), "file_size": number(500) });
        json!({
            "name": text(name),
            "update_sequence": number(documents + 1),
            "doc_count": number(documents),
            "doc_del_count": number(0),
            "fragmentation": if is_known { 1.2 } else { -1.0 },
            "sizes": { "active": number(bytes / 2), "file": number(bytes) },
            "view_indexes": [index],
            "nouveau_indexes": if has_search_index && name == "medic" { json!([search]) } else { json!([]) },
        })
    };
    json!({
        "version": { "app": text(version), "node": "v22.14.0", "couchdb": text("3.5.2") },
        "couchdb": {
            "medic": database("medic", 123, bytes),
            "sentinel": database("medic-sentinel", 11, 8192),
            "usersmeta": database("medic-users-meta", 2, 8192),
            "users": database("_users", 2, 8192),
        },
        "date": { "current": 1_790_000_000_000_u64, "uptime": 42.5 },
        "sentinel": { "backlog": number(0) },
        "messaging": {
            "outgoing": {
                "total": { "due": number(0), "scheduled": number(0), "muted": number(0), "failed": number(0), "delivered": number(0) },
                "seven_days": { "due": number(0), "scheduled": number(0), "muted": number(0), "failed": number(0), "delivered": number(0) },
                "last_hundred": { "pending": {}, "final": {}, "muted": {} },
            },
        },
        "outbound_push": { "backlog": number(0) },
        "feedback": { "count": number(0) },
        "conflict": { "count": number(0) },
        "replication_limit": { "count": number(0) },
        "replication_failure": { "count": number(0) },
        "connected_users": { "count": number(0) },
    })
}

/// `/_active_tasks`: the search index, if it is being built, as far as that is.
pub(super) fn active_tasks(search_index: Option<u64>) -> Value {
    let task = search_index.map(|percent| {
        json!({
            "node": "couchdb@127.0.0.1",
            "pid": "<0.2345.0>",
            "type": "search_indexer",
            "database": "shards/00000000-15555554/medic.1790000000",
            "design_document": "_design/medic-nouveau",
            "index": "contacts_by_freetext",
            "progress": percent,
            "changes_done": 123 * percent / 100,
            "total_changes": 123,
            "started_on": 1_790_000_000,
            "updated_on": 1_790_000_000,
        })
    });
    json!(task.into_iter().collect::<Vec<_>>())
}

/// What CouchDB answers to a path that is passed on to it, as far as it is played.
pub(super) fn couchdb(path: &str, members: &[&str]) -> Option<Value> {
    match path {
        "/_up" => Some(json!({ "status": "ok", "seeds": {} })),
        "/_membership" => Some(json!({ "all_nodes": members, "cluster_nodes": members })),
        "/_all_dbs" => Some(json!(DATABASES)),
        "/medic" | "/medic/" => Some(json!({
            "db_name": "medic",
            "doc_count": 123,
            "doc_del_count": 0,
            "update_seq": "124-g1AAAA",
            "sizes": { "file": 120_000, "external": 90_000, "active": 100_000 },
            "cluster": { "q": 12, "n": 1, "w": 1, "r": 1 },
        })),
        _ => None,
    }
}
