//! The settings: how the API merges them, and what it fills in by itself.

use serde_json::{Map, Value, json};

use super::documents::Documents;
use super::{Reply, error};

/// The settings of a fresh installation, as far as tests need them.
pub(super) fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "locale": "en",
        "roles": {
            "chw": { "name": "usertype.chw", "offline": true },
            "data_entry": { "name": "usertype.data-entry" },
            "program_officer": { "name": "usertype.program-officer" },
        },
        "permissions": default_permissions(),
        "sms": { "outgoing_service": "medic-gateway", "clear_failing_schedules": false },
    });
    defaults.as_object().cloned().unwrap_or_default()
}

/// `PUT /api/v1/settings`.
pub(super) fn put(documents: &mut Documents, query: &str, body: &Value) -> Reply {
    let Some(given) = body.as_object() else {
        return error(400, "Invalid settings");
    };
    let has = |flag: &str| query.split('&').any(|one| one.split('=').next() == Some(flag));
    let before = documents.settings();
    let mut settings = before.clone();
    if has("overwrite") {
        settings = given.clone();
    } else if has("replace") {
        settings.extend(given.clone());
    } else {
        extend(&mut settings, given);
    }
    let permissions = settings.entry("permissions").or_insert_with(|| json!({}));
    for (name, roles) in default_permissions() {
        if permissions.get(&name).is_none() {
            permissions[name] = roles;
        }
    }
    let updated = settings != before;
    if updated {
        documents.edit("medic", "settings", |document| {
            document["settings"] = Value::Object(settings)
        });
    }
    (200, json!({ "success": true, "updated": updated }))
}

/// Objects are merged; everything else takes the place of what is there. What is merged into a text or a list gets
/// lost.
fn extend(target: &mut Map<String, Value>, source: &Map<String, Value>) {
    for (key, value) in source {
        let Some(inner) = value.as_object() else {
            target.insert(key.clone(), value.clone());
            continue;
        };
        let is_empty = |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || value == "" || value == 0;
        let slot = target.entry(key.clone()).or_insert_with(|| json!({}));
        if is_empty(slot) {
            *slot = json!({});
        }
        if let Some(slot) = slot.as_object_mut() {
            extend(slot, inner);
        }
    }
}

fn default_permissions() -> Map<String, Value> {
    let permissions = json!({
        "can_configure": ["program_officer"],
        "can_create_users": ["program_officer"],
        "can_edit": ["chw", "data_entry", "program_officer"],
        "can_have_multiple_places": ["data_entry"],
        "can_skip_password_change": [],
    });
    permissions.as_object().cloned().unwrap_or_default()
}
