//! What a node of CouchDB answers to those that ask it directly.

use hyper::{Method, Request};
use serde_json::{Value, json};

use super::instance::{Data, Instance};
use super::login::Login;

/// Status and body; nothing if the node does not listen.
pub(super) fn answer(
    instance: &mut Instance,
    service: &str,
    login: &Login,
    head: &Request<()>,
    body: &[u8],
) -> Option<(u16, Value)> {
    if !instance.listens(service) {
        return None;
    }
    let is_admin = matches!(login, Login::Basic(credentials) if instance.node_knows(service, credentials));
    if !is_admin {
        let reason = "Name or password is incorrect.";
        return Some((401, json!({ "error": "unauthorized", "reason": reason })));
    }
    let path = head.uri().path();
    if let Some(config) = path.strip_prefix("/_node/") {
        return Some(configure(instance, service, head.method(), config, body));
    }
    Some(match (path, instance.data()) {
        ("/_up", _) => (200, json!({ "status": "ok", "seeds": {} })),
        ("/_membership", _) => {
            let members = instance.members();
            (200, json!({ "all_nodes": members, "cluster_nodes": members }))
        }
        ("/medic", Data::Whole) => (200, json!({ "db_name": "medic", "doc_count": 123 })),
        ("/medic", Data::Part) => (
            500,
            json!({ "error": "internal_server_error", "reason": "No DB shards could be opened." }),
        ),
        ("/medic", Data::Nothing) => (
            404,
            json!({ "error": "not_found", "reason": "Database does not exist." }),
        ),
        _ => unplayed(path),
    })
}

/// The configuration, asked through HAProxy, which passes it to any node.
pub(super) fn configure_any(instance: &mut Instance, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
    let service = instance.first_service();
    configure(instance, &service, method, path, body)
}

/// The configuration of a node, as far as it is that of its administrators: `<node>/_config/admins/<user>`.
fn configure(instance: &mut Instance, service: &str, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
    let Some((node, user)) = path.split_once("/_config/admins/") else {
        return unplayed(path);
    };
    let Some(node) = instance.node_named(service, &node.replace("%40", "@")) else {
        return (404, json!({ "error": "not_found", "reason": "no such node" }));
    };
    let unknown = (404, json!({ "error": "not_found", "reason": "unknown_config_value" }));
    match *method {
        Method::GET => instance.admin(&node, user).map_or(unknown, |hash| (200, json!(hash))),
        Method::PUT => match serde_json::from_slice(body) {
            Ok(Value::String(password)) => {
                instance.set_admin(&node, user, &password);
                // What was there before is not told.
                (200, json!(""))
            }
            _ => (400, json!({ "error": "bad_request", "reason": "invalid UTF-8 JSON" })),
        },
        _ => unplayed(path),
    }
}

fn unplayed(path: &str) -> (u16, Value) {
    (501, json!({ "error": format!("the lab does not play {path}") }))
}
