//! What a provider says of itself, and its configuration.

use std::sync::Arc;

use serde_json::json;
use tf_framework::model::Model as _;
use tf_framework::provider::{DataSourceEntry, Provider, ResourceEntry};
use tf_framework::server::{ServeOptions, service};
use tf_framework::value::Value;
use tf_framework::wire::msgpack;
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_server::Provider as _;
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::client::{connect, creation, encoded, text};
use crate::thing::{Clients, ProviderModel, ProviderModelDraft, Thing, ThingModel, Things};
use crate::world::World;

fn world() -> Arc<World> {
    Arc::default()
}

#[tokio::test]
async fn capabilities_are_those_that_there_are() {
    let mut client = connect(&world(), &CancellationToken::new());
    let schemas = client.get_provider_schema(proto::get_provider_schema::Request {}).await;
    let schemas = schemas.unwrap().into_inner();
    assert_eq!(schemas.diagnostics, []);
    assert!(schemas.resource_schemas.contains_key("test_thing"));
    assert!(schemas.data_source_schemas.contains_key("test_thing"));
    let metadata = client
        .get_metadata(proto::get_metadata::Request {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(metadata.resources[0].type_name, "test_thing");
    for capabilities in [schemas.server_capabilities, metadata.server_capabilities].map(Option::unwrap) {
        assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
        assert!(capabilities.move_resource_state && capabilities.generate_resource_config);
    }
    client.get_functions(proto::get_functions::Request {}).await.unwrap();
}

#[tokio::test]
async fn trap_24_a_provider_can_be_configured_with_what_is_not_known_and_again() {
    let world = world();
    let mut client = connect(&world, &CancellationToken::new());
    let of = ProviderModel::schema().value_type();
    let unknown = Value::object([("endpoint", Value::UNKNOWN), ("token", Value::Null)]);
    let unknown = proto::DynamicValue {
        msgpack: msgpack::encode(&unknown, &of).unwrap().into(),
        ..Default::default()
    };
    for config in [Some(unknown), encoded(&json!({ "endpoint": "e" }))] {
        let validation = proto::validate_provider_config::Request { config: config.clone() };
        let answer = client.validate_provider_config(validation).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics, []);
        let configuration = proto::configure_provider::Request {
            config,
            ..Default::default()
        };
        let answer = client.configure_provider(configuration).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics, []);
    }
    assert_eq!(world.take_log(), ["configure for later", "configure for e"]);
}

#[tokio::test]
async fn clients_are_closed_once_when_the_process_ends_and_it_waits_for_them() {
    let world = world();
    let options = ServeOptions::new(Things::ADDRESS);
    let service = service(Things(Arc::clone(&world)), &options);
    let configuration = proto::configure_provider::Request {
        config: encoded(&json!({ "endpoint": "e" })),
        ..Default::default()
    };
    service.configure_provider(Request::new(configuration)).await.unwrap();
    assert_eq!(world.take_log(), ["configure for e"]);
    options.stop.cancel();
    options.operations.close();
    options.operations.wait().await;
    assert_eq!(world.take_log(), ["close"]);
}

#[tokio::test]
async fn trap_25_operations_of_an_unconfigured_provider_are_refused() {
    let mut client = connect(&world(), &CancellationToken::new());
    let answer = client.apply_resource_change(creation(&json!({ "name": "a" }))).await;
    let told = text(&answer.unwrap().into_inner().diagnostics);
    assert!(told.contains("before it configured it"), "{told}");
}

/// A provider that no core would accept.
struct Broken;

impl Provider for Broken {
    type Model = ProviderModel;
    type Clients = Clients;

    const NAME: &'static str = "other";
    const ADDRESS: &'static str = "registry.opentofu.org/medic/other";

    async fn configure(&self, _: ProviderModelDraft) -> Result<Clients, tf_framework::diagnostics::Diagnostics> {
        Ok(Clients)
    }

    fn resources(&self) -> Vec<ResourceEntry<Clients>> {
        let things = [world(), world()].map(|world| ResourceEntry::new(Thing(world)));
        Vec::from(things)
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Clients>> {
        Things(world()).data_sources()
    }
}

#[tokio::test]
async fn a_provider_with_broken_schemas_says_so_at_once() {
    assert_eq!(Things(world()).lint(), Vec::<String>::new());
    let problems = Broken.lint();
    assert_eq!(
        problems,
        [
            "test_thing: does not begin with `other_`.",
            "test_thing: is there twice, or not in alphabetical order.",
            "test_thing: does not begin with `other_`.",
            "test_thing: does not begin with `other_`."
        ]
    );
    let service = service(Broken, &ServeOptions::new(Broken::ADDRESS));
    let schemas = service
        .get_provider_schema(Request::new(proto::get_provider_schema::Request {}))
        .await;
    assert!(text(&schemas.unwrap().into_inner().diagnostics).contains("is there twice"));
    assert_eq!(ThingModel::schema().lint(), Vec::<String>::new());
}
