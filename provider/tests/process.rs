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

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::{DynamicValue, call_function, get_provider_schema};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;
use tonic::transport::Channel;

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
    start_in(environment(tmp, Some(client))).await
}

/// Starts it in a process group of its own, and reads what it announces.
async fn start_in(environment: BTreeMap<&'static str, String>) -> (Child, BufReader<ChildStdout>, Handshake) {
    let mut child = provider().envs(environment).process_group(0).spawn().unwrap();
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
    assert_answers(ProviderClient::new(handshake.channel(client.identity()).await)).await;
}

async fn assert_answers(mut provider: ProviderClient<Channel>) {
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

    let interrupts: [fn(Pid, Signal) -> nix::Result<()>; 2] = [kill, killpg];
    for interrupt in interrupts {
        interrupt(id, Signal::SIGINT).unwrap();
        assert_served(&handshake, &client).await;
    }
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
async fn core_without_a_certificate_is_served_in_plaintext() {
    let tmp = tempfile::tempdir().unwrap();
    let (child, stdout, handshake) = start_in(environment(tmp.path(), None)).await;

    assert!(handshake.certificate.is_none());
    let channel = handshake.channel(None).await;
    assert_answers(ProviderClient::new(channel.clone())).await;

    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    exited(child, stdout, tmp.path()).await;
}

/// [`Handshake::parse`] looks at the version.
#[tokio::test]
async fn core_without_protocol_6_is_told_that_this_is_6() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let mut environment = environment(tmp.path(), Some(&client));
    environment.insert("PLUGIN_PROTOCOL_VERSIONS", "5".to_owned());
    let (child, stdout, handshake) = start_in(environment).await;

    let mut controller = GrpcControllerClient::new(handshake.channel(client.identity()).await);
    controller.shutdown(Empty {}).await.unwrap();
    exited(child, stdout, tmp.path()).await;
}

#[tokio::test]
async fn fifty_calls_at_once_are_answered_and_one_of_five_mebibytes_among_them() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let (child, stdout, handshake) = start(tmp.path(), &client).await;
    let channel = handshake.channel(client.identity()).await;
    let provider = ProviderClient::new(channel.clone()).max_decoding_message_size(usize::MAX);

    let text = format!("a: {}", "x".repeat(5 << 20));
    let mut large = provider.clone();
    let large = tokio::spawn(async move { large.call_function(call("values", &text)).await });
    let small = (0..50).map(|_| {
        let mut provider = provider.clone();
        async move { provider.call_function(call("values", "a: 1")).await }
    });
    for answer in join_all(small).await {
        assert_told(answer.unwrap().into_inner());
    }
    assert_told(large.await.unwrap().unwrap().into_inner());

    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    exited(child, stdout, tmp.path()).await;
}

/// A call of a function with one text.
fn call(name: &str, text: &str) -> call_function::Request {
    // MessagePack's strings of up to 4 GiB begin so.
    let mut msgpack = vec![0xdb];
    msgpack.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    msgpack.extend(text.as_bytes());
    let argument = DynamicValue {
        msgpack: msgpack.into(),
        ..DynamicValue::default()
    };
    call_function::Request {
        name: name.to_owned(),
        arguments: vec![argument],
    }
}

/// What was sent arrived whole: it is YAML, and the function says what it lacks.
fn assert_told(answer: call_function::Response) {
    let error = answer.error.expect("there is no chart with these values");
    assert!(error.text.contains("cht"), "{}", error.text);
    assert_eq!(error.function_argument, Some(0));
}

#[tokio::test]
async fn binary_started_by_hand_explains_itself() {
    let output = provider().output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("This program is a plugin"), "{stderr}");
}
