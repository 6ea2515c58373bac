//! A provider's process by itself: how soon it answers its core, and how much that is of a whole command.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hyper_util::rt::TokioIo;
use prost::Message as _;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P521_SHA512};
use tfplugin::tfplugin6::get_provider_schema::Request;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tokio::net::UnixStream;
use tonic::transport::Endpoint;

use acceptance_tests::tofu::{Cli, Workspace};

use super::report::median;

/// What a provider's process costs.
pub(super) struct Start {
    /// From the start of the process to its handshake line, its certificate included.
    pub(super) handshake: Duration,
    /// GetProviderSchema: the first call of a process, with the connection.
    pub(super) schema: Duration,
    /// How large the answer is.
    pub(super) schema_bytes: usize,
    /// `tofu providers schema`.
    pub(super) command: Duration,
    /// `tofu version`, which starts no provider: what a command line costs by itself.
    pub(super) version: Duration,
    pub(super) binary_bytes: u64,
}

pub(super) async fn measure(provider: &Path, name: &str, starts: usize) -> Result<Start> {
    let certificate = certificate()?;
    let mut samples = [const { Vec::new() }; 4];
    let mut schema_bytes = 0;
    let workspace = Workspace::with_provider(Cli::tofu()?, &format!("medic/{name}"), provider)?;
    workspace.write("main.tf", &format!("provider {name:?} {{}}\n"))?;
    for _ in 0..starts {
        let schema = first_answer(provider).await?;
        schema_bytes = schema.1;
        let round = [
            Process::start(provider, Some(&certificate))?.handshake,
            schema.0,
            time(&workspace, &["providers", "schema", "-json"]).await?,
            time(&workspace, &["version"]).await?,
        ];
        for (samples, sample) in samples.iter_mut().zip(round) {
            samples.push(sample);
        }
    }
    let [handshake, schema, command, version] = samples.map(median);
    Ok(Start {
        handshake,
        schema,
        schema_bytes,
        command,
        version,
        binary_bytes: std::fs::metadata(provider)?.len(),
    })
}

/// A provider that has announced itself; it is killed in the end.
struct Process {
    child: Child,
    handshake: Duration,
    line: String,
}

impl Process {
    fn start(provider: &Path, certificate: Option<&str>) -> Result<Self> {
        let mut command = Command::new(provider);
        command
            .env(
                "TF_PLUGIN_MAGIC_COOKIE",
                "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
            )
            .env("PLUGIN_PROTOCOL_VERSIONS", "6")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(certificate) = certificate {
            command.env("PLUGIN_CLIENT_CERT", certificate);
        }
        let start = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("start {}", provider.display()))?;
        let mut process = Self {
            child,
            handshake: Duration::ZERO,
            line: String::new(),
        };
        let stdout = process.child.stdout.take().context("the output is piped")?;
        BufReader::new(stdout).read_line(&mut process.line)?;
        process.handshake = start.elapsed();
        Ok(process)
    }

    /// The path of the socket in the handshake line.
    fn socket(&self) -> Result<&str> {
        match self.line.trim().split('|').collect::<Vec<_>>()[..] {
            ["1", "6", "unix", path, ..] => Ok(path),
            _ => bail!("not a handshake: {:?}", self.line),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long the schema takes, and its size. The connection is plain, as a client without a certificate has it.
async fn first_answer(provider: &Path) -> Result<(Duration, usize)> {
    let process = Process::start(provider, None)?;
    let socket = process.socket()?.to_owned();
    let start = Instant::now();
    let connector = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let channel = Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await?;
    let answer = ProviderClient::new(channel).get_provider_schema(Request {}).await?;
    Ok((start.elapsed(), answer.into_inner().encoded_len()))
}

async fn time(workspace: &Workspace, arguments: &[&str]) -> Result<Duration> {
    let start = Instant::now();
    workspace.run(arguments).await?;
    Ok(start.elapsed())
}

/// A certificate as a core makes one for each process.
fn certificate() -> Result<String> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512)?;
    let params = CertificateParams::new(vec!["localhost".to_owned()])?;
    Ok(params.self_signed(&key)?.pem())
}
