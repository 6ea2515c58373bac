//! Log-ins by a link in a text message: what the API makes of `token_login`, and the messages for the gateway.

use serde_json::{Value, json};

use super::documents::Documents;
use super::{Reply, error, refusal};

/// When the lab's links end.
const FIRST_EXPIRES: u64 = 1_790_086_400_000;

/// Whether a request asks for a link. Where the settings do not enable links, the API overlooks the request.
pub(super) fn are_asked_for(documents: &Documents, body: &Value) -> bool {
    let settings = documents.settings();
    let enabled = settings
        .get("token_login")
        .is_some_and(|login| login["enabled"] == true);
    enabled && body["token_login"] == true
}

/// What a request about a link needs: a phone for the message, or a password in place of the link.
pub(super) fn check(documents: &Documents, body: &Value, settings: &Value) -> Result<(), Reply> {
    if are_asked_for(documents, body) {
        let given = body.get("phone").unwrap_or(&settings["phone"]);
        let digits = given
            .as_str()
            .and_then(|phone| phone.strip_prefix('+'))
            .unwrap_or_default();
        if digits.len() < 8 || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(refusal(
                "A valid phone number is required for SMS login.",
                "configuration.enable.token.login.phone",
            ));
        }
    }
    if body["token_login"] == false && settings["token_login"].is_object() && !body["password"].is_string() {
        return Err(refusal(
            "Password is required when disabling token login.",
            "password.length.minimum",
        ));
    }
    Ok(())
}

/// The request with the password that nobody knows, if it asks for a link.
pub(super) fn with_password(documents: &Documents, body: &Value) -> Value {
    let mut body = body.clone();
    if are_asked_for(documents, &body) {
        body["password"] = json!("generated-0123456789");
    }
    body
}

/// Makes the link and its messages, or takes them away; answers only if that fails or tells more.
pub(super) fn manage(documents: &mut Documents, id: &str, body: &Value) -> Option<Reply> {
    let is_asked_for = are_asked_for(documents, body);
    if !is_asked_for && body["token_login"] != false {
        return None;
    }
    let before = documents.get("_users", id)?["token_login"]["token"].clone();
    if let Some(token) = before.as_str() {
        documents.edit("medic", &format!("token:login:{token}"), |messages| {
            for task in messages["tasks"].as_array_mut().into_iter().flatten() {
                task["state"] = json!("cleared");
            }
        });
    }
    if !is_asked_for {
        for database in ["_users", "medic"] {
            documents.edit(database, id, |document| {
                document.as_object_mut().map(|entries| entries.remove("token_login"));
            });
        }
        return None;
    }
    let Some(address) = documents
        .settings()
        .get("app_url")
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        return Some(error(500, "app_url is not configured"));
    };
    let phone = documents.get("medic", id)?["phone"].clone();
    let number = documents.ids("medic", "token:login:").len();
    let (token, expires) = (format!("link{number}"), FIRST_EXPIRES + number as u64);
    let link = format!("{address}/medic/login/token/{token}");
    let task = |message: &str| json!({ "state": "pending", "messages": [{ "to": phone, "message": message }] });
    let messages = json!({
        "type": "token_login",
        "user": id,
        "tasks": [task("How to log in"), task(&link)],
    });
    documents.write("medic", &format!("token:login:{token}"), messages);
    documents.edit("_users", id, |user| {
        user["token_login"] = json!({ "active": true, "token": token, "expiration_date": expires });
    });
    documents.edit("medic", id, |settings| {
        settings["token_login"] = json!({ "active": true, "expiration_date": expires });
    });
    let reference = json!({ "id": id, "rev": "1-0" });
    let told = json!({ "user": reference, "user-settings": reference, "token_login": { "expiration_date": expires } });
    Some((200, told))
}
