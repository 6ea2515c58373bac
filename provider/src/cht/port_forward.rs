//! A way to the CHT API that needs neither DNS nor an ingress: a port-forward to its pod, through the Kubernetes API.
//!
//! It works before the instance is reachable from outside, and Basic authentication survives it, unlike the API
//! server's service proxy, which drops the `Authorization` header. Each request has a connection of its own: they are
//! few, and pods come and go between them.

use std::time::Duration;

use http::header::{CONNECTION, HOST};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Portforwarder};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::AbortOnDropHandle;

use super::transport::{Transport, TransportError};

const PORT: u16 = 5988;
const POD_SELECTOR: &str = "cht.service=api";
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// How long the reason of a broken connection may lag behind the break.
const REASON_TIMEOUT: Duration = Duration::from_secs(2);

/// Sends requests to the API pod of one instance.
#[derive(Clone)]
pub struct PortForwardTransport {
    pods: Api<Pod>,
    namespace: String,
    host: String,
}

impl PortForwardTransport {
    /// A transport to the instance in `namespace`; `cluster_domain` is part of the name that the API is called by.
    #[must_use]
    pub fn new(client: kube::Client, namespace: &str, cluster_domain: &str) -> Self {
        Self {
            pods: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            host: format!("api.{namespace}.svc.{cluster_domain}:{PORT}"),
        }
    }

    async fn forward(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // A namespace and a domain are DNS names, so a host that is no header value is no host of any instance.
        let host = HeaderValue::from_str(&self.host).map_err(|_| TransportError::NoPod {
            namespace: self.namespace.clone(),
        })?;
        request.headers_mut().insert(HOST, host);
        request
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));

        let pod = self.find_pod().await?;
        let forwarder = self.pods.portforward(&pod, &[PORT]).await;
        let mut forwarder = AbortOnDrop(forwarder.map_err(|source| TransportError::Forward {
            pod: pod.clone(),
            source: Box::new(source),
        })?);
        let (Some(stream), Some(reason)) = (forwarder.0.take_stream(PORT), forwarder.0.take_error(PORT)) else {
            // The one port that was asked for is always there.
            return Err(TransportError::Refused {
                pod,
                message: "the port was not forwarded".to_owned(),
            });
        };
        tokio::pin!(reason);
        let failure = tokio::select! {
            biased;
            answer = exchange(&pod, stream, request) => match answer {
                Ok(answer) => return Ok(answer),
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

    async fn find_pod(&self) -> Result<String, TransportError> {
        let pods = self
            .pods
            .list(&ListParams::default().labels(POD_SELECTOR))
            .await
            .map_err(|source| TransportError::ListPods {
                namespace: self.namespace.clone(),
                source: Box::new(source),
            })?;
        choose_pod(&pods.items).ok_or_else(|| TransportError::NoPod {
            namespace: self.namespace.clone(),
        })
    }
}

impl Transport for PortForwardTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, self.forward(request)).await;
        answer.unwrap_or(Err(TransportError::Timeout {
            waited: REQUEST_TIMEOUT,
        }))
    }
}

/// Ends the forwarding task, whichever way its user ends.
struct AbortOnDrop(Portforwarder);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange<S>(pod: &str, stream: S, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |source| TransportError::Exchange {
        pod: pod.to_owned(),
        source,
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let (head, body) = sender
        .send_request(request.map(Full::new))
        .await
        .map_err(broken)?
        .into_parts();
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|source| TransportError::ReadAnswer {
        pod: pod.to_owned(),
        source,
    })?;
    Ok(Response::from_parts(head, body.to_bytes()))
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
mod tests {
    use kube::client::Body;

    use super::*;

    fn pod(name: &str, phase: &str, ready: &str, deleted: bool) -> Pod {
        let deletion = if deleted {
            serde_json::json!("2026-01-01T00:00:00Z")
        } else {
            serde_json::Value::Null
        };
        serde_json::from_value(serde_json::json!({
            "metadata": { "name": name, "deletionTimestamp": deletion },
            "status": { "phase": phase, "conditions": [{ "type": "Ready", "status": ready }] },
        }))
        .unwrap()
    }

    #[test]
    fn ready_pod_is_chosen_before_one_that_only_runs() {
        let pods = [
            pod("leaving", "Running", "True", true),
            pod("pending", "Pending", "False", false),
            pod("starting", "Running", "False", false),
            pod("ready", "Running", "True", false),
        ];
        assert_eq!(choose_pod(&pods).as_deref(), Some("ready"));
        assert_eq!(choose_pod(&pods[..3]).as_deref(), Some("starting"));
        assert_eq!(choose_pod(&pods[..2]), None);
    }

    #[tokio::test]
    async fn whole_answer_comes_back_over_a_stream() {
        let (near, far) = tokio::io::duplex(4096);
        let server = tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let (mut read, mut write) = tokio::io::split(far);
            let mut request = vec![0; 4096];
            let length = read.read(&mut request).await.unwrap();
            write
                .write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait")
                .await
                .unwrap();
            String::from_utf8(request[..length].to_vec()).unwrap()
        });
        let request = Request::get("/setup/poll")
            .header(HOST, "api.cht.svc.cluster.local:5988")
            .body(Bytes::new());
        let answer = exchange("cht-api-1", near, request.unwrap()).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.body().as_ref()),
            (503, b"wait".as_ref())
        );
        let sent = server.await.unwrap();
        assert!(sent.starts_with("GET /setup/poll HTTP/1.1\r\n"), "{sent}");
        assert!(sent.contains("host: api.cht.svc.cluster.local:5988\r\n"), "{sent}");
    }

    #[tokio::test]
    async fn stream_that_ends_without_an_answer_means_closed() {
        let (near, far) = tokio::io::duplex(4096);
        drop(far);
        let request = Request::get("/setup/poll").body(Bytes::new()).unwrap();
        let error = exchange("cht-api-1", near, request).await.unwrap_err();
        assert!(error.is_closed(), "{error}");
    }

    /// Sends one request; the Kubernetes API gives the scripted answers to the scripted paths.
    async fn send_with(script: Vec<(&'static str, u16, serde_json::Value)>) -> TransportError {
        let (service, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
        let kubernetes = tokio::spawn(async move {
            for (path, status, body) in script {
                let (request, respond) = handle.next_request().await.unwrap();
                assert_eq!(request.uri().path(), path);
                let body = Body::from(body.to_string().into_bytes());
                respond.send_response(Response::builder().status(status).body(body).unwrap());
            }
        });
        let client = kube::Client::new(service, "cht-kisumu");
        let transport = PortForwardTransport::new(client, "cht-kisumu", "cluster.local");
        let error = transport
            .send(Request::get("/setup/poll").body(Bytes::new()).unwrap())
            .await
            .unwrap_err();
        kubernetes.await.unwrap();
        error
    }

    #[tokio::test]
    async fn refusals_of_kubernetes_are_told_apart() {
        const PODS: &str = "/api/v1/namespaces/cht-kisumu/pods";
        const FORWARD: &str = "/api/v1/namespaces/cht-kisumu/pods/cht-api-1/portforward";
        let list = |pods: &[Pod]| serde_json::json!({ "metadata": {}, "items": pods });
        let running = || list(&[pod("cht-api-1", "Running", "True", false)]);
        let status = |code: u16| serde_json::json!({ "kind": "Status", "status": "Failure", "message": "no", "reason": "No", "code": code });
        let table = [
            // Script, whether the API is closed, whether to try again.
            (vec![(PODS, 200, list(&[]))], true, true),
            (vec![(PODS, 403, status(403))], false, false),
            (vec![(PODS, 503, status(503))], false, true),
            (vec![(PODS, 200, running()), (FORWARD, 404, status(404))], true, true),
            (vec![(PODS, 200, running()), (FORWARD, 403, status(403))], false, false),
            (vec![(PODS, 200, running()), (FORWARD, 500, status(500))], false, true),
        ];
        for (script, is_closed, is_retryable) in table {
            let error = send_with(script).await;
            assert_eq!(
                (error.is_closed(), error.is_retryable()),
                (is_closed, is_retryable),
                "{error:?}"
            );
        }
    }
}
