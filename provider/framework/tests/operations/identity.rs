//! What names a thing: in which states it is, that it never changes, and how it gets older.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tf_framework::Attr;
use tf_framework::testing::{ChangeAction, Core};
use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;

use crate::client::{connect, text};
use crate::lifecycle::core;
use crate::thing::Things;
use crate::world::Step;

pub(crate) fn identity_of(id: &str) -> Json {
    json!({ "id": id, "realm": "things" })
}

#[tokio::test]
async fn trap_13_identity_is_in_every_state_of_a_thing() {
    let (mut core, world) = core();
    let plan = core.plan(json!({ "name": "a" })).await.unwrap();
    assert_eq!(plan.identity, None, "what it is made of is known after apply");
    core.apply(json!({ "name": "a" })).await.unwrap();
    assert_eq!(core.identity(), Some(&identity_of("a-id")));
    core.apply(json!({ "name": "a", "size": 2 })).await.unwrap();
    core.refresh().await.unwrap();
    let plan = core.plan(json!({ "name": "a", "size": 2 })).await.unwrap();
    assert_eq!(plan.identity.unwrap().attribute_or_null("id"), &"a-id".into());
    world.script("update", &[Step::Fail]);
    core.apply(json!({ "name": "a", "size": 3 })).await.unwrap_err();
    assert_eq!(core.identity(), Some(&identity_of("a-id")));
    world.script("delete", &[Step::Fail]);
    core.destroy().await.unwrap_err();
    assert_eq!(core.identity(), Some(&identity_of("a-id")));
}

#[tokio::test]
async fn trap_13_identity_is_filled_in_where_a_state_is_older_than_it() {
    let (mut maker, world) = core();
    maker.apply(json!({ "name": "a" })).await.unwrap();
    let state = maker.state().cloned().unwrap();
    let mut core = Core::new(Things(world), "test_thing").with_state(2, state);
    assert_eq!(core.identity(), None);
    assert!(core.plan(json!({ "name": "a" })).await.unwrap().is_empty());
    assert_eq!(core.identity(), Some(&identity_of("a-id")));
}

#[tokio::test]
async fn an_identity_of_an_older_version_is_upgraded() {
    let (mut maker, world) = core();
    maker.apply(json!({ "name": "a" })).await.unwrap();
    let state = maker.state().cloned().unwrap();
    let core = Core::new(Things(world), "test_thing").with_state(2, state);
    let mut core = core.with_identity(0, json!({ "name": "a", "color": "red" }));
    core.refresh().await.unwrap();
    assert_eq!(core.identity(), Some(&identity_of("a-id")));
    for (version, identity, expected) in [
        (2, json!({ "id": "a-id" }), "too new"),
        (0, json!({ "label": "a" }), "does not fit"),
    ] {
        let mut core = core_with_identity(&mut maker, version, identity);
        let failure = core.refresh().await.map(|_| ()).unwrap_err();
        assert!(failure.to_string().contains(expected), "{failure}");
    }
}

fn core_with_identity(maker: &mut Core<Things>, version: i64, identity: Json) -> Core<Things> {
    let state = maker.state().cloned().unwrap();
    let core = Core::new(Things(Arc::default()), "test_thing").with_state(2, state);
    core.with_identity(version, identity)
}

#[tokio::test]
async fn an_identity_that_changes_while_the_thing_stays_is_a_defect_and_is_not_stored() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    let mut other = Core::new(Things(world.clone()), "test_thing");
    other.apply(json!({ "name": "b" })).await.unwrap();
    world.script(
        "read",
        &[Step::Change(|thing| thing.id = Attr::Known("b-id".to_owned()))],
    );
    let failure = core.refresh().await.map(|_| ()).unwrap_err().to_string();
    assert!(failure.contains("`id` is another"), "{failure}");
    assert_eq!(core.identity(), Some(&identity_of("a-id")));
}

#[tokio::test]
async fn a_thing_that_is_replaced_gets_an_identity_of_its_own() {
    let (mut core, _) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    let plan = core.plan(json!({ "name": "b" })).await.unwrap();
    assert_eq!((plan.action, plan.identity), (ChangeAction::Replace, None));
    core.apply(json!({ "name": "b" })).await.unwrap();
    assert_eq!(core.identity(), Some(&identity_of("b-id")));
}

#[tokio::test]
async fn a_thing_without_an_identity_is_kept_and_told() {
    let (mut core, world) = core();
    world.script("create", &[Step::Change(|thing| thing.id = Attr::Null)]);
    let failure = core.apply(json!({ "name": "a" })).await.unwrap_err().to_string();
    assert!(failure.contains("no identity"), "{failure}");
    assert!(core.state().is_some() && core.is_tainted());
}

#[tokio::test]
async fn a_panic_while_an_identity_is_made_loses_no_state() {
    let (mut core, _) = core();
    let failure = core.apply(json!({ "name": "cursed" })).await.unwrap_err().to_string();
    assert!(failure.contains("panicked"), "{failure}");
    assert_eq!(core.state().unwrap()["id"], "cursed-id");
}

#[tokio::test]
async fn trap_27_a_thing_is_imported_by_its_identity_as_by_its_id() {
    let (mut maker, world) = core();
    maker.apply(json!({ "name": "a", "size": 5 })).await.unwrap();
    for identity in [json!({ "id": "a-id" }), identity_of("a-id")] {
        let mut core = Core::new(Things(world.clone()), "test_thing");
        let state = core.import_by_identity(identity).await.unwrap();
        assert_eq!(state["size"], 5);
        assert_eq!(core.identity(), Some(&identity_of("a-id")));
        assert!(core.plan(json!({ "name": "a", "size": 5 })).await.unwrap().is_empty());
    }
    let mut core = Core::new(Things(world), "test_thing");
    for (identity, expected) in [
        (json!({}), "Invalid identity"),
        (json!({ "name": "a" }), "Unsupported argument"),
        (json!({ "id": "b-id" }), "No such thing"),
    ] {
        let failure = core.import_by_identity(identity).await.unwrap_err().to_string();
        assert!(failure.contains(expected), "{failure}");
    }
}

#[tokio::test]
async fn a_resource_without_an_identity_has_none_in_any_answer() {
    let mut core = Core::new(Things(Arc::default()), "test_unnamed");
    core.apply(json!({ "weight": 1 })).await.unwrap();
    core.refresh().await.unwrap();
    assert_eq!(core.identity(), None);
    let mut core = Core::new(Things(Arc::default()), "test_unnamed");
    assert_eq!(core.import("3").await.unwrap()["weight"], 3);
    assert!(core.import_by_identity(json!({})).await.is_err());
    let mut client = connect(&Arc::default(), &CancellationToken::new());
    let request = proto::upgrade_resource_identity::Request {
        type_name: "test_unnamed".to_owned(),
        version: 0,
        raw_identity: Some(proto::RawState {
            json: b"{}".as_slice().into(),
            ..Default::default()
        }),
    };
    let told = text(
        &client
            .upgrade_resource_identity(request)
            .await
            .unwrap()
            .into_inner()
            .diagnostics,
    );
    assert!(told.contains("which has none"), "{told}");
}
