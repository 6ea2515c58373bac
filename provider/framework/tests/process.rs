//! What a provider does to its process: signals, exit codes, panics, and the death of the core.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod go_plugin;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::{apply_resource_change, get_functions, get_metadata, stop_provider};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;
use tonic::transport::Channel;

use crate::go_plugin::{ClientCertificate, Handshake, environment};

/// The client kills a plugin that has not exited 2 s after Shutdown.
const EXIT: Duration = Duration::from_secs(2);

/// A command that runs `tests/process/test_provider.rs`.
fn test_provider() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-provider"));
    piped(&mut command);
    command
}

fn piped(command: &mut Command) {
    command
        .env_clear()
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
}

/// A running provider with one client.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    channel: Channel,
}

impl Running {
    async fn start(mut command: Command, tmp: &Path) -> Self {
        let client = ClientCertificate::generate();
        let mut child = command.envs(environment(tmp, Some(&client))).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let channel = Handshake::parse(&line).channel(client.identity()).await;
        Self { child, stdout, channel }
    }

    fn provider(&self) -> ProviderClient<Channel> {
        ProviderClient::new(self.channel.clone())
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it still runs");
        kill(Pid::from_raw(id.try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the exit, which must be soon and clean.
    async fn exited(self, tmp: &Path) -> Output {
        let output = timeout(EXIT, self.child.wait_with_output())
            .await
            .expect("it does not exit")
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(tmp.read_dir().unwrap().count(), 0, "the socket is left behind");
        output
    }
}

#[tokio::test]
async fn provider_started_by_hand_explains_itself() {
    let output = test_provider().output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("This program is a plugin: Terraform or OpenTofu starts it"),
        "{stderr}"
    );
}

#[tokio::test]
async fn interrupt_is_left_to_the_core_and_terminate_ends_the_process() {
    let tmp = tempfile::tempdir().unwrap();
    let provider = Running::start(test_provider(), tmp.path()).await;

    provider.signal(Signal::SIGINT);
    provider
        .provider()
        .get_metadata(get_metadata::Request {})
        .await
        .unwrap();
    provider.signal(Signal::SIGTERM);

    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn shutdown_ends_the_process_although_an_rpc_is_open() {
    let tmp = tempfile::tempdir().unwrap();
    let provider = Running::start(test_provider(), tmp.path()).await;
    let (mut applying, mut controller) = (provider.provider(), GrpcControllerClient::new(provider.channel.clone()));

    // The connection carries requests in order, so the apply is open when Shutdown is answered.
    let (applied, ()) = tokio::join!(
        applying.apply_resource_change(apply_resource_change::Request::default()),
        async {
            controller.shutdown(Empty {}).await.unwrap();
            provider.exited(tmp.path()).await;
        }
    );

    assert!(applied.is_err(), "it was open until the exit");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn killed_core_takes_the_provider_with_it() {
    let tmp = tempfile::tempdir().unwrap();
    // A shell is the core: it starts the provider and waits. Its second command keeps it from replacing itself.
    let provider = test_provider();
    let mut core = Command::new("/bin/sh");
    core.arg("-c")
        .arg("\"$0\"; exit 1")
        .arg(provider.as_std().get_program());
    piped(&mut core);
    let mut core = Running::start(core, tmp.path()).await;

    core.signal(Signal::SIGKILL);

    // The connection stays open; the provider has the other end of the pipe until it exits.
    let mut rest = Vec::new();
    timeout(EXIT, core.stdout.read_to_end(&mut rest))
        .await
        .expect("it does not exit")
        .unwrap();
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}

#[tokio::test]
async fn panic_that_is_caught_is_an_error_line_and_any_other_is_a_crash() {
    let tmp = tempfile::tempdir().unwrap();
    let provider = Running::start(test_provider(), tmp.path()).await;

    let caught = provider
        .provider()
        .get_functions(get_functions::Request {})
        .await
        .unwrap_err();
    assert!(
        caught
            .message()
            .starts_with("a panic that is caught (provider/framework/tests/process/test_provider.rs:")
    );
    provider
        .provider()
        .stop_provider(stop_provider::Request {})
        .await
        .unwrap_err();
    provider.signal(Signal::SIGTERM);

    let stderr = String::from_utf8(provider.exited(tmp.path()).await.stderr).unwrap();
    let (error, crash) = stderr.split_once('\n').unwrap();
    let error: serde_json::Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["@message"], "the provider panicked");
    assert_eq!(error["panic"], caught.message());
    assert!(error["backtrace"].as_str().unwrap().contains("get_functions"));
    assert!(crash.starts_with("panic: a panic that nobody catches ("), "{crash}");
    assert!(crash.contains("stop_provider"), "there is no backtrace");
}

#[tokio::test]
async fn reattach_mode_needs_no_core_and_ends_on_interrupt() {
    let tmp = tempfile::tempdir().unwrap();
    let mut child = test_provider()
        .arg("--debug")
        .env("TMPDIR", tmp.path())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .await
        .unwrap();
    assert!(line.starts_with("TF_REATTACH_PROVIDERS='{"), "{line}");

    kill(Pid::from_raw(child.id().unwrap().try_into().unwrap()), Signal::SIGINT).unwrap();

    let status = timeout(EXIT, child.wait()).await.expect("it does not exit").unwrap();
    assert!(status.success());
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}
