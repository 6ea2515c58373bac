//! Who is served, where, and what everybody else gets.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustls::AlertDescription;
use tf_framework::server::{Mode, ServeError};
use tokio::io::AsyncReadExt;
use tonic::Code;

use crate::go_plugin::{ClientCertificate, Handshake, environment};
use crate::test_server::Server;
use crate::{assert_served, provider};
use tfplugin::tfplugin6::get_metadata;

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
async fn trap_19_everybody_else_is_refused_and_holds_up_nobody() {
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
async fn trap_34_temporary_directory_too_long_for_a_socket_means_tcp() {
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
