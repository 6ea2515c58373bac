//! The client: one method for each kind of call to the Kubernetes API, with context, timeout and retries.
//!
//! Requests go through [`kube::Client::send`], not through `kube::Api`: only there are the response headers seen
//! (`Retry-After`), and `kube` logs bodies that it cannot parse, which may hold Secrets.

mod probe;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use http::Method;
use hyper::body::Bytes;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::trace;

pub use self::probe::Probe;
use super::answer;
use super::eks::{EksError, EksLogin};
use super::error::{Error, Source};
use super::kind::{Kind, encode_segment};
use super::object::ObjectKey;
use super::request::{Call, Outgoing, Patch};
use super::status;
use crate::causes;
use crate::retry::Retry;

/// How long one request may take, from sending it to the last byte of the answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How many calls one operation makes at once: enough to hide a slow line, few enough to stay under API priority.
const PARALLEL_CALLS: usize = 8;

/// How many calls all operations make at once. Each needs a connection, and each new connection costs both sides more
/// than a call does.
const ALL_CALLS: usize = 32;

/// A cluster that can be talked to.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    host: String,
    retry: Retry,
    cancellation: CancellationToken,
    in_flight: Arc<Semaphore>,
    probed: Arc<OnceLock<Probe>>,
    login: Option<EksLogin>,
}

impl Cluster {
    /// Wraps a client; `host` is what errors call the cluster.
    pub fn new(client: kube::Client, host: impl Into<String>) -> Self {
        Self {
            client,
            host: host.into(),
            retry: Retry::default(),
            cancellation: CancellationToken::new(),
            in_flight: Arc::new(Semaphore::new(ALL_CALLS)),
            probed: Arc::default(),
            login: None,
        }
    }

    /// Says who makes the tokens that the client sends.
    #[must_use]
    pub(super) fn with_login(mut self, login: EksLogin) -> Self {
        self.login = Some(login);
        self
    }

    /// Sets how calls are tried again.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Ends all calls, and their retries, when this is cancelled: none is worth the wait for a server that does not
    /// answer.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// The ARN of the cluster, if it is known to be one of EKS.
    pub(super) fn eks_arn(&self) -> Option<&str> {
        self.login.as_ref()?.arn.as_deref()
    }

    /// The client itself, for what this module does not offer, such as port-forwarding.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// What errors call the cluster.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether both are the same client: one is a clone of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.in_flight, &other.in_flight)
    }

    /// Reads one object; `None` if it is not there.
    pub(super) async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, Error> {
        let got = optional(self.json(&Outgoing::get(Call::on("get", key), key.path())).await);
        match got {
            Err(_) if !self.serves(key.kind).await? => Ok(None),
            got => got,
        }
    }

    /// Whether the server knows a kind. Where it does not know any of a group, it answers as something else would that
    /// is no API server, so the definition of the kind is asked for.
    pub(super) async fn serves(&self, kind: Kind) -> Result<bool, Error> {
        let Some(definition) = kind.definition() else {
            return Ok(true);
        };
        let key = ObjectKey::cluster::<CustomResourceDefinition>(&definition);
        let got = optional(self.json(&Outgoing::get(Call::on("get", &key), key.path())).await);
        Ok(got?.is_some())
    }

    /// Reads one page of a list. An answer without items is no list, and never an empty one.
    pub(super) async fn list_page(&self, kind: Kind, namespace: Option<&str>, query: &str) -> Result<Value, Error> {
        let call = Call {
            verb: "list",
            resource: kind.resource().into(),
            namespace: namespace.map(Into::into),
            name: None,
        };
        let target = format!("{}?{query}", kind.path(namespace));
        let page = self.json(&Outgoing::get(call.clone(), target)).await?;
        match page.get("items") {
            Some(Value::Array(_) | Value::Null) => Ok(page),
            _ => Err(status::no_kubernetes(call, page.to_string().as_bytes())),
        }
    }

    /// Patches one object; `query` holds the field manager and flags.
    pub(super) async fn patch(&self, key: &ObjectKey, patch: Patch, query: &str, body: &Value) -> Result<Value, Error> {
        let outgoing = Outgoing {
            call: Call::on("patch", key),
            method: Method::PATCH,
            target: format!("{}?{query}", key.path()),
            content_type: patch.content_type(),
            body: body.to_string().into_bytes(),
        };
        self.json(&outgoing).await
    }

    /// Deletes one object; `None` if it is not there.
    pub(super) async fn delete_object(&self, key: &ObjectKey, options: &Value) -> Result<Option<Value>, Error> {
        let outgoing = Outgoing {
            call: Call::on("delete", key),
            method: Method::DELETE,
            target: key.path(),
            content_type: "application/json",
            body: options.to_string().into_bytes(),
        };
        optional(self.json(&outgoing).await)
    }

    /// Asks a pod to go, if its disruption budgets allow it.
    pub(super) async fn post_eviction(&self, pod: &ObjectKey, uid: &str) -> Result<(), Error> {
        let mut call = Call::on("create", pod);
        call.resource = "pods/eviction".into();
        let eviction = json!({
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        });
        let outgoing = Outgoing {
            call,
            method: Method::POST,
            target: format!("{}/eviction", pod.path()),
            content_type: "application/json",
            body: eviction.to_string().into_bytes(),
        };
        self.bytes(&outgoing).await.map(|_| ())
    }

    /// Reads the last lines that a container, or its previous instance, wrote.
    pub(super) async fn log_tail(&self, pod: &ObjectKey, container: &str, previous: bool) -> Result<String, Error> {
        let mut call = Call::on("get", pod);
        call.resource = "pods/log".into();
        let container = encode_segment(container);
        let target = format!(
            "{}/log?container={container}&previous={previous}&tailLines=10&limitBytes=4096",
            pod.path()
        );
        let bytes = self.bytes(&Outgoing::get(call, target)).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn json(&self, outgoing: &Outgoing) -> Result<Value, Error> {
        let bytes = self.bytes(outgoing).await?;
        answer::parse(&bytes).map_err(|source| Error::Decode {
            call: outgoing.call.clone(),
            source,
        })
    }

    async fn bytes(&self, outgoing: &Outgoing) -> Result<Bytes, Error> {
        tokio::select! {
            // An answer that is there counts.
            biased;
            answer = self.logged_in(outgoing) => answer,
            () = self.cancellation.cancelled() => Err(Error::Interrupted {
                host: self.host.clone(),
                call: outgoing.call.clone(),
            }),
        }
    }

    /// Makes a call, and once more with another token where the server does not take the one that there was.
    async fn logged_in(&self, outgoing: &Outgoing) -> Result<Bytes, Error> {
        let answer = self.retry.run(|| self.exchange(outgoing)).await;
        match (&answer, &self.login) {
            (Err(error), Some(login)) if error.is_unauthorized() => {
                login.forget().await;
                self.retry.run(|| self.exchange(outgoing)).await
            }
            _ => answer,
        }
    }

    async fn exchange(&self, outgoing: &Outgoing) -> Result<Bytes, Error> {
        let call = || outgoing.call.clone();
        let request = outgoing.request()?;
        // It is never closed, so there is always a permit to come.
        let _permit = self.in_flight.acquire().await.ok();
        let exchange = async {
            let response = self.client.send(request).await?;
            let (parts, body) = response.into_parts();
            Ok((parts, body.collect_bytes().await?))
        };
        let (parts, body) = timeout(REQUEST_TIMEOUT, exchange)
            .await
            .map_err(|_| Error::Timeout {
                host: self.host.clone(),
                call: call(),
                waited: REQUEST_TIMEOUT,
            })?
            .map_err(|source| self.transport_error(call(), source))?;
        trace!(call = %outgoing.call, status = parts.status.as_u16(), "Kubernetes call answered");
        if parts.status.is_success() {
            Ok(body)
        } else {
            Err(status::error(call(), parts.status, &parts.headers, &body))
        }
    }

    /// Tells a certificate that is not trusted from a server that cannot be reached and from a broken connection.
    fn transport_error(&self, call: Call, error: kube::Error) -> Error {
        let host = self.host.clone();
        let source: Source = match error {
            kube::Error::Service(source) => match source.downcast::<EksError>() {
                Ok(error) => return Error::Eks(*error),
                Err(source) => source,
            },
            kube::Error::HyperError(source) => Box::new(source),
            other => Box::new(other),
        };
        if causes::is_certificate(&*source) {
            return Error::Certificate { host, source };
        }
        if causes::any(&*source, &is_connect) {
            return Error::Unreachable { host, source };
        }
        Error::Transport { host, call, source }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Makes calls a few at a time; the results are in the order of the calls. It takes them ready-made: a stream that
/// makes them from borrowed values in a closure would not be [`Send`].
pub(super) async fn in_parallel<F: Future>(calls: Vec<F>) -> Vec<F::Output> {
    stream::iter(calls).buffered(PARALLEL_CALLS).collect().await
}

fn optional<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_connect(error: &(dyn StdError + 'static)) -> bool {
    let by_hyper = error
        .downcast_ref::<hyper_util::client::legacy::Error>()
        .is_some_and(|error| error.is_connect());
    let by_system = error.downcast_ref::<io::Error>().is_some_and(|error| {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
        matches!(
            error.kind(),
            ConnectionRefused | HostUnreachable | NetworkUnreachable | TimedOut
        )
    });
    by_hyper || by_system
}
