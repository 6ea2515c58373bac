//! What becomes of operations that are interrupted, run out of time, or are not listened to any more.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tfplugin::tfplugin6 as proto;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client::{connect, connect_configured, creation, decoded, encoded, text, thing};
use crate::world::{Step, World};

/// How long an operation may go on after it should have stopped.
const GRACE: Duration = Duration::from_secs(30);

/// What a wait takes at most to end once it is cancelled: on the paused clock only what pauses itself takes any time.
const AT_ONCE: Duration = Duration::from_secs(1);

fn world(operation: &'static str, steps: &[Step]) -> Arc<World> {
    let world = Arc::new(World::default());
    world.script(operation, steps);
    world
}

async fn apply_until_stopped(world: &Arc<World>) -> proto::apply_resource_change::Response {
    let mut client = connect_configured(world).await;
    let mut other = client.clone();
    let applying = tokio::spawn(async move { client.apply_resource_change(creation(&json!({ "name": "a" }))).await });
    world.arrival().await;
    other.stop_provider(proto::stop_provider::Request {}).await.unwrap();
    applying.await.unwrap().unwrap().into_inner()
}

#[tokio::test(start_paused = true)]
async fn trap_22_stop_provider_ends_a_wait_at_once_and_the_checkpoint_is_kept() {
    let world = world("create", &[Step::Checkpoint, Step::Arrive, Step::WaitInVain]);
    let began = Instant::now();
    let answer = apply_until_stopped(&world).await;
    assert!(began.elapsed() < AT_ONCE);
    let told = text(&answer.diagnostics);
    assert!(told.contains("cancelled while waiting for the thing"), "{told}");
    assert!(told.contains("half done") && told.contains("untaint"), "{told}");
    assert_eq!(
        decoded(answer.new_state.as_ref()).attribute_or_null("id"),
        &"a-id".into()
    );
}

#[tokio::test(start_paused = true)]
async fn trap_22_an_operation_that_ignores_its_cancellation_is_ended_after_a_grace_time() {
    let world = world("create", &[Step::Checkpoint, Step::Arrive, Step::Hang]);
    let began = Instant::now();
    let answer = apply_until_stopped(&world).await;
    assert_eq!(began.elapsed(), GRACE);
    assert!(text(&answer.diagnostics).contains("did not stop"));
    assert_eq!(
        decoded(answer.new_state.as_ref()).attribute_or_null("id"),
        &"a-id".into()
    );
}

#[tokio::test(start_paused = true)]
async fn calls_after_stop_provider_are_not_cancelled() {
    let world = world("create", &[Step::WaitInVain]);
    let mut client = connect_configured(&world).await;
    client.stop_provider(proto::stop_provider::Request {}).await.unwrap();
    let answer = client
        .apply_resource_change(creation(&json!({ "name": "a" })))
        .await
        .unwrap();
    let told = text(&answer.into_inner().diagnostics);
    assert!(
        told.contains("timeouts.create") && !told.contains("cancelled"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_stops_when_the_server_does() {
    let world = world("create", &[Step::Checkpoint, Step::Arrive, Step::WaitInVain]);
    let end = CancellationToken::new();
    let mut client = connect(&world, &end);
    let request = proto::configure_provider::Request {
        config: encoded(&json!({})),
        ..Default::default()
    };
    client.configure_provider(request).await.unwrap();
    let applying = tokio::spawn(async move { client.apply_resource_change(creation(&json!({ "name": "a" }))).await });
    world.arrival().await;
    end.cancel();
    let answer = applying.await.unwrap().unwrap().into_inner();
    assert!(text(&answer.diagnostics).contains("cancelled"));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_names_what_was_awaited_and_which_limit_it_was() {
    let world = world("create", &[Step::Checkpoint, Step::WaitInVain]);
    let mut client = connect_configured(&world).await;
    for (limit, expected) in [
        (json!(null), Duration::from_secs(600)),
        (json!("1m"), Duration::from_secs(60)),
    ] {
        let planned = json!({ "name": "a", "size": 1, "timeouts": { "create": limit } });
        let request = proto::apply_resource_change::Request {
            planned_state: crate::client::thing_with_unknown(&planned, &["id", "revision"]),
            ..creation(&json!({ "name": "a" }))
        };
        let began = Instant::now();
        let answer = client.apply_resource_change(request).await.unwrap().into_inner();
        assert_eq!(began.elapsed(), expected);
        let told = text(&answer.diagnostics);
        assert!(told.contains("the thing") && told.contains("timeouts.create"), "{told}");
        assert_eq!(
            decoded(answer.new_state.as_ref()).attribute_or_null("id"),
            &"a-id".into()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn trap_23_a_dropped_call_cancels_its_operation_and_does_not_cut_it_off() {
    // That it is told to stop shows in that the wait ends long before its ten minutes; that it goes on, in the arrival.
    let world = world(
        "create",
        &[Step::Arrive, Step::Tolerate(&[Step::WaitInVain]), Step::Arrive],
    );
    let mut client = connect_configured(&world).await;
    let applying = tokio::spawn(async move { client.apply_resource_change(creation(&json!({ "name": "a" }))).await });
    world.arrival().await;
    let began = Instant::now();
    applying.abort();
    assert!(applying.await.unwrap_err().is_cancelled());
    world.arrival().await;
    assert!(began.elapsed() < AT_ONCE);
}

#[tokio::test(start_paused = true)]
async fn refreshes_plans_and_look_ups_that_hang_are_ended_too() {
    for operation in ["read", "plan", "look up"] {
        let world = world(operation, &[Step::Arrive, Step::Hang]);
        let mut client = connect_configured(&world).await;
        let mut other = client.clone();
        let calling = tokio::spawn(async move {
            let type_name = "test_thing".to_owned();
            let known = json!({ "name": "a", "size": 1, "id": "a-id", "revision": 1 });
            match operation {
                "read" => {
                    let current_state = thing(&known);
                    let request = proto::read_resource::Request {
                        type_name,
                        current_state,
                        ..Default::default()
                    };
                    client.read_resource(request).await.unwrap().into_inner().diagnostics
                }
                "plan" => {
                    let request = proto::plan_resource_change::Request {
                        type_name,
                        prior_state: thing(&known),
                        proposed_new_state: thing(&known),
                        config: thing(&json!({ "name": "a" })),
                        ..Default::default()
                    };
                    client
                        .plan_resource_change(request)
                        .await
                        .unwrap()
                        .into_inner()
                        .diagnostics
                }
                _ => {
                    let config = encoded(&json!({ "name": "a" }));
                    let request = proto::read_data_source::Request {
                        type_name,
                        config,
                        ..Default::default()
                    };
                    client.read_data_source(request).await.unwrap().into_inner().diagnostics
                }
            }
        });
        world.arrival().await;
        other.stop_provider(proto::stop_provider::Request {}).await.unwrap();
        let answered = tokio::time::timeout(2 * GRACE, calling).await.expect("it is ended");
        let told = text(&answered.unwrap());
        assert!(told.contains("did not stop"), "{operation}: {told}");
    }
}
