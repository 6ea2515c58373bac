//! Single calls: messages, as opposed to what comes of them.

use std::sync::Arc;

use serde_json::json;
use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;

use crate::client::{connect, connect_configured, creation, decoded, encoded, text, thing, thing_with_unknown};
use crate::world::{Step, World};

fn type_name() -> String {
    "test_thing".to_owned()
}

fn world() -> Arc<World> {
    Arc::default()
}

#[tokio::test]
async fn a_move_is_refused_with_a_way_out() {
    let mut client = connect(&world(), &CancellationToken::new());
    let request = proto::move_resource_state::Request {
        source_type_name: "other_thing".to_owned(),
        source_state: Some(proto::RawState {
            json: b"{}".as_slice().into(),
            ..Default::default()
        }),
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
async fn what_a_plan_keeps_beside_the_state_goes_with_it() {
    let world = world();
    let mut client = connect_configured(&world).await;
    world.script("plan", &[Step::Keep(7)]);
    let state = json!({ "name": "a", "size": 1, "id": "a-id", "revision": 1 });
    let request = proto::plan_resource_change::Request {
        type_name: type_name(),
        prior_state: thing(&state),
        proposed_new_state: thing(&json!({ "name": "b", "size": 1, "id": "a-id", "revision": 1 })),
        config: thing(&json!({ "name": "b" })),
        ..Default::default()
    };
    let plan = client.plan_resource_change(request).await.unwrap().into_inner();
    assert_eq!(plan.requires_replace.len(), 1);
    assert_eq!(plan.planned_private, br#"{"passphrase_length":7}"#.as_slice());
}

#[tokio::test]
async fn trap_18_a_write_only_value_in_a_stored_state_is_dropped_by_its_upgrade() {
    let mut client = connect_configured(&world()).await;
    let request = proto::upgrade_resource_state::Request {
        type_name: type_name(),
        version: 2,
        raw_state: Some(proto::RawState {
            json: json!({ "name": "a", "passphrase": "hunter2" }).to_string().into(),
            ..Default::default()
        }),
    };
    let answer = client.upgrade_resource_state(request).await.unwrap().into_inner();
    let state = decoded(answer.upgraded_state.as_ref());
    assert_eq!(state.attribute_or_null("name"), &"a".into());
    assert!(state.attribute_or_null("passphrase").is_null());
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
    for (type_name, expected) in [
        ("test_thing", "`id`, or `identity = { id = ... }`"),
        ("test_unnamed", "not by an identity"),
    ] {
        let request = proto::import_resource_state::Request {
            type_name: type_name.to_owned(),
            ..Default::default()
        };
        let answer = client.import_resource_state(request).await.unwrap().into_inner();
        assert!(text(&answer.diagnostics).contains(expected));
        assert_eq!(answer.imported_resources, []);
    }
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
        let diagnostics = answer.unwrap().into_inner().diagnostics;
        assert!(!diagnostics.is_empty());
        for diagnostic in diagnostics {
            assert_eq!(diagnostic.severity(), proto::diagnostic::Severity::Error);
            assert!(!diagnostic.summary.is_empty() && !diagnostic.detail.is_empty());
        }
    }
}
