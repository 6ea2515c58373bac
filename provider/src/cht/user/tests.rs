//! Plans and validation, by the rules of a core. What needs an application is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::testing::{Action, Core, UNKNOWN};

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
        assert_eq!(plan.expect("it is planned").action, Action::Create, "{instance}");
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
