//! What names a thing: in which answers it is, that it never changes, and how it gets older.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tf_framework::Attr;
use tf_framework::Model as _;
use tf_framework::testing::{Action, Core};
use tf_framework::value::Value;
use tf_framework::wire::{json, msgpack};
use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;

use crate::client::{connect, connect_configured, creation, decoded, text, thing};
use crate::lifecycle::core;
use crate::thing::{ThingIdentity, Things};
use crate::unnamed::UnnamedModel;
use crate::world::{Step, World};

fn identity_of(id: &str) -> Json {
    json!({ "id": id, "realm": "things" })
}

/// An identity in a request.
fn sent(identity: &Json) -> Option<proto::ResourceIdentityData> {
    use tf_framework::resource::Stored;
    let of = ThingIdentity::value_type();
    let value = json::decode(identity.to_string().as_bytes(), &of).unwrap();
    let msgpack = msgpack::encode(&value, &of).unwrap().into();
    let identity_data = Some(proto::DynamicValue {
        msgpack,
        ..Default::default()
    });
    Some(proto::ResourceIdentityData { identity_data })
}

#[tokio::test]
async fn the_schema_of_an_identity_says_what_an_import_needs() {
    let mut client = connect(&Arc::default(), &CancellationToken::new());
    let request = proto::get_resource_identity_schemas::Request {};
    let answer = client
        .get_resource_identity_schemas(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.diagnostics, []);
    let schemas: Vec<_> = answer.identity_schemas.into_iter().collect();
    let [(type_name, schema)] = schemas.try_into().unwrap();
    assert_eq!((type_name.as_str(), schema.version), ("test_thing", 1));
    let attributes = schema.identity_attributes.iter().map(|one| {
        let of = std::str::from_utf8(&one.r#type).unwrap();
        (one.name.as_str(), of, one.required_for_import, one.optional_for_import)
    });
    assert_eq!(
        attributes.collect::<Vec<_>>(),
        [("id", "\"string\"", true, false), ("realm", "\"string\"", false, true)]
    );
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
async fn trap_13_identity_goes_back_as_it_came_even_if_the_call_fails() {
    let world = Arc::new(World::default());
    let mut client = connect_configured(&world).await;
    client
        .apply_resource_change(creation(&json!({ "name": "a" })))
        .await
        .unwrap();
    let state = json!({ "name": "a", "size": 1, "id": "a-id", "revision": 1 });
    let identity = sent(&identity_of("a-id"));
    for failing in [false, true] {
        for operation in ["plan", "read", "delete"] {
            world.script(operation, if failing { &[Step::Fail] } else { &[] });
        }
        let read = proto::read_resource::Request {
            type_name: "test_thing".to_owned(),
            current_state: thing(&state),
            current_identity: identity.clone(),
            ..Default::default()
        };
        let read = client.read_resource(read).await.unwrap().into_inner();
        let plan = proto::plan_resource_change::Request {
            type_name: "test_thing".to_owned(),
            prior_state: thing(&state),
            proposed_new_state: thing(&state),
            config: thing(&json!({ "name": "a" })),
            prior_identity: identity.clone(),
            ..Default::default()
        };
        let plan = client.plan_resource_change(plan).await.unwrap().into_inner();
        let deletion = proto::apply_resource_change::Request {
            type_name: "test_thing".to_owned(),
            prior_state: thing(&state),
            planned_state: thing(&Json::Null),
            config: thing(&Json::Null),
            planned_identity: identity.clone(),
            ..Default::default()
        };
        for answered in [
            (read.new_identity, read.diagnostics),
            (plan.planned_identity, plan.diagnostics),
        ] {
            assert_eq!((answered.0, answered.1.len()), (identity.clone(), usize::from(failing)));
        }
        if failing {
            let deleted = client.apply_resource_change(deletion).await.unwrap().into_inner();
            assert_eq!((deleted.new_identity, deleted.diagnostics.len()), (identity.clone(), 1));
        }
    }
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
    world.script("read", &[]);
    world.script("plan", &[Step::PlanOtherId]);
    let failure = core
        .plan(json!({ "name": "a", "size": 2 }))
        .await
        .unwrap_err()
        .to_string();
    assert!(failure.contains("`id` of the identity, but keeps"), "{failure}");
}

#[tokio::test]
async fn a_thing_that_is_replaced_gets_an_identity_of_its_own() {
    let (mut core, _) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    let plan = core.plan(json!({ "name": "b" })).await.unwrap();
    assert_eq!((plan.action, plan.identity), (Action::Replace, None));
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
async fn trap_14_an_older_state_keeps_all_digits() {
    let mut client = connect(&Arc::default(), &CancellationToken::new());
    const DIGITS: &str = "123456789012345678901234567890.125";
    let request = proto::upgrade_resource_state::Request {
        type_name: "test_unnamed".to_owned(),
        version: 0,
        raw_state: Some(proto::RawState {
            json: format!("{{\"mass\": {DIGITS}}}").into(),
            ..Default::default()
        }),
    };
    let answer = client.upgrade_resource_state(request).await.unwrap().into_inner();
    assert_eq!(text(&answer.diagnostics), "");
    let encoded = answer.upgraded_state.unwrap().msgpack;
    let state = msgpack::decode(&encoded, &UnnamedModel::schema().value_type()).unwrap();
    let weight = DIGITS.parse().map(Value::Number).unwrap();
    assert_eq!(state.attribute_or_null("weight"), &weight);
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

#[tokio::test]
async fn a_checkpoint_of_a_failed_creation_has_its_identity() {
    let world = Arc::new(World::default());
    world.script("create", &[Step::Checkpoint, Step::Fail]);
    let mut client = connect_configured(&world).await;
    let answer = client.apply_resource_change(creation(&json!({ "name": "a" }))).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(
        decoded(answer.new_state.as_ref()).attribute_or_null("id"),
        &"a-id".into()
    );
    assert_eq!(answer.new_identity, sent(&identity_of("a-id")));
}
