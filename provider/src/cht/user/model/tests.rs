//! What is sent of a user, and what an answer changes in the model.

use serde_json::json;

use super::*;

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn live() -> User {
    User {
        username: "jane".to_owned(),
        roles: set(&["data_entry", "mm-online"]),
        place: set(&["p1"]),
        contact: Some("c1".to_owned()),
        fullname: Some("Jane".to_owned()),
        email: None,
        phone: Some(String::new()),
        external_id: None,
        oidc_username: None,
    }
}

fn state() -> UserModel {
    UserModel::imported(InstanceAddress::default(), live())
}

#[test]
fn the_role_that_the_api_adds_is_left_out_unless_the_state_has_it() {
    let table = [
        (
            &["data_entry"][..],
            &["data_entry", "mm-online"][..],
            &["data_entry"][..],
        ),
        (
            &["data_entry", "mm-online"],
            &["data_entry", "mm-online"],
            &["data_entry", "mm-online"],
        ),
        (&["data_entry", "mm-online"], &["data_entry"], &["data_entry"]),
        (&["a"], &["b", "mm-online"], &["b"]),
        (&[], &["mm-online"], &["mm-online"]),
    ];
    for (state, live, expected) in table {
        assert_eq!(roles(&set(state), set(live)), set(expected), "{state:?} {live:?}");
    }
}

#[test]
fn an_empty_text_is_none_unless_it_was_configured() {
    assert_eq!(state().phone, None);
    let configured = UserModel {
        phone: Some(String::new()),
        ..state()
    };
    assert_eq!(configured.refreshed(live()).phone.as_deref(), Some(""));
}

#[test]
fn a_password_is_sent_only_when_it_is_another_one() {
    let given = |password: Option<&str>, password_wo: Option<&str>, version: Option<i64>| UserModel {
        password: password.map(Into::into),
        password_wo: WriteOnly::new(password_wo.map(Into::into)),
        password_wo_version: version,
        ..state()
    };
    let sent = |plan: &UserModel, prior: Option<&UserModel>| {
        let password = plan.change(prior).password;
        password.map(|password| password.expose_secret().to_owned())
    };
    let first = given(None, Some("one"), Some(1));
    assert_eq!(sent(&first, None).as_deref(), Some("one"), "a creation needs it");
    assert_eq!(sent(&first, Some(&given(None, None, Some(1)))), None);
    assert_eq!(sent(&first, Some(&given(None, None, None))).as_deref(), Some("one"));
    assert_eq!(
        sent(&first, Some(&given(Some("zero"), None, Some(1)))).as_deref(),
        Some("one")
    );
    let stored = given(Some("two"), None, None);
    assert_eq!(sent(&stored, Some(&stored)), None);
    assert_eq!(
        sent(&stored, Some(&state())).as_deref(),
        Some("two"),
        "an import does not know it"
    );
    let forced = UserModel {
        password_change_required: Some(false),
        ..stored.clone()
    };
    let change = forced.change(Some(&stored));
    assert_eq!(change.attributes["password_change_required"], false);
    assert!(change.password.is_some(), "the API takes one only with the other");
}

#[test]
fn everything_is_sent_so_that_what_is_not_configured_is_removed() {
    let change = state().change(Some(&state()));
    let sent = serde_json::Value::Object(change.attributes);
    assert_eq!(
        sent,
        json!({
            "roles": ["data_entry"], "place": ["p1"], "contact": "c1", "fullname": "Jane",
            "email": null, "phone": null, "external_id": null,
        })
    );
    let sso = UserModel {
        oidc_username: Some("jane@a.example".to_owned()),
        ..state()
    };
    assert_eq!(sso.change(Some(&state())).attributes["oidc_username"], "jane@a.example");
    assert_eq!(state().change(Some(&sso)).attributes["oidc_username"], json!(null));
    assert!(!sso.change(Some(&sso)).attributes.contains_key("oidc_username"));
}
