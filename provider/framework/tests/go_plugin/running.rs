//! A process of a provider, and what a core does with it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::{DynamicValue, configure_provider};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;
use tonic::transport::Channel;

use crate::go_plugin::{ClientCertificate, Handshake, environment};

/// The client kills a plugin that has not exited 2 s after Shutdown.
pub(crate) const EXIT: Duration = Duration::from_secs(2);

/// A command whose output the test reads.
pub(crate) fn piped(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A shell in the place of a core: it starts the provider and waits. It gets over an interrupt, as cores do; its last
/// command keeps it from replacing itself.
pub(crate) fn core_of(provider: impl AsRef<OsStr>) -> Command {
    let mut core = piped("/bin/sh");
    core.arg("-c").arg("trap : INT; \"$0\"; exit 1").arg(provider);
    core
}

/// A running provider with one client.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// The handshake line.
    pub(crate) line: String,
    pub(crate) channel: Channel,
}

/// What a provider that has exited wrote since it was started, apart from what was read before.
pub(crate) struct Rest {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Running {
    /// Starts the command as a core does.
    pub(crate) async fn start(command: Command, tmp: &Path) -> Self {
        let client = ClientCertificate::generate();
        Self::start_in(command, environment(tmp, Some(&client)), Some(&client)).await
    }

    /// Starts the command with that environment, for the client with that certificate.
    pub(crate) async fn start_in(
        mut command: Command,
        environment: BTreeMap<&'static str, String>,
        client: Option<&ClientCertificate>,
    ) -> Self {
        let mut child = command.envs(environment).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let identity = client.and_then(ClientCertificate::identity);
        let channel = Handshake::parse(&line).channel(identity).await;
        Self {
            child,
            stdout,
            stderr,
            line,
            channel,
        }
    }

    /// Configures the provider.
    pub(crate) async fn configure(&self, config: DynamicValue) {
        let request = configure_provider::Request {
            config: Some(config),
            ..Default::default()
        };
        let configured = self.provider().configure_provider(request).await.unwrap();
        assert_eq!(configured.into_inner().diagnostics, []);
    }

    pub(crate) fn provider(&self) -> ProviderClient<Channel> {
        ProviderClient::new(self.channel.clone())
    }

    pub(crate) fn pid(&self) -> Pid {
        let id = self.child.id().expect("it still runs");
        Pid::from_raw(id.try_into().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub(crate) async fn shutdown(&self) {
        GrpcControllerClient::new(self.channel.clone())
            .shutdown(Empty {})
            .await
            .unwrap();
    }

    /// Waits for so many log lines with that message.
    pub(crate) async fn logged(&mut self, message: &str, times: usize) {
        let mut found = 0;
        while found < times {
            let mut line = String::new();
            let read = timeout(EXIT, self.stderr.read_line(&mut line)).await;
            assert!(read.expect("nothing more is logged").unwrap() > 0, "it has exited");
            found += usize::from(line.contains(&format!(r#""@message":"{message}""#)));
        }
    }

    /// Waits for the exit, which must be soon and clean.
    pub(crate) async fn exited(mut self, tmp: &Path) -> Rest {
        let rest = self.rest().await;
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "{status}: {}", rest.stderr);
        let stdout = String::from_utf8_lossy(&rest.stdout);
        assert_eq!(stdout, "", "stdout has the handshake line and nothing else");
        assert_eq!(tmp.read_dir().unwrap().count(), 0, "the socket is left behind");
        rest
    }

    /// Waits until nobody can write any more, which is when all processes with this output have exited.
    pub(crate) async fn rest(&mut self) -> Rest {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let both = async {
            tokio::join!(
                self.stdout.read_to_end(&mut stdout),
                self.stderr.read_to_end(&mut stderr)
            )
        };
        let (read_stdout, read_stderr) = timeout(EXIT, both).await.expect("it does not exit");
        read_stdout.unwrap();
        read_stderr.unwrap();
        Rest {
            stdout,
            stderr: String::from_utf8(stderr).expect("stderr is UTF-8"),
        }
    }
}
