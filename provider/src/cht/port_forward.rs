//! A way to the CHT API that needs neither DNS nor an ingress: a port-forward to its pod, through the Kubernetes API. There is
//! one to a CouchDB node as well, for what has to be known before the API starts.
//!
//! It works before the instance is reachable from outside, and Basic authentication survives it, unlike the API
//! server's service proxy, which drops the `Authorization` header. A transport keeps its connection for the next request,
//! as opening one is most of what a request costs. Pods come and go, so whoever looks again later makes a new transport.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::HOST;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Portforwarder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::AbortOnDropHandle;

use super::transport::{Transport, TransportError};

const API: &str = "api";
const API_PORT: u16 = 5988;
const COUCHDB_PORT: u16 = 5984;
/// The label of pods that says which service of the CHT they are.
const SERVICE_LABEL: &str = "cht.service";
/// Long enough for the slowest of the calls, which counts conflicts. Not every kubelet passes on that the API hung up,
/// so this also ends the wait for an answer that will never come.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// How long the reason of a broken connection may lag behind the break.
const REASON_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends requests to the pod of one service of an instance: its API, or a node of CouchDB.
#[derive(Clone)]
pub struct PortForwardTransport {
    pods: Api<Pod>,
    namespace: String,
    service: String,
    port: u16,
    host: String,
    timeout: Duration,
    kept: Arc<Mutex<Option<Connection>>>,
}

impl PortForwardTransport {
    /// A transport to the API of the instance in `namespace`; `cluster_domain` is part of the name that it is called by.
    #[must_use]
    pub fn new(client: kube::Client, namespace: &str, cluster_domain: &str) -> Self {
        Self::to_service(client, namespace, cluster_domain, (API, API_PORT))
    }

    /// A transport to a CouchDB node; `service` is the name of its Service.
    #[must_use]
    pub fn to_couchdb(client: kube::Client, namespace: &str, cluster_domain: &str, service: &str) -> Self {
        Self::to_service(client, namespace, cluster_domain, (service, COUCHDB_PORT))
    }

    fn to_service(client: kube::Client, namespace: &str, cluster_domain: &str, (service, port): (&str, u16)) -> Self {
        Self {
            pods: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            port,
            host: format!("{service}.{namespace}.svc.{cluster_domain}:{port}"),
            timeout: REQUEST_TIMEOUT,
            kept: Arc::default(),
        }
    }

    /// The same with another limit for one request and its answer, in place of 30 seconds.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    async fn forward(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // A namespace and a domain are DNS names, so a host that is no header value is no host of any instance.
        let host = HeaderValue::from_str(&self.host).map_err(|_| TransportError::NoPod {
            service: self.service.clone(),
            namespace: self.namespace.clone(),
        })?;
        request.headers_mut().insert(HOST, host);

        let kept = self.kept().take();
        if let Some(mut connection) = kept
            && let Ok(answer) = connection.exchange(request.clone()).await
        {
            *self.kept() = Some(connection);
            return Ok(answer);
        }
        // There is none, or the API hung up meanwhile.
        self.forward_anew(request).await
    }

    async fn forward_anew(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let pod = self.find_pod().await?;
        let forwarder = self.pods.portforward(&pod, &[self.port]).await;
        let mut forwarder = AbortOnDrop(forwarder.map_err(|source| TransportError::Forward {
            pod: pod.clone(),
            source: Box::new(source),
        })?);
        let (Some(stream), Some(reason)) = (forwarder.0.take_stream(self.port), forwarder.0.take_error(self.port))
        else {
            // The one port that was asked for is always there.
            return Err(TransportError::Refused {
                pod,
                message: "the port was not forwarded".to_owned(),
            });
        };
        tokio::pin!(reason);
        let first = async {
            let mut connection = Connection::open(&pod, stream).await?;
            let answer = connection.exchange(request).await?;
            Ok::<_, TransportError>((answer, connection))
        };
        let failure = tokio::select! {
            biased;
            first = first => match first {
                Ok((answer, connection)) => {
                    *self.kept() = Some(Connection { _forwarder: Some(forwarder), ..connection });
                    return Ok(answer);
                }
                Err(failure) => failure,
            },
            Some(message) = &mut reason => return Err(TransportError::Refused { pod, message }),
        };
        // A refused connection looks like one that ended; the kubelet says on another channel which it was.
        match tokio::time::timeout(REASON_TIMEOUT, reason).await {
            Ok(Some(message)) if failure.is_closed() => Err(TransportError::Refused { pod, message }),
            _ => Err(failure),
        }
    }

    /// The connection that was kept. A request takes it away, so that one that is given up halfway is never used again.
    fn kept(&self) -> MutexGuard<'_, Option<Connection>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn find_pod(&self) -> Result<String, TransportError> {
        let pods = self
            .pods
            .list(&ListParams::default().labels(&format!("{SERVICE_LABEL}={}", self.service)))
            .await
            .map_err(|source| TransportError::ListPods {
                service: self.service.clone(),
                namespace: self.namespace.clone(),
                source: Box::new(source),
            })?;
        choose_pod(&pods.items).ok_or_else(|| TransportError::NoPod {
            service: self.service.clone(),
            namespace: self.namespace.clone(),
        })
    }
}

impl Transport for PortForwardTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let answer = tokio::time::timeout(self.timeout, self.forward(request)).await;
        answer.unwrap_or(Err(TransportError::Timeout { waited: self.timeout }))
    }
}

/// Ends the forwarding task, whichever way its user ends.
struct AbortOnDrop(Portforwarder);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection to the API of one pod.
struct Connection {
    pod: String,
    sender: SendRequest<Full<Bytes>>,
    _driver: AbortOnDropHandle<hyper::Result<()>>,
    _forwarder: Option<AbortOnDrop>,
}

impl Connection {
    async fn open<S>(pod: &str, stream: S) -> Result<Self, TransportError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, driver) = handshake.map_err(|source| broken(pod, source))?;
        Ok(Self {
            pod: pod.to_owned(),
            sender,
            _driver: AbortOnDropHandle::new(tokio::spawn(driver)),
            _forwarder: None,
        })
    }

    async fn exchange(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let ready = self.sender.ready().await;
        ready.map_err(|source| broken(&self.pod, source))?;
        let answer = self.sender.send_request(request.map(Full::new)).await;
        let (head, body) = answer.map_err(|source| broken(&self.pod, source))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|source| TransportError::ReadAnswer {
            pod: self.pod.clone(),
            source,
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

fn broken(pod: &str, source: hyper::Error) -> TransportError {
    TransportError::Exchange {
        pod: pod.to_owned(),
        source,
    }
}

/// A ready pod, or else a running one: with a readiness probe the pod is not ready while the CHT starts, and what it
/// says about its progress then is just what is wanted.
fn choose_pod(pods: &[Pod]) -> Option<String> {
    let usable = || {
        pods.iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none() && is_running(pod))
    };
    let pod = usable().find(|pod| is_ready(pod)).or_else(|| usable().next())?;
    pod.metadata.name.clone()
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
