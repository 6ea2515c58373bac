//! The transport against a client that behaves as go-plugin's does: real sockets, real TLS, generated gRPC client.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod go_plugin;
mod test_server;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::StreamExt;
use prost::bytes::Bytes;
use rustls::AlertDescription;
use tf_framework::server::{Mode, ServeError};
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::plugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::{DynamicValue, apply_resource_change, get_metadata, read_resource};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::go_plugin::{ClientCertificate, Handshake, environment};
use crate::test_server::Server;

const MAX_MESSAGE: usize = 256 << 20;

fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE)
}

async fn assert_served(channel: Channel) {
    let check = HealthCheckRequest {
        service: "plugin".to_owned(),
    };
    let health = HealthClient::new(channel.clone()).check(check).await.unwrap();
    assert_eq!(health.into_inner().status(), ServingStatus::Serving);
    let metadata = provider(channel)
        .get_metadata(get_metadata::Request {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(metadata.resources[0].type_name, "test_thing");
}

#[tokio::test]
async fn client_with_the_right_certificate_is_served() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let server = Server::start(environment(tmp.path(), Some(&client)), Mode::Plugin)
        .await
        .unwrap();

    let channel = server.handshake().channel(client.identity()).await;

    assert_served(channel.clone()).await;
    let unknown = provider(channel)
        .stop_provider(tfplugin::tfplugin6::stop_provider::Request {})
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::Unimplemented);
    server.finish().await;
}

#[tokio::test]
async fn everybody_else_is_refused_and_holds_up_nobody() {
    let tmp = tempfile::tempdir().unwrap();
    let (client, stranger) = (ClientCertificate::generate(), ClientCertificate::generate());
    let server = Server::start(environment(tmp.path(), Some(&client)), Mode::Plugin)
        .await
        .unwrap();
    let handshake = server.handshake();

    let _silent = handshake.open().await.unwrap();
    for (identity, alert) in [
        (None, AlertDescription::CertificateRequired),
        (stranger.identity(), AlertDescription::AccessDenied),
        (client.identity_with_key_of(&stranger), AlertDescription::DecryptError),
    ] {
        // In TLS 1.3 the client learns of its refusal when it first reads.
        let mut stream = handshake.open_tls(identity).await.unwrap();
        let refusal = stream.read_u8().await.unwrap_err();
        let refusal = refusal
            .get_ref()
            .and_then(|error| error.downcast_ref::<rustls::Error>());
        assert_eq!(refusal, Some(&rustls::Error::AlertReceived(alert)));
    }

    assert_served(handshake.channel(client.identity()).await).await;
    server.finish().await;
}

#[tokio::test]
async fn plaintext_is_refused_where_the_client_has_a_certificate() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let server = Server::start(environment(tmp.path(), Some(&client)), Mode::Plugin)
        .await
        .unwrap();

    let plaintext = Handshake {
        certificate: None,
        ..server.handshake()
    };
    let answer = provider(plaintext.channel(None).await)
        .get_metadata(get_metadata::Request {})
        .await;

    assert!(answer.is_err());
    server.finish().await;
}

#[tokio::test]
async fn client_without_a_certificate_is_served_in_plaintext() {
    let tmp = tempfile::tempdir().unwrap();
    let server = Server::start(environment(tmp.path(), None), Mode::Plugin)
        .await
        .unwrap();

    let handshake = server.handshake();

    assert!(handshake.certificate.is_none());
    assert_served(handshake.channel(None).await).await;
    server.finish().await;
}

#[tokio::test]
async fn damaged_client_certificate_is_an_error_and_never_plaintext() {
    let tmp = tempfile::tempdir().unwrap();
    let mut environment = environment(tmp.path(), None);
    environment.insert("PLUGIN_CLIENT_CERT", "-----BEGIN CERTIFICATE-----\n".to_owned());

    let result = Server::start(environment, Mode::Plugin).await;

    assert!(matches!(result, Err(ServeError::SetUpTls(_))));
}

#[tokio::test]
async fn nothing_is_announced_without_the_cookie() {
    let tmp = tempfile::tempdir().unwrap();
    let mut environment = environment(tmp.path(), None);
    environment.remove("TF_PLUGIN_MAGIC_COOKIE");

    let result = Server::start(environment, Mode::Plugin).await;

    assert!(matches!(result, Err(ServeError::NotStartedByCore)));
}

#[tokio::test]
async fn core_without_protocol_6_is_told_that_this_is_6() {
    let tmp = tempfile::tempdir().unwrap();
    let mut environment = environment(tmp.path(), None);
    environment.insert("PLUGIN_PROTOCOL_VERSIONS", "5".to_owned());

    let server = Server::start(environment, Mode::Plugin).await.unwrap();

    assert!(server.line.starts_with("1|6|"), "{}", server.line);
    server.finish().await;
}

#[tokio::test]
async fn temporary_directory_too_long_for_a_socket_means_tcp() {
    let tmp = tempfile::tempdir().unwrap();
    let long = tmp.path().join("x".repeat(120));
    std::fs::create_dir(&long).unwrap();
    let client = ClientCertificate::generate();
    let server = Server::start(environment(&long, Some(&client)), Mode::Plugin)
        .await
        .unwrap();

    let handshake = server.handshake();

    let port = handshake
        .address
        .strip_prefix("127.0.0.1:")
        .expect("loopback only")
        .parse()
        .unwrap();
    assert!((10_000..=25_000).contains(&port), "{port}");
    assert_served(handshake.channel(client.identity()).await).await;
    assert_eq!(long.read_dir().unwrap().count(), 0, "a folder is left behind");
    server.finish().await;
}

#[tokio::test]
async fn socket_is_the_users_alone_and_goes_with_the_server() {
    let tmp = tempfile::tempdir().unwrap();
    let server = Server::start(environment(tmp.path(), None), Mode::Plugin)
        .await
        .unwrap();

    let handshake = server.handshake();
    let directory = Path::new(&handshake.address).parent().unwrap();
    assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(directory.parent().unwrap(), tmp.path());
    server.finish().await;

    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}

#[tokio::test]
async fn large_states_pass_both_ways() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let server = Server::start(environment(tmp.path(), Some(&client)), Mode::Plugin)
        .await
        .unwrap();
    let channel = server.handshake().channel(client.identity()).await;

    let state = DynamicValue {
        msgpack: Bytes::from(vec![0xc3; 5 << 20]),
        json: Bytes::new(),
    };
    let request = read_resource::Request {
        current_state: Some(state.clone()),
        ..Default::default()
    };
    let response = provider(channel).read_resource(request).await.unwrap().into_inner();

    assert!(response.new_state == Some(state));
    server.finish().await;
}

#[tokio::test]
async fn shutdown_answers_and_ends_the_server_although_rpcs_are_open() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let mut server = Server::start(environment(tmp.path(), Some(&client)), Mode::Plugin)
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
    server.applying.recv().await.unwrap();

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
    let mut server = Server::start(environment(tmp.path(), None), Mode::Plugin)
        .await
        .unwrap();
    let mut applying = provider(server.handshake().channel(None).await);
    let apply = tokio::spawn(async move {
        applying
            .apply_resource_change(apply_resource_change::Request::default())
            .await
    });
    server.applying.recv().await.unwrap();

    server.stop.cancel();
    let early = timeout(Duration::from_secs(1), &mut server.serving).await;
    assert!(early.is_err(), "it did not wait");
    server.release.notify_one();

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
