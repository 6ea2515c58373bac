//! How a server ends, and what becomes of the RPCs that are open then.

use std::time::{Duration, Instant};

use futures::StreamExt;
use tf_framework::server::Mode;
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::plugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin::tfplugin6::apply_resource_change;
use tokio::time::timeout;

use crate::go_plugin::{ClientCertificate, Handshake, environment};
use crate::test_server::{Server, TestProvider};
use crate::{assert_served, provider};

#[tokio::test]
async fn trap_22_shutdown_answers_and_ends_the_server_although_rpcs_are_open() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let (test_provider, mut applies) = TestProvider::new();
    let environment = environment(tmp.path(), Some(&client));
    let server = Server::serve(|_| test_provider, environment, Mode::Plugin)
        .await
        .unwrap();
    let channel = server.handshake().channel(client.identity()).await;
    let mut stdio = GrpcStdioClient::new(channel.clone())
        .stream_stdio(())
        .await
        .unwrap()
        .into_inner();
    let infos = futures::stream::pending();
    let mut broker = GrpcBrokerClient::new(channel.clone())
        .start_stream(infos)
        .await
        .unwrap()
        .into_inner();
    let mut applying = provider(channel.clone());
    let _apply = tokio::spawn(async move {
        applying
            .apply_resource_change(apply_resource_change::Request::default())
            .await
    });
    applies.begun.recv().await.unwrap();

    let start = Instant::now();
    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    server.serving.await.unwrap().unwrap();

    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(server.stop.is_cancelled(), "handlers are not told");
    assert!(stdio.next().await.is_none(), "the stream ends without an error");
    assert!(broker.next().await.is_none(), "the stream ends without an error");
}

#[tokio::test]
async fn rpc_that_is_open_when_the_process_is_told_to_stop_may_still_answer() {
    let tmp = tempfile::tempdir().unwrap();
    let (test_provider, mut applies) = TestProvider::new();
    let mut server = Server::serve(|_| test_provider, environment(tmp.path(), None), Mode::Plugin)
        .await
        .unwrap();
    let mut applying = provider(server.handshake().channel(None).await);
    let apply = tokio::spawn(async move {
        applying
            .apply_resource_change(apply_resource_change::Request::default())
            .await
    });
    applies.begun.recv().await.unwrap();

    server.stop.cancel();
    let early = timeout(Duration::from_secs(1), &mut server.serving).await;
    assert!(early.is_err(), "it did not wait");
    applies.release.notify_one();

    apply.await.unwrap().unwrap();
    server.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn reattached_server_survives_shutdown_and_ends_when_stopped() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let mut environment = environment(tmp.path(), Some(&client));
    environment.remove("TF_PLUGIN_MAGIC_COOKIE");
    let server = Server::start(environment, Mode::Reattach).await.unwrap();

    let json = server
        .line
        .trim_end()
        .strip_prefix("TF_REATTACH_PROVIDERS='")
        .unwrap()
        .strip_suffix('\'')
        .unwrap();
    let servers: serde_json::Value = serde_json::from_str(json).unwrap();
    let address = &servers["registry.terraform.io/medic/test"]["Addr"];
    let handshake = Handshake {
        network: address["Network"].as_str().unwrap().to_owned(),
        address: address["String"].as_str().unwrap().to_owned(),
        certificate: None,
    };
    GrpcControllerClient::new(handshake.channel(None).await)
        .shutdown(Empty {})
        .await
        .unwrap();
    assert_served(handshake.channel(None).await).await;

    server.finish().await;
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}
