//! A way to the API server on which chosen calls go wrong: an HTTPS server with a certificate of its own that counts
//! the calls and passes them on as they came, watches and port-forwards included.
//!
//! [`call`] names calls, so that a call of one run is found again in another. [`Fault`] is what can happen to one. A
//! test records what an operation calls ([`FaultyServer::record`]), lets one of these calls go wrong
//! ([`FaultyServer::fail`]), or lets the operation get so far and no further ([`FaultyServer::hold`]). `forward` is the
//! HTTP side, `script` what was agreed.

mod call;
mod forward;
mod script;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use kube::config::AuthInfo;
use kube::{Client, Config};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Cluster;
use script::Script;

pub use call::Call;

/// What can happen to a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The server fails: 500.
    ServerError,
    /// The server has too many requests, and asks to come back in a second: 429.
    Throttled,
    /// The server refuses: 403.
    Forbidden,
    /// The connection ends before the server has seen the call.
    Cut,
    /// The server does what it was asked to, and the connection ends before its answer.
    LostAnswer,
    /// Nothing happens until the client gives up.
    Hang,
    /// The server does what it was asked to, and no answer comes until the client gives up.
    Withheld,
    /// The server does what it was asked to, and then neither answers nor can be reached for a while.
    Outage,
}

/// A server that can be told to fail. It serves until it is dropped, and a fault that it never came to play is a defect
/// of its test.
#[derive(Debug)]
pub struct FaultyServer {
    address: SocketAddr,
    certificate: String,
    authority: Vec<u8>,
    script: watch::Sender<Script>,
    _connections: JoinSet<()>,
}

impl FaultyServer {
    /// Starts a server in front of a cluster's.
    ///
    /// # Errors
    /// If no port can be listened on.
    pub async fn start(cluster: &Cluster) -> Result<Self> {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let mut tls = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut config = cluster.config.clone();
        // Each call comes with the credentials of who made it, and fails when it fails.
        config.auth_info = AuthInfo::default();
        config.default_retry = false;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen")?;
        let address = listener.local_addr()?;
        let script = watch::Sender::new(Script::default());
        let mut connections = JoinSet::new();
        let server = forward::Server {
            upstream: Client::try_from(config)?,
            script: script.clone(),
        };
        connections.spawn(forward::serve(listener, TlsAcceptor::from(Arc::new(tls)), server));
        Ok(Self {
            address,
            certificate: own.cert.pem(),
            authority: own.cert.der().to_vec(),
            script,
            _connections: connections,
        })
    }

    /// The URL.
    pub fn host(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate, which is its own authority.
    pub fn ca_pem(&self) -> &str {
        &self.certificate
    }

    /// A client that comes this way.
    ///
    /// # Errors
    /// If the client cannot be built.
    pub fn client(&self, token: &str) -> Result<Client> {
        let mut config = Config::new(self.host().parse()?);
        config.root_cert = Some(vec![self.authority.clone()]);
        config.auth_info.token = Some(token.to_owned().into());
        config.default_retry = false;
        Ok(Client::try_from(config)?)
    }

    /// Counts from the start.
    pub fn record(&self) {
        self.script.send_modify(Script::restart);
    }

    /// The calls since [`FaultyServer::record`], as they came.
    pub fn calls(&self) -> Vec<Call> {
        self.script.borrow().calls().to_vec()
    }

    /// Those of them that changed something.
    pub fn changes(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call::changes(&call.what));
        calls
    }

    /// How many calls were made since [`FaultyServer::record`], from the first that changed something.
    pub fn calls_from_first_change(&self) -> usize {
        let script = self.script.borrow();
        let calls = script.calls();
        calls.iter().skip_while(|call| !call::changes(&call.what)).count()
    }

    /// Counts from the start, and lets one call go wrong.
    ///
    /// # Panics
    /// If another is still to go wrong.
    pub fn fail(&self, call: Call, fault: Fault) {
        self.script.send_modify(|script| script.fail(call, fault));
    }

    /// Lets everything pass again, and answers whether the call was made that was to go wrong.
    pub fn heal(&self) -> bool {
        let mut played = true;
        self.script.send_modify(|script| played = script.heal());
        played
    }

    /// Counts from the start, and lets so many calls pass from the first that changes something, and none after them.
    pub fn hold(&self, calls: usize) {
        self.script.send_modify(|script| script.hold(calls));
    }

    /// Waits until a call that hangs has come, or one whose answer is withheld was carried out.
    pub async fn stopped(&self) {
        // The sender is ours, so it is never gone.
        let _ = self.script.subscribe().wait_for(Script::is_stopped).await;
    }

    /// Waits until all calls that may pass are answered and others wait.
    pub async fn held(&self) {
        // The sender is ours, so it is never gone.
        let _ = self.script.subscribe().wait_for(Script::is_held).await;
    }
}

impl Drop for FaultyServer {
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    fn drop(&mut self) {
        if let Some((call, fault)) = self.script.borrow().unplayed()
            && !std::thread::panicking()
        {
            panic!("{call} was never made, so that {fault:?} was not played");
        }
    }
}
