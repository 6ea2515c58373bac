//! Single calls that carry what names a thing.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tf_framework::Model as _;
use tf_framework::resource::Stored as _;
use tf_framework::value::Value;
use tf_framework::wire::{json, msgpack};
use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;

use crate::client::{connect, connect_configured, creation, decoded, text, thing};
use crate::identity::identity_of;
use crate::thing::ThingIdentity;
use crate::unnamed::UnnamedModel;
use crate::world::{Step, World};

/// An identity in a request.
fn sent(identity: &Json) -> Option<proto::ResourceIdentityData> {
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
async fn trap_13_identity_stays_where_nothing_tells_it_any_more() {
    let world = Arc::new(World::default());
    world.script("delete", &[Step::Fail]);
    let mut client = connect_configured(&world).await;
    let identity = sent(&identity_of("a-id"));
    let nameless = thing(&json!({ "name": "a", "size": 1, "id": null, "revision": 1 }));
    let deletion = proto::apply_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: nameless.clone(),
        planned_state: thing(&Json::Null),
        config: thing(&Json::Null),
        planned_identity: identity.clone(),
        ..Default::default()
    };
    let failed = client.apply_resource_change(deletion).await.unwrap().into_inner();
    assert_eq!((failed.new_identity, failed.diagnostics.len()), (identity.clone(), 1));
    let plan = proto::plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: nameless,
        proposed_new_state: thing(&Json::Null),
        config: thing(&Json::Null),
        prior_identity: identity.clone(),
        ..Default::default()
    };
    let plan = client.plan_resource_change(plan).await.unwrap().into_inner();
    assert_eq!((plan.planned_identity, plan.diagnostics), (identity, Vec::new()));
}

#[tokio::test]
async fn a_plan_that_makes_another_thing_of_one_that_stays_is_refused_by_the_provider_itself() {
    let world = Arc::new(World::default());
    world.script("plan", &[Step::PlanOtherId]);
    let mut client = connect_configured(&world).await;
    let plan = proto::plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: thing(&json!({ "name": "a", "size": 1, "id": "a-id", "revision": 1 })),
        proposed_new_state: thing(&json!({ "name": "a", "size": 2 })),
        config: thing(&json!({ "name": "a", "size": 2 })),
        prior_identity: sent(&identity_of("a-id")),
        ..Default::default()
    };
    let told = text(
        &client
            .plan_resource_change(plan)
            .await
            .unwrap()
            .into_inner()
            .diagnostics,
    );
    assert!(told.contains("`id` of the identity, but keeps"), "{told}");
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
