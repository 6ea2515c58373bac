//! The start of a process: what it writes to stdout, where it listens, and whom it lets in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use nix::sys::signal::Signal;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use tfplugin::tfplugin6::get_metadata;
use tokio::io::AsyncReadExt;

use crate::go_plugin::{ClientCertificate, Handshake, environment};
use crate::thing::{creation, start, start_in, test_provider};

#[tokio::test]
async fn provider_started_by_hand_explains_itself() {
    let tmp = tempfile::tempdir().unwrap();
    let mut wrong = environment(tmp.path(), None);
    wrong.insert("TF_PLUGIN_MAGIC_COOKIE", "chocolate".to_owned());
    for environment in [wrong, Default::default()] {
        let output = test_provider().envs(environment).output().await.unwrap();

        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.starts_with("This program is a plugin: Terraform or OpenTofu starts it"),
            "{stderr}"
        );
    }
}

#[tokio::test]
async fn trap_20_stdout_has_the_handshake_line_and_nothing_else_ever() {
    let tmp = tempfile::tempdir().unwrap();
    let mut command = test_provider();
    command.env("TF_LOG", "TRACE");
    // The line is read while the process runs, so it was flushed.
    let provider = start(command, tmp.path()).await;
    for behavior in ["log", "panic", "panic elsewhere"] {
        let request = creation(behavior);
        provider.provider().apply_resource_change(request).await.unwrap();
    }

    let fields: Vec<_> = provider.line.trim_end().split('|').map(str::to_owned).collect();
    provider.shutdown().await;
    let rest = provider.exited(tmp.path()).await;

    assert_eq!(String::from_utf8_lossy(&rest.stdout), "");
    let [core, protocol, network, socket, kind, certificate] = &fields[..] else {
        panic!("not six fields: {fields:?}");
    };
    assert_eq!([core, protocol, network, kind], ["1", "6", "unix", "grpc"]);
    assert!(socket.starts_with(tmp.path().to_str().unwrap()), "{socket}");
    assert!(!certificate.contains('='), "Go reads base64 without padding");
    let certificate = CertificateDer::from(STANDARD_NO_PAD.decode(certificate).unwrap());
    ParsedCertificate::try_from(&certificate).expect("Go reads a certificate in DER");
}

#[tokio::test]
async fn trap_19_wrong_and_missing_certificates_are_refused_and_the_right_one_is_served() {
    let tmp = tempfile::tempdir().unwrap();
    let (client, stranger) = (ClientCertificate::generate(), ClientCertificate::generate());
    let environment = environment(tmp.path(), Some(&client));
    let provider = start_in(test_provider(), environment, Some(&client)).await;
    let handshake = Handshake::parse(&provider.line);

    let _silent = handshake.open().await.unwrap();
    for identity in [None, stranger.identity(), client.identity_with_key_of(&stranger)] {
        // In TLS 1.3 the client learns of its refusal when it first reads.
        let mut stream = handshake.open_tls(identity).await.unwrap();
        assert!(stream.read_u8().await.is_err());
    }

    let channel = handshake.channel(client.identity()).await;
    let mut served = tfplugin::tfplugin6::provider_client::ProviderClient::new(channel);
    served.get_metadata(get_metadata::Request {}).await.unwrap();
    provider.shutdown().await;
    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn core_without_a_certificate_is_served_in_plaintext() {
    let tmp = tempfile::tempdir().unwrap();
    let provider = start_in(test_provider(), environment(tmp.path(), None), None).await;

    assert!(provider.line.ends_with("|grpc|\n"), "{}", provider.line);
    provider.shutdown().await;
    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn core_without_protocol_6_is_told_that_this_is_6() {
    for versions in ["5", "", "16,60"] {
        let tmp = tempfile::tempdir().unwrap();
        let client = ClientCertificate::generate();
        let mut environment = environment(tmp.path(), Some(&client));
        environment.insert("PLUGIN_PROTOCOL_VERSIONS", versions.to_owned());

        let provider = start_in(test_provider(), environment, Some(&client)).await;

        assert!(provider.line.starts_with("1|6|"), "{}", provider.line);
        provider.signal(Signal::SIGTERM);
        provider.exited(tmp.path()).await;
    }
}

#[tokio::test]
async fn trap_34_temporary_directory_too_long_for_a_socket_means_tcp_and_nothing_left_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let long = tmp.path().join("x".repeat(120));
    std::fs::create_dir(&long).unwrap();

    let provider = start(test_provider(), &long).await;

    assert!(provider.line.starts_with("1|6|tcp|127.0.0.1:"), "{}", provider.line);
    provider.shutdown().await;
    provider.exited(&long).await;
}

#[tokio::test]
async fn folder_for_sockets_wins_over_the_temporary_directory() {
    let (tmp, sockets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut environment = environment(tmp.path(), None);
    environment.insert("PLUGIN_UNIX_SOCKET_DIR", sockets.path().to_str().unwrap().to_owned());

    let provider = start_in(test_provider(), environment, None).await;

    let socket = Handshake::parse(&provider.line).address;
    assert!(socket.starts_with(sockets.path().to_str().unwrap()), "{socket}");
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0);
    provider.shutdown().await;
    provider.exited(sockets.path()).await;
}

#[tokio::test]
async fn environment_that_makes_no_sense_is_an_error_line_and_no_handshake() {
    let tmp = tempfile::tempdir().unwrap();
    for (variable, value, text) in [
        (
            "PLUGIN_MIN_PORT",
            "30000",
            "PLUGIN_MIN_PORT 30000 is above PLUGIN_MAX_PORT 25000",
        ),
        ("PLUGIN_MAX_PORT", "many", "PLUGIN_MAX_PORT is not a port number"),
        (
            "PLUGIN_CLIENT_CERT",
            "-----BEGIN",
            "unable to read the client's certificate",
        ),
        (
            "PLUGIN_UNIX_SOCKET_DIR",
            "/dev/null",
            "unable to create a folder for the socket",
        ),
        (
            "PLUGIN_UNIX_SOCKET_GROUP",
            "nobody knows it",
            "there is no group nobody knows it",
        ),
    ] {
        let mut environment = environment(tmp.path(), None);
        environment.insert(variable, value.to_owned());

        let output = test_provider().envs(environment).output().await.unwrap();

        assert_eq!(output.status.code(), Some(1), "{variable}");
        assert!(output.stdout.is_empty(), "{variable}");
        let line: serde_json::Value = serde_json::from_slice(&output.stderr).expect("one log line");
        assert_eq!(line["@message"], "serving the provider failed");
        assert!(line["error"].as_str().unwrap().contains(text), "{line}");
        assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "a folder is left behind");
    }
}
