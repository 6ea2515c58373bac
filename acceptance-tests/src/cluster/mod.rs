//! A real Kubernetes cluster on loopback: etcd, the API server with RBAC and TLS, the controllers, the scheduler, and a
//! node that kwok plays. Objects behave as they do in production; only containers do not run.
//!
//! - Nodes and pods: `stages.yaml`, with the faults that a pod can ask for.
//! - Volumes and ingresses: `controllers/`, for the classes in [`fixtures`].
//! - Calls that go wrong: [`faults`], a way to the API server on which they do.
//! - Requests can be counted, by who makes them: [`audit`], [`users`].
//! - Port-forwards reach [`Cluster::set_port_forward_target`], through the API server and the kubelet's protocol. Those
//!   to pods in [`REFUSING_NAMESPACE`] are refused.

pub mod audit;
mod components;
pub(crate) mod controllers;
mod credentials;
pub mod faults;
pub mod fixtures;
pub(crate) mod relay;
pub mod users;
pub mod wait;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use tokio::sync::Mutex;

use audit::AuditedRequest;
use components::{Component, Ports};
use controllers::Background;
use credentials::Credentials;
use relay::Target;

use crate::lifeline::Lifeline;

/// The namespace in which no pod listens: connections through port-forwards are refused, as a kubelet says.
pub const REFUSING_NAMESPACE: &str = "port-closed";

/// How long the API server and the node may take.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How a cluster starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClusterOptions {
    /// Where port-forwards lead from the start; see [`Cluster::set_port_forward_target`].
    pub port_forward_target: Option<SocketAddr>,
    /// Who knows the tokens that the API server does not: [`Aws::token_webhook`](crate::aws::Aws::token_webhook).
    pub token_webhook: Option<SocketAddr>,
    /// Whether the requests of service accounts, such as those of [`Cluster::user`], are logged; see
    /// [`Cluster::requests`].
    pub audits_accounts: bool,
}

/// A running cluster. It ends, with all its files, when it is dropped and also when the program ends in any other way.
///
/// Tests share one per process, in a `static` of type `tokio::sync::OnceCell`, and use namespaces of their own.
#[derive(Debug)]
pub struct Cluster {
    // Fields are dropped in this order: the lab's own controllers go before the API server that they use.
    _background: Background,
    api_server: Mutex<Option<Component>>,
    followers: Mutex<Vec<Component>>,
    etcd: Component,
    relay: SocketAddr,
    lifeline: Option<Lifeline>,
    ports: Ports,
    credentials: Credentials,
    kubeconfig: PathBuf,
    config: Config,
    target: Target,
    options: ClusterOptions,
}

impl Cluster {
    /// Starts a cluster and waits until its node is ready.
    ///
    /// # Errors
    /// If a tool cannot be built, or a component ends or is not ready in time; the error has the end of its log.
    pub async fn start(options: ClusterOptions) -> Result<Self> {
        // Another part of the program may have installed the same one before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let lifeline = Lifeline::start("cht-lab-")?;
        let credentials = Credentials::create(lifeline.directory())?;
        let ports = Ports::pick()?;
        let host = format!("https://127.0.0.1:{}", ports.api_server);
        let kubeconfig = lifeline.directory().join("kubeconfig");
        let contents = credentials::kubeconfig(&host, &credentials.ca_file, &credentials.admin_token);
        fs::write(&kubeconfig, &contents)?;
        let config =
            Config::from_custom_kubeconfig(Kubeconfig::from_yaml(&contents)?, &KubeConfigOptions::default()).await?;
        let target = Target::default();
        if let Some(address) = options.port_forward_target {
            target.set(address);
        }
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = listener.local_addr()?;

        let etcd = components::etcd(&lifeline, &ports)?;
        let mut api_server = components::api_server(&lifeline, &ports, &credentials, options)?;
        ready(&Client::try_from(config.clone())?, &mut api_server)
            .await
            .map_err(|error| error.context(etcd.log_tail()))?;
        let cluster = Self {
            _background: Background::start(config.clone(), listener, target.clone())?,
            api_server: Mutex::new(Some(api_server)),
            followers: Mutex::default(),
            etcd,
            relay,
            lifeline: Some(lifeline),
            ports,
            credentials,
            kubeconfig,
            config,
            target,
            options,
        };
        cluster.start_followers().await?;
        fixtures::create(&cluster.client()?).await?;
        cluster.node_ready().await?;
        Ok(cluster)
    }

    /// A client with all rights. Each belongs to the runtime it is made in, so each test makes its own.
    ///
    /// # Errors
    /// If the client cannot be built.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::try_from(self.config.clone())?)
    }

    /// A client that presents another token, such as one of [`Cluster::user`].
    ///
    /// # Errors
    /// If the client cannot be built.
    pub fn client_with_token(&self, token: &str) -> Result<Client> {
        let mut config = self.config.clone();
        config.auth_info.token = Some(token.to_owned().into());
        Ok(Client::try_from(config)?)
    }

    /// The API server's URL.
    pub fn host(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api_server)
    }

    /// The certificate authority that signed the API server's certificate.
    pub fn ca_pem(&self) -> &str {
        &self.credentials.ca_pem
    }

    /// A token with all rights.
    pub fn admin_token(&self) -> &str {
        &self.credentials.admin_token
    }

    /// The path of a kubeconfig with all rights.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// From now on a port-forward, to whatever port of whatever pod, leads to this address.
    pub fn set_port_forward_target(&self, address: SocketAddr) {
        self.target.set(address);
    }

    /// From now on every container that crashes wrote this line before it ended.
    ///
    /// # Errors
    /// If the line cannot be written.
    pub fn set_last_words(&self, line: &str) -> Result<()> {
        // As container runtimes write it.
        let line = format!("2026-01-01T00:00:00.000000000Z stderr F {line}\n");
        Ok(fs::write(components::last_words(self.lifeline()?), line)?)
    }

    /// What service accounts have asked of the API server, from the request number `from` on, if they are logged.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn requests(&self, from: usize) -> Result<Vec<AuditedRequest>> {
        audit::read(self.lifeline()?, from)
    }

    /// Kills the API server: requests are refused until [`Cluster::start_api_server`]. What is stored stays.
    ///
    /// # Errors
    /// If the process cannot be killed.
    pub async fn stop_api_server(&self) -> Result<()> {
        match self.api_server.lock().await.take() {
            Some(component) => component.stop(self.lifeline()?),
            None => Ok(()),
        }
    }

    /// Starts the API server again, at the same address, and waits until it is ready. What follows it is started anew:
    /// by itself it would come back after up to half a minute, each part of it for itself.
    ///
    /// # Errors
    /// If it does not become ready.
    pub async fn start_api_server(&self) -> Result<()> {
        let mut api_server = self.api_server.lock().await;
        if api_server.is_none() {
            let started = components::api_server(self.lifeline()?, &self.ports, &self.credentials, self.options)?;
            ready(&self.client()?, api_server.insert(started)).await?;
            self.start_followers().await?;
        }
        Ok(())
    }

    /// Starts what watches the API server: the controllers, the scheduler and the node.
    async fn start_followers(&self) -> Result<()> {
        let lifeline = self.lifeline()?;
        let mut followers = self.followers.lock().await;
        for follower in followers.drain(..) {
            follower.stop(lifeline)?;
        }
        let (kubeconfig, credentials) = (&self.kubeconfig, &self.credentials);
        followers.push(components::controller_manager(lifeline, kubeconfig, credentials)?);
        followers.push(components::scheduler(lifeline, kubeconfig)?);
        followers.push(components::kwok(
            lifeline,
            &self.ports,
            kubeconfig,
            credentials,
            self.relay,
        )?);
        Ok(())
    }

    async fn node_ready(&self) -> Result<()> {
        let nodes = Api::<Node>::all(self.client()?);
        let waited = wait::until("the node to be ready", START_LIMIT, async || {
            let node = nodes.get(fixtures::NODE).await.map_err(|error| error.to_string())?;
            let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
            match conditions
                .iter()
                .any(|condition| condition.type_ == "Ready" && condition.status == "True")
            {
                true => Ok(()),
                false => Err(format!("{} conditions, none of them Ready", conditions.len())),
            }
        });
        let waited = waited.await;
        let mut followers = self.followers.lock().await;
        for component in followers.iter_mut() {
            component.check().with_context(|| component.log_tail())?;
        }
        let logs = || {
            followers
                .iter()
                .chain([&self.etcd])
                .map(Component::log_tail)
                .collect::<Vec<_>>()
                .join("\n")
        };
        waited.with_context(logs)
    }

    fn lifeline(&self) -> Result<&Lifeline> {
        self.lifeline.as_ref().context("the cluster has ended")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its end is the end of every component.
        drop(self.lifeline.take());
        self.followers
            .get_mut()
            .iter_mut()
            .chain([&mut self.etcd])
            .chain(self.api_server.get_mut())
            .for_each(Component::reap);
    }
}

/// Waits until the API server says that it is ready, or ends.
async fn ready(client: &Client, api_server: &mut Component) -> Result<()> {
    let request = || http::Request::get("/readyz").body(Vec::new());
    let waited = wait::until("the API server to be ready", START_LIMIT, || {
        let ended = api_server.check().err().map(|error| format!("{error:#}"));
        async move {
            if let Some(ended) = ended {
                return Ok(Err(anyhow::Error::msg(ended)));
            }
            let request = request().map_err(|error| error.to_string())?;
            client
                .request_text(request)
                .await
                .map(|_| Ok(()))
                .map_err(|error| error.to_string())
        }
    });
    waited
        .await
        .and_then(|outcome| outcome)
        .with_context(|| api_server.log_tail())
}
