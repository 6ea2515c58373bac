//! What a node of CouchDB answers to those that ask it directly.

use serde_json::{Value, json};

use super::instance::Instance;
use super::login::Login;

/// Status and body; nothing if the node does not listen.
pub(super) fn answer(instance: &Instance, service: &str, login: &Login, path: &str) -> Option<(u16, Value)> {
    if !instance.listens(service) {
        return None;
    }
    let is_admin = matches!(login, Login::Basic(credentials) if instance.knows(credentials));
    if !is_admin {
        let reason = "Name or password is incorrect.";
        return Some((401, json!({ "error": "unauthorized", "reason": reason })));
    }
    Some(match (path, instance.documents()) {
        ("/_up", _) => (200, json!({ "status": "ok", "seeds": {} })),
        ("/_membership", _) => {
            let members = instance.members();
            (200, json!({ "all_nodes": members, "cluster_nodes": members }))
        }
        ("/medic", Some(count)) => (200, json!({ "db_name": "medic", "doc_count": count })),
        ("/medic", None) => (
            404,
            json!({ "error": "not_found", "reason": "Database does not exist." }),
        ),
        _ => (501, json!({ "error": format!("the lab does not play {path}") })),
    })
}
