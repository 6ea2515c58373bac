//! Things that were objects of another type before.

use std::sync::Arc;

use serde_json::json;
use tf_framework::testing::{Core, Source};

use crate::lifecycle::core;
use crate::thing::Things;
use crate::world::World;

/// A core beside the one that has made the thing `a`, and the world of both.
async fn other_core() -> (Core<Things>, Arc<World>) {
    let (mut maker, world) = core();
    maker.apply(json!({ "name": "a" })).await.unwrap();
    world.take_log();
    (Core::new(Things(Arc::clone(&world)), "test_thing"), world)
}

fn object(registry: &str, version: i64) -> Source {
    Source {
        provider_address: format!("{registry}/hashicorp/objects"),
        type_name: "objects_object".to_owned(),
        schema_version: version,
        state: json!({ "label": "a", "color": "red" }),
        ..Source::default()
    }
}

#[tokio::test]
async fn an_object_is_taken_over_from_whichever_registry_its_provider_came() {
    let in_full = ["registry.terraform.io", "registry.opentofu.org"].map(|registry| object(registry, 2));
    let by_its_last_part = Source {
        provider_address: "objects".to_owned(),
        ..object("", 2)
    };
    for source in in_full.into_iter().chain([by_its_last_part]) {
        let (mut core, world) = other_core().await;
        let state = core.move_state(source).await.unwrap();
        assert_eq!((&state["id"], &state["passphrase"]), (&json!("a-id"), &json!(null)));
        assert_eq!(core.identity().unwrap()["id"], "a-id");
        assert!(core.plan(json!({ "name": "a" })).await.unwrap().is_empty());
        assert_eq!(world.ids(), ["a-id"], "nothing is made or removed");
    }
}

#[tokio::test]
async fn what_is_beside_the_state_can_be_taken_over_too() {
    let (mut core, world) = other_core().await;
    let gadget = Source {
        provider_address: "example.com/medic/gadgets".to_owned(),
        type_name: "gadgets_gadget".to_owned(),
        schema_version: 7,
        state: json!({ "key": "a-id" }),
        private: json!({ "passphrase_length": 5 }).to_string().into(),
        identity: Some((0, json!({ "name": "a" }))),
    };
    core.move_state(gadget.clone()).await.unwrap();
    assert!(world.take_log().contains(&"read, private 5".to_owned()));
    let (mut core, _) = other_core().await;
    let without = Source {
        private: b"hunter2".to_vec(),
        ..gadget
    };
    let failure = core.move_state(without).await.unwrap_err().to_string();
    assert!(
        failure.contains("another form") && !failure.contains("hunter2"),
        "{failure}"
    );
    assert_eq!(core.state(), None);
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_what_would_be() {
    let (mut core, _) = other_core().await;
    let elsewhere = object("example.com", 2);
    let newer = object("registry.opentofu.org", 3);
    let other_type = Source {
        type_name: "objects_group".to_owned(),
        ..object("registry.opentofu.org", 2)
    };
    for source in [elsewhere, newer, other_type] {
        let address = source.provider_address.clone();
        let failure = core.move_state(source).await.unwrap_err().to_string();
        for part in [
            "`removed` block",
            &address,
            "objects_object of hashicorp/objects of versions 1 to 2",
        ] {
            assert!(failure.contains(part), "{failure}");
        }
    }
    let unreadable = Source {
        state: json!({ "label": ["hunter2"] }),
        ..object("registry.opentofu.org", 1)
    };
    let failure = core.move_state(unreadable).await.unwrap_err().to_string();
    assert!(
        failure.contains("does not fit") && !failure.contains("hunter2"),
        "{failure}"
    );
}

#[tokio::test]
async fn an_object_that_is_gone_is_not_taken_over() {
    let (mut core, world) = other_core().await;
    world.remove("a-id");
    let failure = core.move_state(object("registry.opentofu.org", 1)).await.unwrap_err();
    assert!(failure.to_string().contains("non-existent"), "{failure}");
}
