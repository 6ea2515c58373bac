//! Plans and validation, by the rules of a core. What needs an application is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::testing::{ChangeAction, Core, UNKNOWN};

use crate::provider::ChtProvider;

/// A core in which the cluster is made in the same apply: no application can be reached.
fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_settings").with_provider_config(json!({ "kubernetes": UNKNOWN }))
}

fn settings(instance: &Value, settings: &str) -> Value {
    json!({ "instance": instance, "settings": settings })
}

#[tokio::test]
async fn settings_of_an_instance_that_does_not_exist_yet_are_planned() {
    for instance in [
        json!(UNKNOWN),
        json!({ "namespace": "cht-kisumu" }),
        json!({ "namespace": UNKNOWN }),
        json!({ "url": UNKNOWN, "user": "medic", "password": UNKNOWN }),
    ] {
        for text in ["{\"a\": 1}", UNKNOWN] {
            let plan = core().plan(settings(&instance, text)).await.expect("it is planned");
            assert_eq!(plan.action, ChangeAction::Create, "{instance}");
        }
    }
}

#[tokio::test]
async fn settings_that_are_no_object_are_refused_at_the_attribute() {
    let instance = json!({ "namespace": "cht-kisumu" });
    for text in ["", "1", "[]", "null", "{", "{\"a\": 1} b"] {
        let refused = core().plan(settings(&instance, text)).await.map(|_| ());
        let refused = refused.expect_err(text).to_string();
        assert!(refused.contains("settings"), "{text}: {refused}");
    }
}

#[tokio::test]
async fn what_is_known_late_makes_no_other_plan() {
    let known = json!({ "namespace": "cht-kisumu" });
    let text = "{ \"sms\": { \"outgoing_service\": \"medic-gateway\" } }";
    for (early, early_text) in [
        (&known, UNKNOWN),
        (&json!({ "namespace": UNKNOWN }), text),
        (&json!(UNKNOWN), UNKNOWN),
    ] {
        let made = core()
            .apply_later_known(settings(early, early_text), settings(&known, text))
            .await;
        let refused = made.expect_err("there is no cluster").to_string();
        assert!(refused.contains("is not known yet"), "{refused}");
    }
}
