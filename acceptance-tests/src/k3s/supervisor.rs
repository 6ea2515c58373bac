//! The supervisor: what a server answers to other servers, to agents and to its own commands, beside the Kubernetes
//! API.
//!
//! `/ping` and `/cacerts` are open. Everything else wants a password, as Basic authentication: `server` or `node`; or a
//! certificate.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::{Method, Request, StatusCode};
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use super::bootstrap::{self, Bootstrap};
use super::certificates::{self, Subject};
use super::etcd::{self, Etcd};
use super::front::{Answer, text};
use super::node::CONTROL_PLANE_LABEL;
use super::{encryption, log, password, server, snapshot, token};

/// What the supervisor knows of its server.
pub(super) struct Supervised {
    pub(super) data: PathBuf,
    pub(super) client: Client,
    /// None with a datastore of somebody else.
    pub(super) store: Option<Etcd>,
    /// The same if it is a cluster's member.
    pub(super) etcd: Option<Etcd>,
    pub(super) node: String,
    pub(super) critical: Value,
    pub(super) passwords: Mutex<Passwords>,
    /// Whether agents were given a password of their own.
    pub(super) agents_apart: bool,
    pub(super) snapshots: PathBuf,
}

/// The passwords that are accepted.
#[derive(Clone, Debug)]
pub(super) struct Passwords {
    pub(super) server: String,
    pub(super) agent: String,
}

impl Passwords {
    /// The contents of `cred/passwd`.
    pub(super) fn file(&self) -> String {
        format!(
            "{},server,server,k3s:server\n{},node,node,k3s:agent\n",
            self.server, self.agent
        )
    }

    /// The password of agents in such a file.
    fn agent_in(file: &str) -> Option<String> {
        let mut lines = file.lines().map(|line| line.splitn(3, ','));
        lines.find_map(|mut parts| {
            let password = parts.next()?;
            (parts.next()? == "node").then(|| password.to_owned())
        })
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq)]
enum Caller {
    Server,
    Agent,
    Node(String),
}

/// An answer that is none, with the reason.
type Refusal = (StatusCode, String);

impl Supervised {
    /// Whether a path is the supervisor's.
    pub(super) fn owns(path: &str) -> bool {
        ["/v1-k3s/", "/db/"].iter().any(|start| path.starts_with(start)) || path == "/ping" || path == "/cacerts"
    }

    pub(super) async fn answer(&self, request: Request<Incoming>, subject: Option<Subject>) -> Answer {
        match self.find(request, subject).await {
            Ok(body) => text(StatusCode::OK, &body),
            Err((status, reason)) => {
                if status.is_server_error() {
                    log::error(&format!("Sending HTTP {} response: {reason}", status.as_u16()));
                }
                text(status, &reason)
            }
        }
    }

    async fn find(&self, request: Request<Incoming>, subject: Option<Subject>) -> Result<String, Refusal> {
        let path = request.uri().path().to_owned();
        match path.as_str() {
            "/ping" => return Ok("pong".to_owned()),
            "/cacerts" => return self.ca().map_err(internal),
            _ => {}
        }
        let caller = self.caller(&request, subject)?;
        let header = |name: &str| {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let node = (header("k3s-node-name"), header("k3s-node-password"));
        match (request.method(), path.as_str()) {
            (&Method::GET, "/v1-k3s/config") => Ok(self.critical.to_string()),
            (&Method::GET, "/v1-k3s/apiservers") => self.api_servers().await.map_err(internal),
            (&Method::GET, "/v1-k3s/client-kubelet.crt") => self.kubelet(&caller, node).await,
            _ if caller != Caller::Server => Err((StatusCode::FORBIDDEN, "Forbidden".to_owned())),
            (&Method::GET, "/v1-k3s/server-bootstrap") => self.bootstrap().map_err(internal),
            (&Method::GET, "/db/info") => self.members().await.map_err(internal),
            (&Method::GET, "/v1-k3s/encrypt/status") => {
                let status = encryption::status(self.store()?, &self.client).await;
                status.map(|status| status.to_string()).map_err(internal)
            }
            _ => self.change(request).await,
        }
    }

    /// What a server's own commands ask for.
    async fn change(&self, request: Request<Incoming>) -> Result<String, Refusal> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| internal(error.into()))?.to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let changed = match (&head.method, head.uri.path()) {
            (&Method::PUT, "/v1-k3s/token") => self.rotate_token(&body).await,
            (&Method::PUT, "/v1-k3s/encrypt/config") => {
                encryption::change(self.store()?, &self.client, &self.node, &body).await
            }
            (&Method::POST, "/db/snapshot") => snapshot::answer(self.etcd()?, &self.snapshots, &self.node, &body).await,
            _ => return Err((StatusCode::NOT_FOUND, "404 page not found".to_owned())),
        };
        changed.map_err(internal)
    }

    fn caller(&self, request: &Request<Incoming>, subject: Option<Subject>) -> Result<Caller, Refusal> {
        let header = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let Some(encoded) = header.and_then(|value| value.strip_prefix("Basic ")) else {
            let node = subject
                .as_ref()
                .and_then(|subject| subject.name.strip_prefix("system:node:"));
            return match (node, subject.as_ref()) {
                (Some(node), _) => Ok(Caller::Node(node.to_owned())),
                (None, Some(subject)) if subject.groups.iter().any(|group| group == "system:masters") => {
                    Ok(Caller::Server)
                }
                _ => Err((StatusCode::FORBIDDEN, "Forbidden".to_owned())),
            };
        };
        let decoded = STANDARD
            .decode(encoded)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|decoded| decoded.split_once(':'));
        let passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        match pair {
            Some(("server", password)) if password == passwords.server => Ok(Caller::Server),
            Some(("node", password)) if password == passwords.agent || password == passwords.server => {
                Ok(Caller::Agent)
            }
            _ => Err((StatusCode::UNAUTHORIZED, "Unauthorized".to_owned())),
        }
    }

    /// A certificate in a node's name, for a host that has the node's password.
    async fn kubelet(&self, caller: &Caller, node: (String, String)) -> Result<String, Refusal> {
        let (name, password) = node;
        if let Caller::Node(own) = caller {
            let nodes = Api::<Node>::all(self.client.clone());
            let known = nodes.get_opt(own).await.map_err(|error| internal(error.into()))?;
            if known.is_none() || *own != name {
                return Err((StatusCode::UNAUTHORIZED, "unable to verify node identity".to_owned()));
            }
        }
        if let Err(error) = password::ensure(self.client.clone(), &name, &password).await {
            return Err((StatusCode::FORBIDDEN, error.to_string()));
        }
        let make = || {
            let authority = bootstrap::authority(&self.data.join("server"), "client-ca")?;
            certificates::client(&authority, &format!("system:node:{name}"), Some("system:nodes"))
        };
        let pair = make().map_err(internal)?;
        Ok(json!({"certificate": pair.certificate, "key": pair.key}).to_string())
    }

    fn ca(&self) -> Result<String> {
        Ok(bootstrap::authority(&self.data.join("server"), "server-ca")?.certificate)
    }

    fn bootstrap(&self) -> Result<String> {
        Ok(serde_json::to_string(&Bootstrap::read(&self.data.join("server"))?)?)
    }

    /// The members and where their clients reach them, for a server that joins.
    async fn members(&self) -> Result<String> {
        let members = self.etcd.as_ref().context("this server has no etcd")?.members().await?;
        let members: Vec<Value> = members
            .iter()
            .map(|member| json!({"name": member.name, "peer": member.peer_url, "learner": member.is_learner}))
            .collect();
        Ok(json!({ "members": members }).to_string())
    }

    /// The addresses of all servers, which an agent keeps for the day on which its own is gone.
    async fn api_servers(&self) -> Result<String> {
        let nodes = Api::<Node>::all(self.client.clone());
        let servers = nodes.list(&ListParams::default().labels(CONTROL_PLANE_LABEL)).await?;
        let addresses: Vec<String> = servers
            .iter()
            .filter_map(|node| node.annotations().get("k3s.io/internal-ip"))
            .map(|address| format!("{address}:{}", server::PORT))
            .collect();
        Ok(json!(addresses).to_string())
    }

    async fn rotate_token(&self, body: &Value) -> Result<String> {
        let new = body
            .get("newToken")
            .and_then(Value::as_str)
            .context("new token is missing")?;
        let new = token::parse(new)?.password;
        let store = self.store.as_ref().context("this server has no datastore of its own")?;
        let old = self.passwords.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let server = self.data.join("server");
        // What the file says by now is what is stored.
        let of_agents = Passwords::agent_in(&bootstrap::passwords(&server)?).context("agent token not found")?;
        let agent = if of_agents == old.server && !self.agents_apart {
            new.clone()
        } else {
            of_agents
        };
        let passwords = Passwords {
            server: new.clone(),
            agent,
        };
        if new == old.server {
            bail!("new token is the same as the old one");
        }
        bootstrap::rotate(store, &server, &old.server, (&new, &passwords.file())).await?;
        server::write_tokens(&server, &passwords)?;
        *self.passwords.lock().unwrap_or_else(PoisonError::into_inner) = passwords;
        Ok(String::new())
    }

    fn etcd(&self) -> Result<&Etcd, Refusal> {
        let missing = || internal(anyhow!("etcd datastore disabled"));
        self.etcd.as_ref().ok_or_else(missing)
    }

    fn store(&self) -> Result<&Etcd, Refusal> {
        let missing = || internal(anyhow!("the datastore is somebody else's"));
        self.store.as_ref().ok_or_else(missing)
    }
}

/// The member's client URL, from its peers' one.
pub(super) fn client_url_of(peer_url: &str) -> Option<String> {
    let address = peer_url.strip_prefix("http://")?.rsplit_once(':')?.0;
    Some(etcd::client_url(address))
}

fn internal(error: anyhow::Error) -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
}
