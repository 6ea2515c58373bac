//! Plans, by the rules of a core. What needs a cluster is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::testing::{ChangeAction, Core, UNKNOWN};

use super::model::StorageClassModel;
use crate::provider::ChtProvider;

/// A core in which the cluster is made in the same apply: plans do not ask it, and no class can be made.
fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_storage_class").with_provider_config(json!({ "kubernetes": UNKNOWN }))
}

fn class(attributes: Value) -> Value {
    let mut class = json!({ "name": "fast" });
    let all = class.as_object_mut().unwrap();
    all.extend(attributes.as_object().unwrap().clone());
    class
}

#[tokio::test]
async fn a_preset_shows_what_makes_the_volumes_once_it_is_known() {
    let known = core().plan(class(json!({ "preset": "eks-gp3" }))).await.unwrap();
    assert_eq!(known.action, ChangeAction::Create);
    let provisioner = |planned: &tf_framework::value::Value| {
        let provisioner = planned.attribute_or_null(StorageClassModel::STORAGE_PROVISIONER);
        provisioner.clone()
    };
    assert_eq!(provisioner(&known.planned), "ebs.csi.aws.com".into());
    let unknown = core().plan(class(json!({ "preset": UNKNOWN }))).await.unwrap();
    assert!(provisioner(&unknown.planned).is_unknown());
}

#[tokio::test]
async fn what_makes_the_volumes_is_said_once() {
    for both in [
        json!({}),
        json!({ "preset": "eks-gp3", "storage_provisioner": "ebs.csi.aws.com" }),
    ] {
        let refused = core().plan(class(both.clone())).await.map(|_| ()).expect_err("refused");
        assert!(
            refused.to_string().contains("Provisioner is not clear"),
            "{both}: {refused}"
        );
    }
    for either in [
        json!({ "preset": UNKNOWN, "storage_provisioner": UNKNOWN }),
        json!({ "preset": UNKNOWN, "storage_provisioner": "csi.example.com" }),
    ] {
        assert!(core().plan(class(either.clone())).await.is_ok(), "{either}");
    }
}

#[tokio::test]
async fn what_is_known_late_makes_no_other_plan() {
    let of_preset = |attribute: &str, value: Value| json!({ "preset": "eks-gp3", attribute: value });
    for (early, late) in [
        (json!({ "preset": UNKNOWN }), json!({ "preset": "eks-gp3" })),
        (
            json!({ "storage_provisioner": UNKNOWN }),
            json!({ "storage_provisioner": "csi.example.com" }),
        ),
        (
            of_preset("parameters", json!(UNKNOWN)),
            of_preset("parameters", json!({ "iops": "6000" })),
        ),
        (
            of_preset("reclaim_policy", json!(UNKNOWN)),
            of_preset("reclaim_policy", json!(null)),
        ),
        (of_preset("default", json!(UNKNOWN)), of_preset("default", json!(true))),
        (
            of_preset("mount_options", json!(UNKNOWN)),
            of_preset("mount_options", json!(["noatime"])),
        ),
    ] {
        let made = core().apply_later_known(class(early), class(late.clone())).await;
        let refused = made.expect_err("there is no cluster").to_string();
        assert!(refused.contains("is not known yet"), "{late}: {refused}");
    }
}
