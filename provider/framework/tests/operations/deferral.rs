//! What cannot be done yet: a deferral for a core that asked for it, and an error or a plainer plan for any other.

use std::sync::Arc;

use serde_json::json;
use tf_framework::diagnostics::Deferral;
use tf_framework::testing::Core;
use tf_framework::value::Value;
use tf_framework::wire::msgpack;
use tf_framework::{Model, path::Path};
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::deferred::Reason;
use tfplugin::tfplugin6::provider_client::ProviderClient;

use crate::client::{connect_configured, creation, decoded, encoded, text, thing, thing_with_unknown};
use crate::deferral::requests::{existing, import, look_up, opening, planning, reading};
use crate::ephemeral::PassModel;
use crate::thing::{LookUpModel, Things};
use crate::world::{Step, World};

mod requests;

const NOT_YET: &[Step] = &[Step::Warn, Step::NotYet(Deferral::AbsentPrerequisite)];
const NO_CLIENTS: &[Step] = &[Step::NotYet(Deferral::ProviderConfigUnknown)];

fn world(operation: &'static str, steps: &[Step]) -> Arc<World> {
    let world = Arc::<World>::default();
    world.script(operation, steps);
    world
}

/// What a core says that asks for deferrals, one that does not, and one that knows nothing of them.
fn capabilities() -> [(bool, Option<proto::ClientCapabilities>); 3] {
    let told = |deferral_allowed| {
        Some(proto::ClientCapabilities {
            deferral_allowed,
            ..Default::default()
        })
    };
    [(true, told(true)), (false, told(false)), (false, None)]
}

fn deferred(reason: Reason) -> Option<proto::Deferred> {
    Some(proto::Deferred { reason: reason.into() })
}

/// Holds an answer against what it has to be: a deferral with nothing but the warning, or the error.
fn assert_deferred(allowed: bool, answered: Option<proto::Deferred>, diagnostics: &[proto::Diagnostic]) {
    let told = text(diagnostics);
    assert!(told.contains("Odd thing"), "{told}");
    assert_eq!(told.contains("Too early"), !allowed, "{told}");
    assert_eq!(answered, if allowed { deferred(Reason::AbsentPrereq) } else { None });
}

/// The plan that follows from the schema alone.
fn assert_planned_without_hook(planned: Option<&proto::DynamicValue>) {
    let expected = thing_with_unknown(&json!({ "name": "a", "size": 2, "id": "a-id" }), &["revision"]);
    assert_eq!(decoded(planned), decoded(expected.as_ref()));
}

#[tokio::test]
async fn a_deferred_read_keeps_the_state_as_it_is() {
    let mut client = connect_configured(&world("read", NOT_YET)).await;
    for (allowed, capabilities) in capabilities() {
        let answer = client.read_resource(reading(capabilities)).await.unwrap().into_inner();
        assert_deferred(allowed, answer.deferred, &answer.diagnostics);
        assert_eq!(
            decoded(answer.new_state.as_ref()),
            decoded(reading(None).current_state.as_ref())
        );
        assert_eq!(answer.private, reading(None).private);
    }
}

#[tokio::test]
async fn a_deferred_plan_is_the_one_that_the_schema_makes() {
    let mut client = connect_configured(&world("plan", NOT_YET)).await;
    for (allowed, capabilities) in capabilities() {
        let answer = client.plan_resource_change(planning(capabilities)).await;
        let answer = answer.unwrap().into_inner();
        assert_deferred(allowed, answer.deferred, &answer.diagnostics);
        assert_eq!(answer.planned_private, "kept");
        if allowed {
            assert_planned_without_hook(answer.planned_state.as_ref());
        } else {
            assert_eq!(answer.planned_state, None);
        }
    }
}

#[tokio::test]
async fn a_deletion_can_be_deferred() {
    let mut client = connect_configured(&world("plan", NOT_YET)).await;
    let request = proto::plan_resource_change::Request {
        proposed_new_state: thing(&json!(null)),
        config: thing(&json!(null)),
        ..planning(capabilities()[0].1)
    };
    let answer = client.plan_resource_change(request).await.unwrap().into_inner();
    assert_deferred(true, answer.deferred, &answer.diagnostics);
    assert!(decoded(answer.planned_state.as_ref()).is_null());
}

#[tokio::test]
async fn a_plan_that_is_invalid_without_the_hook_is_an_error_and_no_deferral() {
    let mut client = connect_configured(&world("plan", NOT_YET)).await;
    let request = proto::plan_resource_change::Request {
        config: thing(&json!(null)),
        ..planning(capabilities()[0].1)
    };
    let answer = client.plan_resource_change(request).await.unwrap().into_inner();
    assert_eq!(answer.deferred, None);
    assert!(text(&answer.diagnostics).contains("no objects"));
}

#[tokio::test]
async fn a_deferred_import_finds_nothing_yet() {
    let world = world("import", NOT_YET);
    let mut client = connect_configured(&world).await;
    client
        .apply_resource_change(creation(&json!({ "name": "a", "size": 1 })))
        .await
        .unwrap();
    for (allowed, capabilities) in capabilities() {
        let answer = client.import_resource_state(import(capabilities)).await;
        let answer = answer.unwrap().into_inner();
        assert_deferred(allowed, answer.deferred, &answer.diagnostics);
        assert_eq!(answer.imported_resources, []);
    }
}

#[tokio::test]
async fn deferred_data_are_what_the_configuration_says_of_them() {
    let mut client = connect_configured(&world("look up", NOT_YET)).await;
    for (allowed, capabilities) in capabilities() {
        let answer = client
            .read_data_source(look_up(capabilities))
            .await
            .unwrap()
            .into_inner();
        assert_deferred(allowed, answer.deferred, &answer.diagnostics);
        let of = LookUpModel::schema().value_type();
        let state = msgpack::decode(&answer.state.unwrap().msgpack, &of).unwrap();
        if allowed {
            assert_eq!(Path::new("name").get_or_null(&state), &"a".into());
            assert_eq!(Path::new("size").get_or_null(&state), &Value::UNKNOWN);
        } else {
            assert!(state.is_null());
        }
    }
}

#[tokio::test]
async fn a_deferred_opening_has_nothing_to_close() {
    let world = world("open", NOT_YET);
    let mut client = connect_configured(&world).await;
    for (allowed, capabilities) in capabilities() {
        let answer = client.open_ephemeral_resource(opening(capabilities)).await;
        let answer = answer.unwrap().into_inner();
        assert_deferred(allowed, answer.deferred, &answer.diagnostics);
        assert_eq!((answer.private, answer.renew_at), (None, None));
        let of = PassModel::schema().value_type();
        assert!(msgpack::decode(&answer.result.unwrap().msgpack, &of).unwrap().is_null());
        assert_eq!(world.take_log(), ["open for 1 h"]);
    }
}

#[tokio::test]
async fn a_change_is_never_deferred() {
    let mut client = connect_configured(&world("create", NOT_YET)).await;
    let answer = client
        .apply_resource_change(creation(&json!({ "name": "a", "size": 1 })))
        .await;
    let told = text(&answer.unwrap().into_inner().diagnostics);
    assert!(told.contains("Too early"), "{told}");
}

#[tokio::test]
async fn without_a_provider_configuration_a_plan_is_that_of_the_schema_deferred_or_not() {
    let mut client = connect_configured(&world("plan", NO_CLIENTS)).await;
    for (allowed, capabilities) in capabilities() {
        let answer = client.plan_resource_change(planning(capabilities)).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(answer.diagnostics, []);
        let expected = allowed.then(|| deferred(Reason::ProviderConfigUnknown)).flatten();
        assert_eq!(answer.deferred, expected);
        assert_planned_without_hook(answer.planned_state.as_ref());
    }
}

/// Every call on a provider that has no clients yet; the deferrals and what is told.
async fn unconfigured(
    client: &mut ProviderClient<proto::provider_server::ProviderServer<impl proto::provider_server::Provider>>,
    capabilities: Option<proto::ClientCapabilities>,
) -> Vec<(Option<proto::Deferred>, String)> {
    let read = client.read_resource(reading(capabilities)).await.unwrap().into_inner();
    assert_eq!(decoded(read.new_state.as_ref()), decoded(existing().as_ref()));
    let imported = client
        .import_resource_state(import(capabilities))
        .await
        .unwrap()
        .into_inner();
    let found = client
        .read_data_source(look_up(capabilities))
        .await
        .unwrap()
        .into_inner();
    let opened = client
        .open_ephemeral_resource(opening(capabilities))
        .await
        .unwrap()
        .into_inner();
    vec![
        (read.deferred, text(&read.diagnostics)),
        (imported.deferred, text(&imported.diagnostics)),
        (found.deferred, text(&found.diagnostics)),
        (opened.deferred, text(&opened.diagnostics)),
    ]
}

#[tokio::test]
async fn what_needs_a_provider_configuration_that_has_to_wait_waits_with_it() {
    let world = world("configure", NO_CLIENTS);
    let mut client = connect_configured(&world).await;
    for (allowed, capabilities) in capabilities() {
        for (answered, told) in unconfigured(&mut client, capabilities).await {
            let (expected, expected_text) = if allowed {
                (deferred(Reason::ProviderConfigUnknown), "")
            } else {
                (None, "No endpoint yet: Its address is not known.")
            };
            assert_eq!((answered, told.as_str()), (expected, expected_text));
        }
        let plan = client
            .plan_resource_change(planning(capabilities))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(plan.diagnostics, []);
        assert_eq!(plan.deferred.is_some(), allowed);
        assert_planned_without_hook(plan.planned_state.as_ref());
    }
    assert_eq!(world.take_log(), Vec::<String>::new());
    // A change cannot wait: the core has the state that it had, and the error.
    let answer = client
        .apply_resource_change(creation(&json!({ "name": "a", "size": 1 })))
        .await;
    let answer = answer.unwrap().into_inner();
    assert!(text(&answer.diagnostics).contains("No endpoint yet"));
    assert!(decoded(answer.new_state.as_ref()).is_null());
}

#[tokio::test]
async fn a_configuration_that_comes_later_ends_the_waiting() {
    let world = world("configure", NO_CLIENTS);
    let mut client = connect_configured(&world).await;
    world.script("configure", &[]);
    let request = proto::configure_provider::Request {
        config: encoded(&json!({})),
        ..Default::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
    let opened = client.open_ephemeral_resource(opening(capabilities()[0].1)).await;
    assert_eq!(opened.unwrap().into_inner().deferred, None);
}

#[tokio::test]
async fn the_core_for_tests_defers_where_it_is_told_to() {
    let config = || json!({ "name": "a", "size": 1 });
    let world = Arc::<World>::default();
    let mut plain = Core::new(Things(Arc::clone(&world)), "test_thing");
    plain.apply(config()).await.unwrap();
    let mut core = Core::new(Things(Arc::clone(&world)), "test_thing").with_deferral();
    world.script("import", NOT_YET);
    let failure = core.import("a-id").await.unwrap_err();
    assert_eq!(failure.deferral(), Some(Deferral::AbsentPrerequisite));
    world.script("import", &[]);
    core.import("a-id").await.unwrap();
    for operation in ["read", "plan"] {
        world.script(operation, NOT_YET);
        let failure = core.plan(config()).await.unwrap_err();
        assert_eq!(failure.deferral(), Some(Deferral::AbsentPrerequisite), "{failure}");
        let failure = plain.plan(config()).await.unwrap_err();
        assert_eq!(failure.deferral(), None);
        assert!(failure.to_string().contains("Too early"), "{failure}");
        world.script(operation, &[]);
    }
    assert!(core.plan(config()).await.unwrap().is_empty());
}
