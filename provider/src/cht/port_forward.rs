//! A way to the CHT API that needs neither DNS nor an ingress: a port-forward to its pod, through the Kubernetes API.
//! There is one to a CouchDB node as well, for what has to be known before the API starts.
//!
//! It works before the instance is reachable from outside, and Basic authentication survives it, unlike the API
//! server's service proxy, which drops the `Authorization` header. Opening a port-forward is most of what a request
//! costs, so those that are open are shared: [`lanes`] keeps them, [`connection`] speaks HTTP over one of them,
//! [`stream`] is what it speaks over.
//!
//! Pods come and go, so a transport asks the cluster, at its first request and whenever it opens a port-forward, which
//! pod there is, and uses no connection to another one. Whoever looks again later makes a new transport.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::FusedFuture as _;
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use hyper::body::Bytes;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};

use self::connection::{Connection, Target};
use self::lanes::Lane;
use self::stream::Port;
use super::transport::{Transport, TransportError, forward_status};
use crate::kubernetes::Cluster;

mod connection;
mod lanes;
mod stream;

pub use self::lanes::Forwards;

const API: &str = "api";
const API_PORT: u16 = 5988;
const COUCHDB_PORT: u16 = 5984;
/// The label of pods that says which service of the CHT they are.
const SERVICE_LABEL: &str = "cht.service";
/// Long enough for the slowest of the calls, which counts conflicts. Not every kubelet passes on that the API hung up,
/// so this also ends the wait for an answer that will never come.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the reason of a broken connection may lag behind the break.
const REASON_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends requests to the pod of one service of an instance: its API, or a node of CouchDB.
pub struct PortForwardTransport {
    pods: Api<Pod>,
    namespace: String,
    service: String,
    port: u16,
    host: String,
    timeout: Duration,
    lane: Arc<Lane>,
    /// The pod that is asked, once it is known.
    target: Mutex<Option<Target>>,
}

impl PortForwardTransport {
    /// A transport to the API of the instance in `namespace`; `cluster_domain` is part of the name that it is called
    /// by.
    #[must_use]
    pub fn new(forwards: &Forwards, cluster: &Cluster, namespace: &str, cluster_domain: &str) -> Self {
        Self::to_service(forwards, cluster, (namespace, cluster_domain), (API, API_PORT))
    }

    /// A transport to a CouchDB node; `service` is the name of its Service.
    #[must_use]
    pub fn to_couchdb(
        forwards: &Forwards,
        cluster: &Cluster,
        namespace: &str,
        cluster_domain: &str,
        service: &str,
    ) -> Self {
        Self::to_service(forwards, cluster, (namespace, cluster_domain), (service, COUCHDB_PORT))
    }

    fn to_service(
        forwards: &Forwards,
        cluster: &Cluster,
        (namespace, cluster_domain): (&str, &str),
        (service, port): (&str, u16),
    ) -> Self {
        Self {
            pods: Api::namespaced(cluster.client().clone(), namespace),
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            port,
            host: format!("{service}.{namespace}.svc.{cluster_domain}:{port}"),
            timeout: REQUEST_TIMEOUT,
            lane: forwards.lane(cluster, namespace, service),
            target: Mutex::default(),
        }
    }

    /// The same with another limit for one request and its answer, in place of 30 seconds.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    async fn forward(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // A namespace and a domain are DNS names, so a host that is no header value is no host of any instance.
        let host = HeaderValue::from_str(&self.host).map_err(|_| self.no_pod())?;
        request.headers_mut().insert(HOST, host);

        let known = self.target().clone();
        let is_known = known.is_some();
        let target = match known {
            Some(target) => target,
            None => self.find_pod().await?,
        };
        if let Some(mut connection) = self.lane.take(&target) {
            match connection.exchange(request.clone()).await {
                Ok(answer) => {
                    self.lane.keep(connection);
                    return Ok(answer);
                }
                // Whether it was carried out is for the caller to find out.
                Err(failure) if !failure.may_be_repeated(request.method()) => return Err(failure.into()),
                Err(failure) => tracing::debug!(error = %failure.error, "a kept port-forward is of no more use"),
            }
        }
        let target = if is_known { self.find_pod().await? } else { target };
        let answer = self.open(target, request).await;
        if answer.is_err() {
            // Perhaps there is another pod by now.
            self.target().take();
        }
        answer
    }

    /// Sends a request over a port-forward of its own, and keeps that for the next.
    async fn open(&self, target: Target, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let pod = target.name.clone();
        let port = Port::open(&self.pods, &pod, self.port).await;
        let Port { stream, reason } = port.map_err(|source| match forward_status(&source) {
            // Which of the two it is depends on the server's release.
            Some(403) => self.forbidden("get and create", "pods/portforward"),
            _ => TransportError::Forward {
                pod: pod.clone(),
                source: Box::new(source),
            },
        })?;
        let first = async {
            let mut connection = Connection::open(target, stream).await?;
            let answer = connection.exchange(request).await?;
            Ok((answer, connection))
        };
        let (answer, connection) = unless_refused(pod, first, reason).await?;
        self.lane.keep(connection);
        Ok(answer)
    }

    async fn find_pod(&self) -> Result<Target, TransportError> {
        let pods = self
            .pods
            .list(&ListParams::default().labels(&format!("{SERVICE_LABEL}={}", self.service)))
            .await
            .map_err(|source| match &source {
                kube::Error::Api(status) if status.code == 403 => self.forbidden("list", "pods"),
                _ => TransportError::ListPods {
                    service: self.service.clone(),
                    namespace: self.namespace.clone(),
                    source: Box::new(source),
                },
            })?;
        let target = choose_pod(&pods.items).ok_or_else(|| self.no_pod())?;
        *self.target() = Some(target.clone());
        Ok(target)
    }

    fn no_pod(&self) -> TransportError {
        TransportError::NoPod {
            service: self.service.clone(),
            namespace: self.namespace.clone(),
        }
    }

    fn forbidden(&self, verb: &'static str, resource: &'static str) -> TransportError {
        TransportError::Forbidden {
            verb,
            resource,
            namespace: self.namespace.clone(),
        }
    }

    fn target(&self) -> MutexGuard<'_, Option<Target>> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for PortForwardTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let _turn = self.lane.turn().await;
        let answer = tokio::time::timeout(self.timeout, self.forward(request)).await;
        answer.unwrap_or(Err(TransportError::Timeout { waited: self.timeout }))
    }
}

/// A ready pod, or else a running one: with a readiness probe the pod is not ready while the CHT starts, and what it
/// says about its progress then is just what is wanted.
/// What comes of the first request, unless the kubelet gives a reason why there is no connection. It may also end
/// without giving one, before the request does.
async fn unless_refused<T>(
    pod: String,
    first: impl Future<Output = Result<T, TransportError>>,
    reason: impl Future<Output = Option<String>>,
) -> Result<T, TransportError> {
    let reason = reason.fuse();
    tokio::pin!(reason);
    let failure = tokio::select! {
        biased;
        first = first => match first {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        },
        Some(message) = &mut reason => return Err(TransportError::Refused { pod, message }),
    };
    if reason.is_terminated() {
        return Err(failure);
    }
    // A refused connection looks like one that ended; the kubelet says on another channel which it was.
    match tokio::time::timeout(REASON_TIMEOUT, reason).await {
        Ok(Some(message)) if failure.is_closed() => Err(TransportError::Refused { pod, message }),
        _ => Err(failure),
    }
}

fn choose_pod(pods: &[Pod]) -> Option<Target> {
    let usable = || {
        pods.iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none() && is_running(pod))
    };
    let pod = usable().find(|pod| is_ready(pod)).or_else(|| usable().next())?;
    Some(Target {
        name: pod.metadata.name.clone()?,
        uid: pod.metadata.uid.clone().unwrap_or_default(),
    })
}

fn is_running(pod: &Pod) -> bool {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running")
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
mod tests;
