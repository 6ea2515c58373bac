//! Plans and validation, by the rules of a core. What needs an application is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::testing::{ChangeAction, Core, UNKNOWN};

use super::model::CredentialModel;
use crate::provider::ChtProvider;

/// A core in which the cluster is made in the same apply: no application can be reached.
fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_credential").with_provider_config(json!({ "kubernetes": UNKNOWN }))
}

fn credential(changes: Value) -> Value {
    let mut credential = json!({
        "instance": { "namespace": "cht-kisumu" },
        "key": "rapidpro:outgoing",
        "value_wo": "hunter2",
    });
    let all = credential.as_object_mut().unwrap();
    all.extend(changes.as_object().unwrap().clone());
    credential
}

#[tokio::test]
async fn a_credential_of_an_instance_that_does_not_exist_yet_is_planned_without_its_value() {
    for changes in [
        json!({}),
        json!({ "instance": UNKNOWN }),
        json!({ "instance": { "namespace": UNKNOWN }, "key": UNKNOWN }),
        json!({ "value_wo": UNKNOWN, "value_wo_version": UNKNOWN }),
        json!({ "value_wo": null, "value": UNKNOWN }),
    ] {
        let plan = core().plan(credential(changes.clone())).await.expect("it is planned");
        assert_eq!(plan.action, ChangeAction::Create, "{changes}");
        let planned = |attribute: &str| plan.planned.attribute_or_null(attribute);
        assert!(planned(CredentialModel::VALUE_WO).is_null(), "{changes}");
        assert!(planned(CredentialModel::REVISION).is_unknown(), "{changes}");
    }
}

#[tokio::test]
async fn a_value_is_given_once_and_is_one() {
    for (changes, blamed) in [
        (json!({ "value": "hunter2" }), "value_wo"),
        (json!({ "value_wo": null }), "value_wo"),
        (json!({ "value_wo": "" }), "value_wo"),
        (
            json!({ "value_wo": null, "value": "hunter2", "value_wo_version": 1 }),
            "value_wo",
        ),
        (json!({ "key": "of two words" }), "key"),
        (json!({ "instance": { "url": "https://a.example" } }), "user"),
    ] {
        let refused = core().plan(credential(changes.clone())).await.map(|_| ());
        let refused = refused.expect_err(&changes.to_string()).to_string();
        assert!(refused.contains(blamed), "{changes}: {refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[tokio::test]
async fn what_is_known_late_makes_no_other_plan() {
    for early in [
        json!({ "value_wo": UNKNOWN }),
        json!({ "value_wo_version": UNKNOWN }),
        json!({ "instance": { "namespace": UNKNOWN } }),
        json!({ "key": UNKNOWN }),
    ] {
        let late = credential(json!({ "value_wo_version": 1 }));
        let early = credential(json!({ "value_wo_version": 1 }))
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .chain(early.as_object().unwrap().clone())
            .collect();
        let made = core().apply_later_known(early, late).await;
        let refused = made.expect_err("there is no cluster").to_string();
        assert!(refused.contains("is not known yet"), "{refused}");
    }
}
