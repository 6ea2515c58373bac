//! Many calls at once, and large ones, through the whole framework and over one connection.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tf_framework::server::{Mode, service};
use tf_framework::value::Value;
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tokio::sync::Barrier;
use tokio::time::timeout;
use tonic::transport::Channel;

use crate::go_plugin::{ClientCertificate, environment};
use crate::provider;
use crate::test_server::Server;
use crate::things::{Things, configuration, nothing, thing};

/// Long enough for everything that is not stuck.
const STUCK: Duration = Duration::from_secs(60);

/// A server of that provider, and a client that has configured it.
async fn connect(things: Things, tmp: &Path) -> (Server, ProviderClient<Channel>) {
    let client = ClientCertificate::generate();
    let environment = environment(tmp, Some(&client));
    let server = Server::serve(|options| service(things, options), environment, Mode::Plugin)
        .await
        .unwrap();
    let mut client = provider(server.handshake().channel(client.identity()).await);
    let request = proto::configure_provider::Request {
        config: configuration(),
        ..Default::default()
    };
    let configured = client.configure_provider(request).await.unwrap();
    assert_eq!(configured.into_inner().diagnostics, []);
    (server, client)
}

/// A call that does not wait for anything: its kind depends on the number.
fn quick_call(mut client: ProviderClient<Channel>, number: usize) -> BoxFuture<'static, Vec<proto::Diagnostic>> {
    async move {
        match number % 5 {
            0 => client.read_resource(refresh()).await.unwrap().into_inner().diagnostics,
            1 => {
                client
                    .plan_resource_change(plan())
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            }
            2 => {
                let request = proto::validate_resource_config::Request {
                    type_name: "test_thing".to_owned(),
                    config: thing("a", Value::Null),
                    ..Default::default()
                };
                client
                    .validate_resource_config(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            }
            3 => {
                let request = proto::configure_provider::Request {
                    config: configuration(),
                    ..Default::default()
                };
                client
                    .configure_provider(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            }
            _ => {
                let request = proto::get_provider_schema::Request {};
                client
                    .get_provider_schema(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            }
        }
    }
    .boxed()
}

fn refresh() -> proto::read_resource::Request {
    proto::read_resource::Request {
        type_name: "test_thing".to_owned(),
        current_state: thing("a", "thing".into()),
        ..Default::default()
    }
}

fn plan() -> proto::plan_resource_change::Request {
    proto::plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: nothing(),
        proposed_new_state: thing("a", Value::Null),
        config: thing("a", Value::Null),
        ..Default::default()
    }
}

fn creation() -> proto::apply_resource_change::Request {
    proto::apply_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: nothing(),
        planned_state: thing("a", Value::UNKNOWN),
        config: thing("a", Value::Null),
        ..Default::default()
    }
}

#[tokio::test]
async fn trap_26_calls_on_one_connection_never_wait_for_each_other() {
    const PAIRS: usize = 25;
    let tmp = tempfile::tempdir().unwrap();
    let barrier = Arc::new(Barrier::new(PAIRS + 1));
    let (server, client) = connect(Things::meeting_at(Arc::clone(&barrier)), tmp.path()).await;

    let mut slow = FuturesUnordered::new();
    let mut quick = Vec::new();
    for number in 0..PAIRS {
        let mut creating = client.clone();
        slow.push(tokio::spawn(
            async move { creating.apply_resource_change(creation()).await },
        ));
        quick.push(tokio::spawn(quick_call(client.clone(), number)));
    }
    timeout(STUCK, barrier.wait())
        .await
        .expect("a slow call waits for another");
    quick.extend((0..PAIRS).map(|number| tokio::spawn(quick_call(client.clone(), number))));
    let quick = timeout(STUCK, join_all(quick)).await;
    for diagnostics in quick.expect("a quick call waits for a slow one") {
        assert_eq!(diagnostics.unwrap(), []);
    }
    assert!(slow.next().now_or_never().is_none(), "a creation ended by itself");
    timeout(STUCK, barrier.wait()).await.expect("a slow call has ended");
    while let Some(created) = slow.next().await {
        let created = created.unwrap().unwrap().into_inner();
        assert_eq!(created.diagnostics, []);
        assert_eq!(created.new_state, thing("a", "thing".into()));
    }
    server.finish().await;
}

#[tokio::test]
async fn trap_21_an_attribute_of_five_mebibytes_passes_both_ways() {
    let tmp = tempfile::tempdir().unwrap();
    let (server, mut client) = connect(Things::described_at(1), tmp.path()).await;

    let state = thing(&"ä".repeat(5 << 19), "thing".into());
    let request = proto::read_resource::Request {
        type_name: "test_thing".to_owned(),
        current_state: state.clone(),
        ..Default::default()
    };
    let response = client.read_resource(request).await.unwrap().into_inner();

    assert!(state.as_ref().unwrap().msgpack.len() > 5 << 20);
    assert_eq!(response.diagnostics, []);
    assert!(response.new_state == state);
    server.finish().await;
}

#[tokio::test]
async fn trap_21_a_schema_as_large_as_cores_accept_passes() {
    // What cores accept in this one answer is less than elsewhere.
    const ACCEPTED: usize = 64 << 20;
    let tmp = tempfile::tempdir().unwrap();
    let (server, client) = connect(Things::described_at(ACCEPTED - 4096), tmp.path()).await;

    let schema = client
        .max_decoding_message_size(ACCEPTED)
        .get_provider_schema(proto::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();

    let description = schema.provider.unwrap().block.unwrap().description;
    assert_eq!(description.len(), ACCEPTED - 4096);
    server.finish().await;
}
