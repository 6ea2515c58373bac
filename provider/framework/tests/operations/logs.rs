//! What the log says of calls, and what it must not say.

use std::cell::RefCell;
use std::sync::{Arc, Once};

use serde_json::{Value as Json, json};
use tf_framework::server::logging::HclogLayer;
use tfplugin::tfplugin6 as proto;
use tracing_subscriber::layer::SubscriberExt;

use crate::client::{connect_configured, creation, encoded, text};
use crate::lifecycle::core;
use crate::world::{Step, World};

thread_local! {
    /// The lines of the test that this thread runs, if it collects them.
    static LINES: RefCell<Option<Vec<Json>>> = const { RefCell::new(None) };
}

/// Begins to collect the lines of this test, at all levels. There is one subscriber for all tests: while those of
/// single threads come and go, events of other threads can get lost.
fn collect() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let layer = HclogLayer::new(|line| {
            LINES.with_borrow_mut(|lines| {
                lines
                    .iter_mut()
                    .for_each(|lines| lines.push(serde_json::from_slice(line).unwrap()));
            });
        });
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    });
    LINES.set(Some(Vec::new()));
}

/// The lines since then.
fn collected() -> Vec<Json> {
    LINES.take().expect("lines are being collected")
}

#[tokio::test]
async fn every_line_of_a_call_says_which_call_it_is() {
    let world = Arc::new(World::default());
    world.script("create", &[Step::Warn, Step::Fail]);
    let mut client = connect_configured(&world).await;
    collect();
    client
        .apply_resource_change(creation(&json!({ "name": "a" })))
        .await
        .unwrap();
    let request = proto::read_data_source::Request {
        type_name: "test_thing".to_owned(),
        config: encoded(&json!({ "name": "a" })),
        ..Default::default()
    };
    client.read_data_source(request).await.unwrap();
    let lines = collected();
    let own: Vec<_> = lines
        .iter()
        .filter(|line| line["@module"].as_str().unwrap().starts_with("tf_framework"))
        .collect();
    let messages: Vec<_> = own.iter().map(|line| line["@message"].as_str().unwrap()).collect();
    let expected = [
        "received request",
        "the answer has an error",
        "served request",
        "received request",
        "served request",
    ];
    assert_eq!(messages, expected);
    for line in &own {
        assert_eq!(line["tf_provider_addr"], "registry.opentofu.org/medic/test");
        assert_eq!(line["tf_proto_version"], "6");
    }
    assert_eq!(own[1]["@level"], "error");
    assert_eq!(own[1]["diagnostic_summary"], "Unable to do it");
    assert_eq!(
        (&own[2]["tf_rpc"], &own[2]["tf_resource_type"]),
        (&json!("ApplyResourceChange"), &json!("test_thing"))
    );
    assert_eq!(
        (&own[2]["diagnostic_error_count"], &own[2]["diagnostic_warning_count"]),
        (&json!(1), &json!(1))
    );
    assert!(own[2]["tf_req_duration_ms"].is_u64());
    assert_eq!(own[0]["tf_req_id"], own[2]["tf_req_id"]);
    assert_ne!(own[0]["tf_req_id"], own[3]["tf_req_id"]);
    assert_eq!(
        (&own[4]["tf_data_source_type"], own[4].get("tf_resource_type")),
        (&json!("test_thing"), None)
    );
}

#[tokio::test]
async fn calls_of_functions_and_ephemeral_resources_are_named_and_quote_nothing() {
    let mut client = connect_configured(&Arc::default()).await;
    collect();
    let separator = encoded(&json!("hunter2")).unwrap();
    let request = proto::call_function::Request {
        name: "join".to_owned(),
        arguments: vec![separator, proto::DynamicValue::default()],
    };
    client.call_function(request).await.unwrap();
    let request = proto::open_ephemeral_resource::Request {
        type_name: "test_pass".to_owned(),
        config: encoded(&json!({ "name": "gr33t1ng" })),
        ..Default::default()
    };
    client.open_ephemeral_resource(request).await.unwrap();
    let lines = collected();
    let of = |key: &str, name: &str| lines.iter().filter(|line| line[key] == name).collect::<Vec<_>>();
    let function = of("tf_function_name", "join");
    let failed = function
        .iter()
        .find(|line| line["@message"] == "the function has no result")
        .expect("the failure is logged");
    assert_eq!(failed["function_error_argument"], json!(0));
    assert!(!of("tf_ephemeral_resource_type", "test_pass").is_empty());
    for line in &lines {
        let line = line.to_string();
        assert!(!line.contains("hunter2") && !line.contains("gr33t1ng"), "{line}");
    }
}

#[tokio::test]
async fn trap_18_no_line_of_a_whole_life_has_a_value_in_it() {
    let secrets = ["hunter2", "t0ken", "gr33t1ng"];
    collect();
    let (core, world) = core();
    let mut core = core.with_provider_config(json!({ "token": "t0ken" }));
    let config = json!({ "name": "gr33t1ng", "passphrase": "hunter2" });
    core.apply(config.clone()).await.unwrap();
    core.destroy().await.unwrap();
    world.script("create", &[Step::Change(|thing| thing.size = 9)]);
    core.apply(config.clone()).await.unwrap_err();
    core.destroy().await.unwrap();
    world.script("create", &[Step::PanicTellingSecrets]);
    let failure = core.apply(config).await.unwrap_err().to_string();
    let lines = collected();
    assert!(
        failure.contains("withheld") && !failure.contains("hunter2"),
        "{failure}"
    );
    assert!(lines.iter().any(|line| line["@message"] == "the provider panicked"));
    for line in &lines {
        for secret in secrets {
            assert!(!line.to_string().contains(secret), "{line}");
        }
    }
}

#[tokio::test]
async fn a_panic_anywhere_is_an_answer_and_no_broken_call() {
    for operation in ["create", "plan"] {
        let world = Arc::new(World::default());
        world.script(operation, &[Step::Panic]);
        let mut client = connect_configured(&world).await;
        let request = proto::plan_resource_change::Request {
            type_name: "test_thing".to_owned(),
            prior_state: creation(&Json::Null).prior_state,
            proposed_new_state: creation(&json!({ "name": "a" })).config,
            config: creation(&json!({ "name": "a" })).config,
            ..Default::default()
        };
        let plan = client.plan_resource_change(request).await.unwrap().into_inner();
        let apply = client
            .apply_resource_change(creation(&json!({ "name": "a" })))
            .await
            .unwrap()
            .into_inner();
        let told = format!("{}{}", text(&plan.diagnostics), text(&apply.diagnostics));
        assert_eq!(told.matches("The provider panicked: a defect").count(), 1, "{told}");
    }
}
