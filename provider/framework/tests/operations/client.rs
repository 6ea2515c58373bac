//! A client for single calls: real gRPC messages, handed over in memory, so that time can be paused.

use std::sync::Arc;

use serde_json::Value as Json;
use tf_framework::Model;
use tf_framework::provider::Provider as _;
use tf_framework::server::{ServeOptions, service};
use tf_framework::value::Value;
use tf_framework::wire::{json, msgpack};
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::provider_server::{Provider, ProviderServer};
use tokio_util::sync::CancellationToken;

use crate::thing::{ThingModel, Things};
use crate::world::World;

/// A connection to a process of the provider that has not been configured.
pub(crate) fn connect(
    world: &Arc<World>,
    end: &CancellationToken,
) -> ProviderClient<ProviderServer<impl Provider + use<>>> {
    let options = ServeOptions {
        stop: end.clone(),
        ..ServeOptions::new(Things::ADDRESS)
    };
    ProviderClient::new(ProviderServer::new(service(Things(Arc::clone(world)), &options)))
}

/// A connection to a process of the provider.
pub(crate) async fn connect_configured(world: &Arc<World>) -> ProviderClient<ProviderServer<impl Provider + use<>>> {
    let mut client = connect(world, &CancellationToken::new());
    let request = proto::configure_provider::Request {
        config: encoded(&Json::Object(serde_json::Map::new())),
        ..Default::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
    world.take_log();
    client
}

/// A value in a request, as JSON.
pub(crate) fn encoded(value: &Json) -> Option<proto::DynamicValue> {
    Some(proto::DynamicValue {
        json: value.to_string().into_bytes().into(),
        ..Default::default()
    })
}

/// A thing in a request; what is not given is null.
pub(crate) fn thing(given: &Json) -> Option<proto::DynamicValue> {
    let of = ThingModel::schema().value_type();
    let value = json::decode(given.to_string().as_bytes(), &of).unwrap();
    Some(packed(&value))
}

/// A thing in a request, with unknown attributes.
pub(crate) fn thing_with_unknown(given: &Json, unknown: &[&str]) -> Option<proto::DynamicValue> {
    let mut value = decoded(thing(given).as_ref());
    for name in unknown {
        assert!(tf_framework::path::Path::new(*name).set(&mut value, Value::UNKNOWN));
    }
    Some(packed(&value))
}

/// A thing in an answer.
pub(crate) fn decoded(answer: Option<&proto::DynamicValue>) -> Value {
    msgpack::decode(&answer.unwrap().msgpack, &ThingModel::schema().value_type()).unwrap()
}

/// The creation of a thing called `a`, as it was planned.
pub(crate) fn creation(config: &Json) -> proto::apply_resource_change::Request {
    proto::apply_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: thing(&Json::Null),
        planned_state: thing_with_unknown(&serde_json::json!({ "name": "a", "size": 1 }), &["id", "revision"]),
        config: thing(config),
        ..Default::default()
    }
}

/// What a diagnostic says, in one text.
pub(crate) fn text(diagnostics: &[proto::Diagnostic]) -> String {
    let texts = diagnostics.iter().map(|one| format!("{}: {}", one.summary, one.detail));
    texts.collect::<Vec<_>>().join("\n")
}

fn packed(value: &Value) -> proto::DynamicValue {
    proto::DynamicValue {
        msgpack: msgpack::encode(value, &ThingModel::schema().value_type())
            .unwrap()
            .into(),
        ..Default::default()
    }
}
