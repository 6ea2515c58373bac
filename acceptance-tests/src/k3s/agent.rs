//! `k3s agent`: gets its certificate from a server, registers its Node, and keeps to whichever server answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::Client;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time;

use super::certificates::Pair;
use super::config::Config;
use super::join::Supervisor;
use super::kubelet::Kubelet;
use super::node::{self, Registration};
use super::token::{self, Token};
use super::{control_plane, faults, host, log, notify, password};

/// Before a failed attempt is made again.
const PAUSE: Duration = Duration::from_secs(2);

/// Beats between two looks at the list of servers.
const BEATS_PER_LIST: u32 = 5;

/// What a server gave to this agent.
struct Joined {
    ca_pem: String,
    pair: Pair,
    own_cloud_controller: bool,
}

/// Runs an agent, until it is asked to end.
pub(super) async fn run(config: Config) -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = serve(&config) => ended,
        _ = terminated.recv() => Ok(()),
    }
}

async fn serve(config: &Config) -> Result<()> {
    let data = config.data_directory();
    for directory in ["agent/images", "agent/etc"] {
        fs::create_dir_all(data.join(directory))?;
    }
    let Some(url) = config.text("server") else {
        bail!("--server is required");
    };
    let text = config.token("token")?;
    let Some(token) = text.as_deref().map(token::parse).transpose()? else {
        bail!("--token is required");
    };
    let name = node::node_name(config)?;
    let joined = join(&data, &url, &token, &name).await;
    notify::ready()?;
    log::info("k3s agent is up and running");

    let registration = Registration::new(config, joined.own_cloud_controller)?;
    let mut servers = Servers::new(&data, &url, &joined)?;
    while faults::has("no-node") {
        time::sleep(PAUSE).await;
    }
    while let Err(error) = registration.register(&servers.client().await?).await {
        log::error(&format!("Unable to register node with API server: {error}"));
        servers.next();
        time::sleep(PAUSE).await;
    }
    let kubelet = Kubelet::prepare(&data, &name, registration.address(), &servers.kubeconfig())?;
    tokio::select! {
        ended = beat(&registration, &mut servers, &token, &kubelet) => ended,
        () = kubelet.run() => Ok(()),
    }
}

/// Keeps the Node fresh, through whichever server answers, for ever.
async fn beat(registration: &Registration, servers: &mut Servers, token: &Token, kubelet: &Kubelet) -> Result<()> {
    for beats in 0_u32.. {
        if let Err(error) = registration.beat(&servers.client().await?).await {
            log::error(&format!("Unable to update node status: {error:#}"));
            servers.next();
            // By then the kubeconfig names the next one.
            servers.client().await?;
            kubelet.server_changed();
        } else if beats % BEATS_PER_LIST == 0
            && let Err(error) = servers.list(token).await
        {
            log::warning(&format!("Failed to get list of servers: {error:#}"));
        }
        time::sleep(node::HEARTBEAT).await;
    }
    Ok(())
}

/// Asks until a server takes this agent in.
async fn join(data: &Path, url: &str, token: &Token, name: &str) -> Joined {
    loop {
        match try_join(data, url, token, name).await {
            Ok(joined) => return joined,
            Err(Refused::Connection(error)) => log::error(&format!("{error:#}")),
            Err(Refused::Configuration(error)) => log::info(&format!(
                "Waiting to retrieve agent configuration; server is not ready: {error:#}"
            )),
        }
        time::sleep(PAUSE).await;
    }
}

/// Why a server did not take this agent in.
enum Refused {
    Connection(anyhow::Error),
    Configuration(anyhow::Error),
}

async fn try_join(data: &Path, url: &str, token: &Token, name: &str) -> Result<Joined, Refused> {
    let kept = read_pair(data).ok();
    let supervisor = Supervisor::connect(url, token, kept.as_ref()).await;
    let supervisor = supervisor.map_err(Refused::Connection)?;
    ask(data, &supervisor, kept.is_some(), name)
        .await
        .map_err(Refused::Configuration)
}

/// An agent that was taken in before shows its certificate, whatever its token says by now.
async fn ask(data: &Path, supervisor: &Supervisor, has_certificate: bool, name: &str) -> Result<Joined> {
    let password = password::own()?;
    let node = (name, password.as_str());
    let path = "/v1-k3s/client-kubelet.crt";
    let by_certificate = match has_certificate {
        true => supervisor.get_for_node(path, node, None).await,
        false => Err(anyhow::anyhow!("there is no certificate yet")),
    };
    let (answer, config) = match by_certificate {
        Ok(answer) => (answer, supervisor.get_by_certificate("/v1-k3s/config").await?),
        Err(_) => {
            let config = supervisor.get("/v1-k3s/config", "node").await.map_err(explain)?;
            (
                supervisor
                    .get_for_node(path, node, Some("node"))
                    .await
                    .map_err(explain)?,
                config,
            )
        }
    };
    let answer: Value = serde_json::from_str(&answer)?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    let pair = Pair {
        certificate: text("certificate").context("the answer has no certificate")?,
        key: text("key").context("the answer has no key")?,
    };
    let config: Value = serde_json::from_str(&config)?;
    write_pair(data, &pair, supervisor.ca_pem())?;
    Ok(Joined {
        ca_pem: supervisor.ca_pem().to_owned(),
        own_cloud_controller: config.get("disable-cloud-controller").and_then(Value::as_str) != Some("true"),
        pair,
    })
}

/// k3s says of these answers what they mean.
fn explain(error: anyhow::Error) -> anyhow::Error {
    let text = error.to_string();
    match text.find("Node password rejected") {
        Some(start) => anyhow::anyhow!("{}", text.get(start..).unwrap_or_default()),
        None if text.contains("401 Unauthorized") => {
            anyhow::anyhow!("failed to retrieve configuration from server: not authorized")
        }
        None => error,
    }
}

fn pair_files(data: &Path) -> [PathBuf; 2] {
    ["client-kubelet.crt", "client-kubelet.key"].map(|name| data.join("agent").join(name))
}

fn read_pair(data: &Path) -> Result<Pair> {
    let [certificate, key] = pair_files(data);
    Ok(Pair {
        certificate: fs::read_to_string(certificate)?,
        key: fs::read_to_string(key)?,
    })
}

fn write_pair(data: &Path, pair: &Pair, ca_pem: &str) -> Result<()> {
    let [certificate, key] = pair_files(data);
    host::write_private(&key, pair.key.as_bytes())?;
    host::write_with_mode(&certificate, pair.certificate.as_bytes(), 0o644)?;
    host::write_with_mode(&data.join("agent/server-ca.crt"), ca_pem.as_bytes(), 0o644)
}

/// The servers that an agent knows of, and the one that it keeps to.
struct Servers {
    data: PathBuf,
    ca_pem: String,
    pair: Pair,
    urls: Vec<String>,
    client: Option<Client>,
}

impl Servers {
    fn new(data: &Path, url: &str, joined: &Joined) -> Result<Self> {
        let mut servers = Self {
            data: data.to_owned(),
            ca_pem: joined.ca_pem.clone(),
            pair: joined.pair.clone(),
            urls: vec![url.trim_end_matches('/').to_owned()],
            client: None,
        };
        if let Ok(text) = fs::read_to_string(servers.file()) {
            let kept: Value = serde_json::from_str(&text)?;
            servers.add(kept.get("ServerAddresses").unwrap_or(&Value::Null));
        }
        Ok(servers)
    }

    /// Tries another one from now on.
    fn next(&mut self) {
        self.urls.rotate_left(1);
        self.client = None;
    }

    async fn client(&mut self) -> Result<Client> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let url = self.urls.first().context("no server is known")?;
        let kubeconfig = self.kubeconfig();
        let text = control_plane::kubeconfig(url, &self.ca_pem, &self.pair)?;
        host::write_private(&kubeconfig, text.as_bytes())?;
        let client = control_plane::client_of(&kubeconfig).await?;
        Ok(self.client.insert(client).clone())
    }

    /// Asks for all servers, and keeps the list for the next start.
    async fn list(&mut self, token: &Token) -> Result<()> {
        let url = self.urls.first().context("no server is known")?;
        let supervisor = Supervisor::connect(url, token, Some(&self.pair)).await?;
        let addresses: Value = serde_json::from_str(&supervisor.get_by_certificate("/v1-k3s/apiservers").await?)?;
        self.add(&addresses);
        let kept = json!({"ServerURL": self.urls.first(), "ServerAddresses": addresses});
        host::write_private(&self.file(), kept.to_string().as_bytes())
    }

    fn add(&mut self, addresses: &Value) {
        let addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
        for url in addresses.map(|address| format!("https://{address}")) {
            if !self.urls.contains(&url) {
                self.urls.push(url);
            }
        }
    }

    fn kubeconfig(&self) -> PathBuf {
        self.data.join("agent/kubelet.kubeconfig")
    }

    fn file(&self) -> PathBuf {
        self.data.join("agent/etc/k3s-agent-load-balancer.json")
    }
}
