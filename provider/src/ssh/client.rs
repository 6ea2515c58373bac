//! One connection to one host: dialed, with the host's key checked, and logged in.
//!
//! [`Link::establish`] goes over what [`super::dial`] opened (a tunnel through a bastion is a stream like any other),
//! [`super::login`] logs in, and [`super::exec`] runs commands on channels of what comes out. [`super::sessions`] keeps
//! it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use russh::client::{self, DisconnectReason, Handle, Msg};
use russh::keys::{Algorithm, PublicKeyOrCertificate};
use russh::{AlgorithmKind, Channel, Preferred};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

use super::address::Address;
use super::dial::{Stream, dial};
use super::error::{Error, Step};
use super::host_key::{HostKey, Refusal, Trust, line_of, print_of};
use super::login;
use super::route::Hop;

/// How often a silent host is asked whether it is still there, and how often it may stay silent.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_MAX: usize = 3;

/// How many commands run at once on a connection. OpenSSH allows ten by default, and counts one until it has seen that
/// it is over, so that twice as many may count.
const CHANNELS: u32 = 5;

/// A connection that is logged in.
pub(super) struct Link {
    handle: Handle<Guard>,
    channels: Semaphore,
    /// Named as errors do.
    pub(super) host: String,
    /// By which the host was believed.
    pub(super) key: HostKey,
    findings: Findings,
    /// The bastion's connection lives as long as what goes through it.
    _through: Option<Arc<Link>>,
}

/// What russh tells while it runs.
#[derive(Clone, Default)]
pub(super) struct Findings(Arc<Mutex<Found>>);

#[derive(Default)]
struct Found {
    key: Option<HostKey>,
    refusal: Option<Refusal>,
    goodbye: Option<String>,
}

/// Checks the key of the host, which russh asks for.
pub(super) struct Guard {
    address: Address,
    trust: Trust,
    findings: Findings,
}

impl Link {
    /// Dials a hop, directly or through the one before it, and logs in.
    ///
    /// # Errors
    /// Tells which step failed.
    pub(super) async fn establish(hop: &Hop, through: Option<Arc<Link>>) -> Result<Self, Error> {
        let deadline = Instant::now() + hop.timeout;
        let mut algorithms = hop.trust.algorithms(&hop.address);
        let mut refused = None;
        // A print does not tell the type of its key, so a host that shows another one is asked for its other keys.
        loop {
            let dialing = dial(&hop.address, through.as_deref());
            let stream = hop.in_time(deadline, Step::Connect, dialing).await??;
            match exchange_keys(hop, stream, algorithms.clone(), deadline).await {
                Ok((mut handle, findings)) => {
                    let Some(key) = findings.take_key() else {
                        return Err(hop.disconnected("it showed no key"));
                    };
                    let login = login::log_in(&mut handle, hop, &findings);
                    hop.in_time(deadline, Step::Login, login).await??;
                    tracing::debug!(host = %hop.address, user = hop.user, "logged in by SSH");
                    return Ok(Link {
                        handle,
                        channels: Semaphore::new(CHANNELS as usize),
                        host: hop.address.to_string(),
                        key,
                        findings,
                        _through: through,
                    });
                }
                Err(Error::ChangedHostKey { host, shown, expected }) if hop.trust.has_prints() => {
                    let shown_type = shown.line.split(' ').next().unwrap_or_default().to_owned();
                    algorithms.retain(|algorithm| !is_named(algorithm, &shown_type));
                    let error = refused.unwrap_or(Error::ChangedHostKey { host, shown, expected });
                    if algorithms.is_empty() {
                        return Err(error);
                    }
                    refused = Some(error);
                }
                Err(error) => return Err(refused.unwrap_or(error)),
            }
        }
    }

    /// Whether the connection is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Why it is gone, as far as the host said.
    pub(super) fn goodbye(&self) -> String {
        self.findings.goodbye()
    }

    /// Opens a channel for a command; the permit goes back when the command is over. For others to end, it waits no
    /// longer than this.
    ///
    /// # Errors
    /// The connection is gone, or the host opens no channel.
    pub(super) async fn open_session(
        &self,
        what: &str,
        patience: Duration,
    ) -> Result<(Channel<Msg>, SemaphorePermit<'_>), Error> {
        let permit = self.channels.acquire().await.map_err(|_| self.broken())?;
        match self.open_channel(what).await {
            // Some hosts allow fewer; a command that is alone gets through on all that run any.
            Err(refused @ Error::OpenSession { .. }) => {
                drop(permit);
                let alone = timeout(patience, self.channels.acquire_many(CHANNELS));
                // One that holds a lock may not end before this one has run.
                let Ok(permits) = alone.await else { return Err(refused) };
                let mut permits = permits.map_err(|_| self.broken())?;
                let channel = self.open_channel(what).await?;
                Ok((channel, permits.split(1).unwrap_or(permits)))
            }
            channel => Ok((channel?, permit)),
        }
    }

    /// The same without waiting for others.
    ///
    /// # Errors
    /// As [`Link::open_session`].
    pub(super) async fn open_channel(&self, what: &str) -> Result<Channel<Msg>, Error> {
        self.handle.channel_open_session().await.map_err(|source| match source {
            russh::Error::ChannelOpenFailure(_) => Error::OpenSession {
                host: self.host.clone(),
                what: what.to_owned(),
                source: Box::new(source),
            },
            _ => self.broken(),
        })
    }

    /// Opens a tunnel to where only this host gets.
    ///
    /// # Errors
    /// The connection is gone, or the host does not get there either.
    pub(super) async fn open_tunnel(&self, to: &Address) -> Result<Channel<Msg>, russh::Error> {
        let opened = self
            .handle
            .channel_open_direct_tcpip(&to.host, to.port.into(), "127.0.0.1", 0);
        opened.await
    }

    /// The failure of a connection that is gone.
    pub(super) fn broken(&self) -> Error {
        Error::Disconnected {
            host: self.host.clone(),
            what: self.goodbye(),
        }
    }
}

impl Hop {
    /// The failure of a step that took too long.
    async fn in_time<T>(&self, deadline: Instant, step: Step, work: impl Future<Output = T>) -> Result<T, Error> {
        timeout_at(deadline, work).await.map_err(|_| Error::ConnectTimeout {
            host: self.address.to_string(),
            step,
            waited: self.timeout,
        })
    }

    pub(super) fn disconnected(&self, what: &str) -> Error {
        Error::Disconnected {
            host: self.address.to_string(),
            what: what.to_owned(),
        }
    }
}

impl Findings {
    fn take_key(&self) -> Option<HostKey> {
        self.lock().key.take()
    }

    /// Why the host broke the connection.
    pub(super) fn goodbye(&self) -> String {
        self.lock()
            .goodbye
            .clone()
            .unwrap_or_else(|| "it gave no reason".to_owned())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl client::Handler for Guard {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let judged = self
            .trust
            .judge(&self.address, shown, now.map_or(0, |since| since.as_secs()));
        let key = shown.public_key();
        let mut found = self.findings.lock();
        match judged {
            Ok(key) => {
                found.key = Some(key);
                Ok(true)
            }
            Err(refusal) => {
                found.refusal = Some(refusal);
                found.key = Some(HostKey {
                    print: print_of(&key),
                    line: line_of(&key),
                    is_new: false,
                });
                Ok(false)
            }
        }
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Self::Error>) -> Result<(), Self::Error> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                self.findings.lock().goodbye = Some(info.message);
                Ok(())
            }
            DisconnectReason::Error(error) => {
                self.findings.lock().goodbye = Some(error.to_string());
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("host", &self.host).finish_non_exhaustive()
    }
}

async fn exchange_keys(
    hop: &Hop,
    stream: Box<dyn Stream>,
    algorithms: Vec<Algorithm>,
    deadline: Instant,
) -> Result<(Handle<Guard>, Findings), Error> {
    let findings = Findings::default();
    let guard = Guard {
        address: hop.address.clone(),
        trust: hop.trust.clone(),
        findings: findings.clone(),
    };
    let config = client::Config {
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: KEEPALIVE_MAX,
        nodelay: true,
        preferred: Preferred {
            key: algorithms.into(),
            host_key_certificates: hop.trust.certificate_algorithms(&hop.address),
            // What is uploaded is compressed already, and compression before the login has been a hole.
            compression: vec![russh::compression::NONE].into(),
            ..Preferred::DEFAULT
        },
        ..client::Config::default()
    };
    let shaking = client::connect_stream(Arc::new(config), stream, guard);
    match hop.in_time(deadline, Step::Handshake, shaking).await? {
        Ok(handle) => Ok((handle, findings)),
        Err(error) => Err(refused(hop, &findings, error)),
    }
}

/// What a failed exchange of keys means.
fn refused(hop: &Hop, findings: &Findings, error: russh::Error) -> Error {
    let host = hop.address.to_string();
    let mut found = findings.lock();
    if let (Some(refusal), Some(shown)) = (found.refusal.take(), found.key.take()) {
        return match refusal {
            Refusal::Unknown => Error::UnknownHostKey { host, shown },
            Refusal::Changed { expected } => Error::ChangedHostKey { host, shown, expected },
            Refusal::Revoked { line } => Error::RevokedHostKey { host, shown, line },
            Refusal::Certificate { reason } => Error::HostCertificate { host, reason },
            Refusal::Unreadable { line } => Error::KnownHostsLine { host, line },
        };
    }
    let recorded = hop.trust.recorded_types(&hop.address);
    match error {
        russh::Error::NoCommonAlgo {
            kind: AlgorithmKind::Key,
            theirs,
            ..
        } if !recorded.is_empty() => Error::ChangedHostKeyType {
            host,
            recorded,
            offered: theirs,
        },
        source => Error::Handshake {
            host,
            source: Box::new(source),
        },
    }
}

/// Whether keys of this type, as a line names it, sign with the algorithm.
fn is_named(algorithm: &Algorithm, key_type: &str) -> bool {
    match algorithm {
        Algorithm::Rsa { .. } => key_type == "ssh-rsa",
        other => other.as_str() == key_type,
    }
}
