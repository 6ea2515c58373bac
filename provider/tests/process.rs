//! The binary as a core meets it: once more, and in short, what `provider/framework/tests/process/` proves of any
//! provider.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../framework/tests/go_plugin/mod.rs"]
mod go_plugin;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::tfplugin6::get_provider_schema;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::go_plugin::{ClientCertificate, Handshake, environment};

/// The client kills a plugin that has not exited 2 s after Shutdown.
const EXIT: Duration = Duration::from_secs(2);

fn provider() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terraform-provider-cht"));
    command
        .env_clear()
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts it for that client, and reads what it announces.
async fn start(tmp: &Path, client: &ClientCertificate) -> (Child, BufReader<ChildStdout>, Handshake) {
    let mut child = provider().envs(environment(tmp, Some(client))).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).await.unwrap();
    (child, stdout, Handshake::parse(&line))
}

/// Waits for the exit, which must be soon and clean.
async fn exited(mut child: Child, mut stdout: BufReader<ChildStdout>, tmp: &Path) {
    let status = timeout(EXIT, child.wait()).await.expect("it does not exit").unwrap();
    assert!(status.success(), "{status}");
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [], "stdout has the handshake line and nothing else");
    assert_eq!(tmp.read_dir().unwrap().count(), 0, "the socket is left behind");
}

async fn assert_served(handshake: &Handshake, client: &ClientCertificate) {
    let mut provider = ProviderClient::new(handshake.channel(client.identity()).await);
    let schema = provider.get_provider_schema(get_provider_schema::Request {}).await;
    let schema = schema.unwrap().into_inner();
    assert_eq!(schema.diagnostics, []);
    assert!(schema.resource_schemas.contains_key("cht_instance"));
}

#[tokio::test]
async fn trap_19_only_the_client_with_the_right_certificate_is_served() {
    let tmp = tempfile::tempdir().unwrap();
    let (client, stranger) = (ClientCertificate::generate(), ClientCertificate::generate());
    let (child, stdout, handshake) = start(tmp.path(), &client).await;

    let _silent = handshake.open().await.unwrap();
    for identity in [None, stranger.identity(), client.identity_with_key_of(&stranger)] {
        let mut stream = handshake.open_tls(identity).await.unwrap();
        assert!(stream.read_u8().await.is_err());
    }
    assert_served(&handshake, &client).await;

    let mut controller = GrpcControllerClient::new(handshake.channel(client.identity()).await);
    controller.shutdown(Empty {}).await.unwrap();
    exited(child, stdout, tmp.path()).await;
}

#[tokio::test]
async fn trap_22_interrupt_is_left_to_the_core_and_terminate_ends_the_process() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let (child, stdout, handshake) = start(tmp.path(), &client).await;
    let id = Pid::from_raw(child.id().unwrap().try_into().unwrap());

    kill(id, Signal::SIGINT).unwrap();
    assert_served(&handshake, &client).await;
    kill(id, Signal::SIGTERM).unwrap();

    exited(child, stdout, tmp.path()).await;
}

#[tokio::test]
async fn trap_34_temporary_directory_too_long_for_a_socket_means_tcp() {
    let tmp = tempfile::tempdir().unwrap();
    let long = tmp.path().join("x".repeat(120));
    std::fs::create_dir(&long).unwrap();
    let client = ClientCertificate::generate();
    let (child, stdout, handshake) = start(&long, &client).await;

    assert_eq!(handshake.network, "tcp");
    assert_served(&handshake, &client).await;

    let mut controller = GrpcControllerClient::new(handshake.channel(client.identity()).await);
    controller.shutdown(Empty {}).await.unwrap();
    exited(child, stdout, &long).await;
}

#[tokio::test]
async fn binary_started_by_hand_explains_itself() {
    let output = provider().output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("This program is a plugin"), "{stderr}");
}
