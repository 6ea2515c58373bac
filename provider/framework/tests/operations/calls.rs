//! Single calls: messages, as opposed to what comes of them.

use std::sync::Arc;

use serde_json::json;
use tf_framework::model::Model as _;
use tf_framework::provider::{DataSourceEntry, Provider, ResourceEntry};
use tf_framework::server::service;
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_server::Provider as _;
use tokio_util::sync::CancellationToken;
use tonic::Request;

use crate::client::{connect, connect_configured, creation, decoded, encoded, text, thing, thing_with_unknown};
use crate::thing::{Clients, ProviderModel, ProviderModelDraft, Step, Thing, ThingModel, Things, World};

fn type_name() -> String {
    "test_thing".to_owned()
}

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
        assert!(!capabilities.move_resource_state && !capabilities.generate_resource_config);
    }
    let identities = proto::get_resource_identity_schemas::Request {};
    client.get_resource_identity_schemas(identities).await.unwrap();
    client.get_functions(proto::get_functions::Request {}).await.unwrap();
}

#[tokio::test]
async fn a_move_is_refused_with_a_way_out() {
    let mut client = connect(&world(), &CancellationToken::new());
    let request = proto::move_resource_state::Request {
        source_type_name: "other_thing".to_owned(),
        target_type_name: type_name(),
        ..Default::default()
    };
    let told = text(
        &client
            .move_resource_state(request)
            .await
            .unwrap()
            .into_inner()
            .diagnostics,
    );
    assert!(told.contains("other_thing") && told.contains("import"), "{told}");
}

#[tokio::test]
async fn trap_24_a_provider_can_be_configured_with_what_is_not_known_and_again() {
    let world = world();
    let mut client = connect(&world, &CancellationToken::new());
    let of = ProviderModel::schema().value_type();
    let unknown = tf_framework::value::Value::object([
        ("endpoint", tf_framework::value::Value::UNKNOWN),
        ("token", tf_framework::value::Value::Null),
    ]);
    let unknown = proto::DynamicValue {
        msgpack: tf_framework::wire::msgpack::encode(&unknown, &of).unwrap().into(),
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
async fn trap_25_operations_of_an_unconfigured_provider_are_refused() {
    let mut client = connect(&world(), &CancellationToken::new());
    let answer = client.apply_resource_change(creation(&json!({ "name": "a" }))).await;
    let told = text(&answer.unwrap().into_inner().diagnostics);
    assert!(told.contains("before it configured it"), "{told}");
}

#[tokio::test]
async fn a_configuration_that_does_not_fit_the_model_is_no_defect_of_the_provider() {
    let mut client = connect(&world(), &CancellationToken::new());
    for (size, summary) in [(json!(1.5), "Invalid value"), (json!(101), "Too large")] {
        let request = proto::validate_resource_config::Request {
            type_name: type_name(),
            config: thing(&json!({ "name": "a", "size": size })),
            ..Default::default()
        };
        let answer = client.validate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics.len(), 1, "{}", text(&answer.diagnostics));
        assert_eq!(answer.diagnostics[0].summary, summary);
        assert!(answer.diagnostics[0].attribute.is_some());
    }
}

#[tokio::test]
async fn an_author_s_rules_are_checked_beside_those_of_the_schema() {
    let mut client = connect(&world(), &CancellationToken::new());
    let request = proto::validate_resource_config::Request {
        type_name: type_name(),
        config: thing(&json!({ "size": 101 })),
        ..Default::default()
    };
    let answer = client.validate_resource_config(request).await.unwrap().into_inner();
    let summaries: Vec<_> = answer.diagnostics.iter().map(|one| one.summary.as_str()).collect();
    assert_eq!(summaries, ["Missing required attribute", "Too large"]);
}

#[tokio::test]
async fn trap_18_write_only_values_are_refused_for_cores_that_would_store_them() {
    let mut client = connect(&world(), &CancellationToken::new());
    for (allowed, expected) in [(true, 0), (false, 1)] {
        let request = proto::validate_resource_config::Request {
            type_name: type_name(),
            config: thing(&json!({ "name": "a", "passphrase": "hunter2" })),
            client_capabilities: Some(proto::ClientCapabilities {
                write_only_attributes_allowed: allowed,
                ..Default::default()
            }),
        };
        let answer = client.validate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics.len(), expected);
        assert!(!text(&answer.diagnostics).contains("hunter2"));
    }
}

#[tokio::test]
async fn trap_13_private_bytes_go_back_as_they_came_even_if_nobody_can_read_them() {
    let world = world();
    let mut client = connect_configured(&world).await;
    let private = || b"\xffnot JSON".as_slice().into();
    let state = json!({ "name": "a", "size": 1, "id": "a-id", "revision": 1 });
    for failing in [false, true] {
        world.script("plan", if failing { &[Step::Fail] } else { &[] });
        let request = proto::plan_resource_change::Request {
            type_name: type_name(),
            prior_state: thing(&state),
            proposed_new_state: thing(&state),
            config: thing(&json!({ "name": "a" })),
            prior_private: private(),
            ..Default::default()
        };
        let plan = client.plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!(plan.planned_private, private());
        assert_eq!(plan.diagnostics.len(), usize::from(failing));
    }
    let request = proto::read_resource::Request {
        type_name: type_name(),
        current_state: thing(&state),
        private: private(),
        ..Default::default()
    };
    let read = client.read_resource(request).await.unwrap().into_inner();
    assert!(text(&read.diagnostics).contains("test_thing keeps there"));
    assert_eq!(read.private, private());
    assert_eq!(decoded(read.new_state.as_ref()).attribute_or_null("id"), &"a-id".into());
}

#[tokio::test]
async fn trap_28_nothing_is_deferred_even_if_the_core_would_allow_it() {
    let mut client = connect_configured(&world()).await;
    let request = proto::plan_resource_change::Request {
        type_name: type_name(),
        prior_state: thing(&json!(null)),
        proposed_new_state: thing_with_unknown(&json!({}), &["name"]),
        config: thing_with_unknown(&json!({}), &["name"]),
        client_capabilities: Some(proto::ClientCapabilities {
            deferral_allowed: true,
            ..Default::default()
        }),
        ..Default::default()
    };
    let plan = client.plan_resource_change(request).await.unwrap().into_inner();
    assert_eq!((plan.deferred, plan.diagnostics), (None, Vec::new()));
    assert!(!plan.legacy_type_system);
}

#[tokio::test]
async fn a_state_that_is_null_is_read_as_null() {
    let mut client = connect_configured(&world()).await;
    let request = proto::read_resource::Request {
        type_name: type_name(),
        current_state: thing(&json!(null)),
        ..Default::default()
    };
    let read = client.read_resource(request).await.unwrap().into_inner();
    assert!(decoded(read.new_state.as_ref()).is_null());
    assert_eq!(read.diagnostics, []);
}

#[tokio::test]
async fn states_from_before_terraform_0_12_and_imports_without_an_id_are_explained() {
    let mut client = connect_configured(&world()).await;
    let request = proto::upgrade_resource_state::Request {
        type_name: type_name(),
        version: 0,
        raw_state: Some(proto::RawState {
            flatmap: [("name".to_owned(), "a".to_owned())].into(),
            ..Default::default()
        }),
    };
    let told = text(
        &client
            .upgrade_resource_state(request)
            .await
            .unwrap()
            .into_inner()
            .diagnostics,
    );
    assert!(told.contains("0.11"), "{told}");
    let request = proto::import_resource_state::Request {
        type_name: type_name(),
        ..Default::default()
    };
    let answer = client.import_resource_state(request).await.unwrap().into_inner();
    assert!(text(&answer.diagnostics).contains("not by an identity"));
    assert_eq!(answer.imported_resources, []);
}

#[tokio::test]
async fn an_unknown_type_is_told_with_its_name() {
    let mut client = connect_configured(&world()).await;
    let request = proto::read_data_source::Request {
        type_name: "test_nothing".to_owned(),
        ..Default::default()
    };
    let told = text(&client.read_data_source(request).await.unwrap().into_inner().diagnostics);
    assert!(told.contains("test_nothing"), "{told}");
}

#[tokio::test]
async fn a_look_up_answers_with_something_whole_or_with_an_error() {
    let world = world();
    let mut client = connect_configured(&world).await;
    client
        .apply_resource_change(creation(&json!({ "name": "a" })))
        .await
        .unwrap();
    let cases: [(&str, &[Step], Option<&str>); 5] = [
        ("a", &[], None),
        ("undecided", &[], Some("left attributes unknown")),
        ("a", &[Step::Fail], Some("Unable to do it")),
        ("a", &[Step::FailWithoutSayingWhy], Some("without saying why")),
        ("a", &[Step::Panic], Some("panicked: a defect")),
    ];
    for (name, script, failure) in cases {
        world.script("look up", script);
        let request = proto::read_data_source::Request {
            type_name: type_name(),
            config: encoded(&json!({ "name": name })),
            ..Default::default()
        };
        let answer = client.read_data_source(request).await.unwrap().into_inner();
        let told = text(&answer.diagnostics);
        match failure {
            None => assert_eq!(told, ""),
            Some(failure) => assert!(told.contains(failure), "{told}"),
        }
    }
}

#[tokio::test]
async fn trap_30_every_failure_has_a_severity_and_a_summary() {
    let world = world();
    let mut client = connect_configured(&world).await;
    for script in [Step::Fail, Step::FailWithoutSayingWhy, Step::Panic] {
        world.script("create", &[script]);
        let answer = client.apply_resource_change(creation(&json!({ "name": "a" }))).await;
        for diagnostic in answer.unwrap().into_inner().diagnostics {
            assert_eq!(diagnostic.severity(), proto::diagnostic::Severity::Error);
            assert!(!diagnostic.summary.is_empty() && !diagnostic.detail.is_empty());
        }
    }
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
    let service = service(Broken, &CancellationToken::new());
    let schemas = service
        .get_provider_schema(Request::new(proto::get_provider_schema::Request {}))
        .await;
    assert!(text(&schemas.unwrap().into_inner().diagnostics).contains("is there twice"));
    assert_eq!(ThingModel::schema().lint(), Vec::<String>::new());
}
