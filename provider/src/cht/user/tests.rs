//! Plans and validation, by the rules of a core. What needs an application is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::testing::{ChangeAction, Core, UNKNOWN};

use crate::provider::ChtProvider;

fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_user")
}

fn user(changes: Value) -> Value {
    let mut user = json!({
        "instance": { "namespace": "cht-kisumu" },
        "username": "jane",
        "password_wo": "Str0ng-Passw0rd",
        "roles": ["data_entry"],
    });
    user.as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    user
}

async fn refused(changes: Value) -> String {
    let refused = core().plan(user(changes.clone())).await;
    refused.map(|_| ()).expect_err(&changes.to_string()).to_string()
}

#[tokio::test]
async fn a_user_of_an_instance_that_does_not_exist_yet_is_planned_from_the_configuration_alone() {
    for instance in [
        json!(UNKNOWN),
        json!({ "namespace": UNKNOWN }),
        json!({ "namespace": "cht-kisumu", "kubernetes": UNKNOWN }),
        json!({ "url": UNKNOWN, "user": "medic", "password": UNKNOWN }),
    ] {
        let plan = core().plan(user(json!({ "instance": instance }))).await;
        assert_eq!(plan.expect("it is planned").action, ChangeAction::Create, "{instance}");
    }
}

#[tokio::test]
async fn a_name_or_password_that_the_api_refuses_in_any_case_is_refused_at_once() {
    for name in ["Jane", "jane@a.example", "", "jane doe"] {
        assert!(
            refused(json!({ "username": name })).await.contains("username"),
            "{name}"
        );
    }
    assert!(refused(json!({ "password_wo": "short" })).await.contains("password_wo"));
    assert!(refused(json!({ "roles": [] })).await.contains("roles"));
    assert!(refused(json!({ "contact": "person" })).await.contains("place"));
    assert!(refused(json!({ "password_wo": null })).await.contains("way to log in"));
    for other in [
        json!({ "password": "Str0ng-Passw0rd" }),
        json!({ "oidc_username": "jane@a.example" }),
    ] {
        assert!(refused(other).await.contains("password_wo"));
    }
}

#[tokio::test]
async fn a_user_with_a_link_has_a_phone_and_no_other_way_in() {
    let by_link = json!({ "password_wo": null, "token_login": true, "phone": "+254712345678" });
    let with = |changes: Value| {
        let mut all = by_link.clone();
        all.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        all
    };
    let plan = core().plan(user(by_link.clone())).await.expect("it is planned");
    assert_eq!(plan.action, ChangeAction::Create);
    for phone in [json!(null), json!("")] {
        assert!(
            refused(with(json!({ "phone": phone }))).await.contains("phone"),
            "{phone}"
        );
    }
    for other in ["password", "password_wo", "oidc_username"] {
        let message = refused(with(json!({ other: "Str0ng-Passw0rd" }))).await;
        assert!(message.contains("two ways to log in"), "{message}");
    }
    assert!(
        refused(with(json!({ "password_change_required": true })))
            .await
            .contains("two ways")
    );
    assert!(
        refused(json!({ "token_login_version": 1 }))
            .await
            .contains("token_login")
    );
    let unknown = with(json!({ "token_login": UNKNOWN, "phone": UNKNOWN }));
    assert!(core().plan(user(unknown)).await.is_ok());
    let off = with(json!({ "token_login": false, "phone": null }));
    assert!(refused(off).await.contains("way to log in"));
}

#[tokio::test]
async fn an_instance_is_reached_in_one_way() {
    for instance in [
        json!({}),
        json!({ "namespace": "cht-kisumu", "url": "https://a.example", "user": "a", "password": "b" }),
        json!({ "url": "https://a.example" }),
        json!({ "url": "https://a.example", "user": "a" }),
        json!({ "url": "http://a.example", "user": "a", "password": "b" }),
        json!({ "url": "https://a.example?x", "user": "a", "password": "b" }),
        json!({ "namespace": "cht-kisumu", "user": "a", "password": "b" }),
        json!({ "namespace": "Not A Namespace" }),
        json!({ "namespace": "cht-kisumu", "kubernetes": { "host": "http://a.example" } }),
    ] {
        let message = refused(json!({ "instance": instance })).await;
        assert!(message.contains("instance"), "{message}");
    }
}
