//! A process of the test's provider, and what a core does with it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tf_framework::types::Type;
use tf_framework::value::Value;
use tf_framework::wire::msgpack;
use tfplugin::plugin::Empty;
use tfplugin::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::{DynamicValue, apply_resource_change, configure_provider};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;
use tonic::transport::Channel;

use crate::go_plugin::{ClientCertificate, Handshake, environment};

/// The client kills a plugin that has not exited 2 s after Shutdown.
pub(crate) const EXIT: Duration = Duration::from_secs(2);

/// A command that runs `tests/process/test_provider.rs`.
pub(crate) fn test_provider() -> Command {
    piped(env!("CARGO_BIN_EXE_test-provider"))
}

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
    /// Starts the command as a core does, and configures the provider.
    pub(crate) async fn start(command: Command, tmp: &Path) -> Self {
        let client = ClientCertificate::generate();
        Self::start_in(command, environment(tmp, Some(&client)), Some(&client)).await
    }

    /// Starts the command with that environment, for the client with that certificate, and configures the provider.
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
        let configured = ProviderClient::new(channel.clone())
            .configure_provider(configure_provider::Request {
                config: Some(encoded(&Value::object::<String>([]), &Type::Object([].into()))),
                ..Default::default()
            })
            .await
            .unwrap();
        assert_eq!(configured.into_inner().diagnostics, []);
        Self {
            child,
            stdout,
            stderr,
            line,
            channel,
        }
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

/// The creation of a thing that behaves like that, as it was planned.
pub(crate) fn creation(behavior: &str) -> apply_resource_change::Request {
    let thing = |id| {
        encoded(
            &Value::object([("behavior", behavior.into()), ("id", id)]),
            &thing_type(),
        )
    };
    apply_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: Some(encoded(&Value::Null, &thing_type())),
        planned_state: Some(thing(Value::UNKNOWN)),
        config: Some(thing(Value::Null)),
        ..Default::default()
    }
}

/// The id in the state of an answer.
pub(crate) fn id_of(answer: &apply_resource_change::Response) -> Value {
    let state = &answer.new_state.as_ref().unwrap().msgpack;
    let state = msgpack::decode(state, &thing_type()).unwrap();
    state.attribute_or_null("id").clone()
}

fn thing_type() -> Type {
    Type::from_json(br#"["object",{"behavior":"string","id":"string"}]"#).unwrap()
}

fn encoded(value: &Value, of: &Type) -> DynamicValue {
    DynamicValue {
        msgpack: msgpack::encode(value, of).unwrap().into(),
        ..Default::default()
    }
}
