//! Users: the API's rules, and the two documents that each of them is.

use serde_json::{Map, Value, json};

use super::documents::Documents;
use super::{Reply, error, links, refusal};

const ONLINE_ROLE: &str = "mm-online";
const IN_USERS: [&str; 4] = ["password", "roles", "oidc_username", "known"];
const IN_SETTINGS: [&str; 6] = ["fullname", "email", "phone", "external_id", "roles", "known"];

/// `GET /api/v2/users/:username`.
pub(super) fn get(documents: &Documents, name: &str) -> Reply {
    let id = id(name);
    let Some(user) = documents.get("_users", &id) else {
        return not_found(name, "users");
    };
    let Some(settings) = documents.get("medic", &id) else {
        return not_found(name, "medic");
    };
    let document = |id: &Value| documents.get("medic", id.as_str()?).cloned();
    let places: Vec<Value> = user["facility_id"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|place| document(place).unwrap_or_default())
        .collect();
    let mut shown = json!({
        "id": id,
        "rev": user["_rev"],
        "username": name,
        "roles": user["roles"],
        "place": if places.is_empty() { Value::Null } else { Value::Array(places) },
    });
    for key in ["fullname", "email", "phone", "external_id"] {
        if let Some(value) = settings.get(key) {
            shown[key] = value.clone();
        }
    }
    if let Some(contact) = document(&user["contact_id"]) {
        shown["contact"] = contact;
    }
    if let Some(oidc_username) = user.get("oidc_username") {
        shown["oidc_username"] = oidc_username.clone();
    }
    (200, shown)
}

/// `POST /api/v3/users`.
pub(super) fn create(documents: &mut Documents, body: &Value) -> Reply {
    let name = body["username"].as_str().unwrap_or_default().to_owned();
    if let Err(refused) = check_new(documents, &name, body) {
        return refused;
    }
    let saved = save(
        documents,
        &name,
        &links::with_password(documents, body),
        json!({ "name": name, "type": "user" }),
        json!({ "name": name, "type": "user-settings" }),
    );
    links::manage(documents, &id(&name), body).unwrap_or(saved)
}

/// `POST /api/v3/users/:username`.
pub(super) fn update(documents: &mut Documents, name: &str, body: &Value) -> Reply {
    let (user, settings) = match (
        documents.get("_users", &id(name)).cloned(),
        documents.get("medic", &id(name)).cloned(),
    ) {
        (Some(user), Some(settings)) => (user, settings),
        (None, _) => return not_found(name, "users"),
        (_, None) => return not_found(name, "medic"),
    };
    let roles = roles(body).unwrap_or_else(|| roles(&user).unwrap_or_default());
    let checked = check_password(body)
        .and_then(|()| links::check(documents, body, &settings))
        .and_then(|()| check_place(documents, &roles, body, &user["facility_id"]));
    if let Err(refused) = checked {
        return refused;
    }
    let saved = save(documents, name, &links::with_password(documents, body), user, settings);
    links::manage(documents, &id(name), body).unwrap_or(saved)
}

/// `DELETE /api/v1/users/:username`: what is in `medic` stays, and only becomes inactive.
pub(super) fn delete(documents: &mut Documents, name: &str) -> Reply {
    let id = id(name);
    let was_there = documents.remove("_users", &id);
    documents.edit("medic", &id, |settings| {
        settings["inactive"] = json!(true);
        settings["deletion_date"] = json!(1_790_000_000_000_u64);
    });
    if was_there {
        (200, json!([{ "ok": true, "id": id }, { "ok": true, "id": id }]))
    } else {
        error(404, "missing")
    }
}

/// The roles of a user who logs in with this password. Who logs in at the OpenID Connect provider does so in no other
/// way.
pub(in crate::cht) fn log_in(documents: &Documents, name: &str, password: &str) -> Option<Vec<String>> {
    let user = documents.get("_users", &id(name))?;
    (user["password"] == password && user["oidc_username"].is_null()).then(|| roles(user).unwrap_or_default())
}

fn check_new(documents: &Documents, name: &str, body: &Value) -> Result<(), Reply> {
    let has = |key: &str| body.get(key).is_some_and(|value| !value.is_null() && *value != "");
    let roles = roles(body).unwrap_or_default();
    let mut missing = Vec::new();
    if name.is_empty() {
        missing.push("username");
    }
    if links::are_asked_for(documents, body) {
        missing.extend((!has("phone")).then_some("phone"));
    } else if !has("password") && !has("oidc_username") {
        missing.push("password");
    }
    if roles.is_empty() {
        missing.push("type or roles");
    } else if is_offline(documents, &roles) {
        missing.extend(["place", "contact"].into_iter().filter(|key| !has(key)));
    }
    if !missing.is_empty() {
        let message = format!("Missing required fields: {}", missing.join(", "));
        return Err(refusal(&message, "fields.required"));
    }
    check_password(body)?;
    links::check(documents, body, &Value::Null)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !name.chars().all(allowed) {
        return Err(refusal("Invalid user name.", "username.invalid"));
    }
    if documents.get("_users", &id(name)).is_some() || documents.get("medic", &id(name)).is_some() {
        let message = format!("Username \"{name}\" already taken.");
        return Err(refusal(&message, "username.taken"));
    }
    check_place(documents, &roles, body, &Value::Null)
}

/// The real score is that of a library; a password of one kind of character is what it finds too easy in any case.
fn check_password(body: &Value) -> Result<(), Reply> {
    let Some(password) = body["password"].as_str() else {
        return Ok(());
    };
    if password.len() < 8 {
        return Err(refusal(
            "The password must be at least 8 characters long.",
            "password.length.minimum",
        ));
    }
    if password.chars().all(|c| c.is_ascii_lowercase()) {
        return Err(refusal(
            "The password is too easy to guess. Include a range of types of characters to increase the score.",
            "password.weak",
        ));
    }
    Ok(())
}

fn check_place(documents: &Documents, roles: &[String], body: &Value, before: &Value) -> Result<(), Reply> {
    let places = body.get("place").map(places);
    match &places {
        Some(places) if places.is_empty() && is_offline(documents, roles) => {
            return Err(refusal(
                "Place field is required for offline users",
                "field is required",
            ));
        }
        Some(places) if places.len() > 1 && !has_permission(documents, roles, "can_have_multiple_places") => {
            return Err(refusal("This user cannot have multiple places", "field is required"));
        }
        Some(places) => {
            if let Some(missing) = places.iter().find(|place| documents.get("medic", place).is_none()) {
                return Err(error(404, &format!("Failed to find place {missing}")));
            }
        }
        None => {}
    }
    let Some(contact) = body["contact"].as_str() else {
        return Ok(());
    };
    let Some(person) = documents.get("medic", contact) else {
        return Err(error(404, "missing"));
    };
    if person["type"] != "person" {
        return Err(refusal("Wrong type, contact is not a person.", "contact.type.wrong"));
    }
    let within = places.unwrap_or_else(|| self::places(before));
    if !within.iter().any(|place| person["parent"]["_id"] == **place) {
        return Err(refusal(
            "Contact is not within place.",
            "configuration.user.place.contact",
        ));
    }
    Ok(())
}

fn save(documents: &mut Documents, name: &str, body: &Value, mut user: Value, mut settings: Value) -> Reply {
    let id = id(name);
    let mut body: Map<String, Value> = body.as_object().cloned().unwrap_or_default();
    if let Some(mut given) = roles(&Value::Object(body.clone())) {
        if !is_offline(documents, &given) && !given.iter().any(|role| role == ONLINE_ROLE) {
            given.push(ONLINE_ROLE.to_owned());
        }
        body.insert("roles".to_owned(), json!(given));
    }
    for (document, keys) in [(&mut user, &IN_USERS[..]), (&mut settings, &IN_SETTINGS[..])] {
        for key in keys.iter().filter(|key| body.contains_key(**key)) {
            document[*key] = body[*key].clone();
        }
        if let Some(place) = body.get("place") {
            let places = places(place);
            document["facility_id"] = if places.is_empty() { Value::Null } else { json!(places) };
        }
        if let Some(contact) = body.get("contact") {
            document["contact_id"] = contact.clone();
        }
    }
    if body.contains_key("password") {
        let skips = has_permission(documents, &roles(&user).unwrap_or_default(), "can_skip_password_change");
        user["password_change_required"] = json!(body.get("password_change_required") != Some(&json!(false)) && !skips);
    }
    documents.write("_users", &id, user);
    documents.write("medic", &id, settings);
    let reference = json!({ "id": id, "rev": "1-0" });
    (200, json!({ "user": reference, "user-settings": reference }))
}

fn is_offline(documents: &Documents, roles: &[String]) -> bool {
    let settings = documents.settings();
    let configured = |role: &String| settings.get("roles").and_then(|roles| roles.get(role));
    let is_online = roles
        .iter()
        .any(|role| ["_admin", "admin", ONLINE_ROLE].contains(&role.as_str()));
    let known: Vec<&Value> = roles.iter().filter_map(configured).collect();
    !roles.is_empty() && !is_online && (known.is_empty() || known.iter().any(|role| role["offline"] == true))
}

fn has_permission(documents: &Documents, roles: &[String], permission: &str) -> bool {
    let settings = documents.settings();
    let allowed = settings
        .get("permissions")
        .and_then(|all| all.get(permission)?.as_array());
    allowed.is_some_and(|allowed| roles.iter().any(|role| allowed.iter().any(|one| one == role)))
}

fn roles(body: &Value) -> Option<Vec<String>> {
    let roles = body.get("roles")?.as_array()?;
    Some(roles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn places(place: &Value) -> Vec<String> {
    match place {
        Value::String(place) => vec![place.clone()],
        Value::Array(places) => places.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn id(name: &str) -> String {
    format!("org.couchdb.user:{name}")
}

fn not_found(name: &str, database: &str) -> Reply {
    error(
        404,
        &format!("Failed to find user with name [{name}] in the [{database}] database."),
    )
}
