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
        has_link: false,
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

#[test]
fn a_link_is_asked_for_once_and_given_up_with_another_way_in() {
    let with = |link: Option<bool>, version: Option<i64>, password: Option<&str>| UserModel {
        token_login: link,
        token_login_version: version,
        password: password.map(Into::into),
        ..state()
    };
    let told = |plan: &UserModel, prior: Option<&UserModel>| {
        let change = plan.change(prior);
        (change.attributes.get("token_login").cloned(), change.password.is_some())
    };
    let linked = with(Some(true), None, None);
    assert_eq!(told(&linked, None), (Some(json!(true)), false));
    assert_eq!(
        told(&linked, Some(&linked)),
        (None, false),
        "each `true` sends a message"
    );
    assert_eq!(
        told(&with(Some(true), Some(2), None), Some(&linked)),
        (Some(json!(true)), false)
    );
    for link in [Some(false), None] {
        let by_password = with(link, None, Some("Str0ng-Passw0rd"));
        assert_eq!(
            told(&by_password, Some(&linked)),
            (Some(json!(false)), true),
            "{link:?}"
        );
    }
    assert_eq!(
        told(&with(None, None, None), Some(&linked)),
        (None, false),
        "it is not managed any more"
    );
    let by_password = with(None, None, Some("Str0ng-Passw0rd"));
    assert_eq!(told(&linked, Some(&by_password)), (Some(json!(true)), false));
}

#[test]
fn a_link_that_an_earlier_attempt_has_sent_is_not_sent_again_and_one_that_is_not_wanted_is_taken_back() {
    let begun = |has_link, phone: &str| User {
        has_link,
        phone: Some(phone.to_owned()),
        ..live()
    };
    let wanted = |link, phone: &str| UserModel {
        token_login: link,
        phone: Some(phone.to_owned()),
        password: Some("Str0ng-Passw0rd".into()),
        ..state()
    };
    for (link, phone, has_link, expected) in [
        (Some(true), "+254", false, Some(true)),
        (Some(true), "+254", true, None),
        (Some(true), "+255", true, Some(true)),
        (Some(false), "+254", true, Some(false)),
        (None, "+254", true, Some(false)),
        (None, "+254", false, None),
    ] {
        let change = wanted(link, phone).change_of_begun(&begun(has_link, "+254"));
        let told = change.attributes.get("token_login").cloned();
        assert_eq!(told, expected.map(|told| json!(told)), "{link:?} {phone} {has_link}");
        assert!(change.password.is_some(), "whose password it is by now is not known");
    }
}

#[test]
fn a_link_is_compared_only_where_it_is_managed() {
    let by_link = User {
        has_link: true,
        ..live()
    };
    for (state, expected) in [(None, None), (Some(true), Some(false)), (Some(false), Some(false))] {
        let user = UserModel {
            token_login: state,
            ..self::state()
        };
        assert_eq!(user.clone().refreshed(live()).token_login, expected, "{state:?}");
        assert_eq!(
            user.refreshed(by_link.clone()).token_login,
            state.map(|_| true),
            "{state:?}"
        );
    }
    let imported = UserModel::imported(InstanceAddress::default(), by_link);
    assert_eq!(imported.token_login, Some(true));
}
