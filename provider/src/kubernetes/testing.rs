//! A scripted API server for unit tests: it answers the expected calls in order and fails on any other.

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::Value;
use tokio::task::JoinHandle;
use tower_test::mock;

use super::client::Cluster;
use crate::retry::Retry;

/// One expected call and its answer.
pub(crate) struct Exchange {
    method: Method,
    target: String,
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Value,
    broken: bool,
}

impl Exchange {
    /// Expects a call whose target contains `target`.
    pub(crate) fn new(method: Method, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            status: 200,
            headers: Vec::new(),
            body: Value::Null,
            broken: false,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new(Method::GET, target)
    }

    pub(crate) fn patch(target: &str) -> Self {
        Self::new(Method::PATCH, target)
    }

    pub(crate) fn delete(target: &str) -> Self {
        Self::new(Method::DELETE, target)
    }

    pub(crate) fn answer(mut self, status: u16, body: Value) -> Self {
        (self.status, self.body) = (status, body);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Breaks the connection instead of answering.
    pub(crate) fn breaks(mut self) -> Self {
        self.broken = true;
        self
    }
}

/// The scripted server; its script runs until the last expected call.
pub(crate) struct Server(JoinHandle<Vec<Value>>);

impl Server {
    /// Waits for the script's end and returns the bodies that were received; a call that never came fails here.
    pub(crate) async fn finished(self) -> Vec<Value> {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(5), self.0).await;
        ended
            .expect("an expected call never came")
            .expect("an unexpected call came")
    }
}

/// Makes a cluster that is played by `script`. Calls beyond the script find the connection closed.
pub(crate) fn cluster(script: Vec<Exchange>) -> (Cluster, Server) {
    let (service, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
    let server = tokio::spawn(async move {
        let mut bodies = Vec::new();
        for expected in script {
            let (request, reply) = handle.next_request().await.expect("the client is there");
            let target = request.uri().to_string();
            assert_eq!(request.method(), expected.method, "{target}");
            assert!(
                target.contains(&expected.target),
                "got {target}, expected {}",
                expected.target
            );
            let body = request.into_body().collect_bytes().await.unwrap();
            bodies.push(serde_json::from_slice(&body).unwrap_or_default());
            if expected.broken {
                reply.send_error(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
                continue;
            }
            let mut response = Response::builder().status(expected.status);
            for (name, value) in expected.headers {
                response = response.header(name, value);
            }
            reply.send_response(
                response
                    .body(Body::from(expected.body.to_string().into_bytes()))
                    .unwrap(),
            );
        }
        bodies
    });
    let client = kube::Client::new(service, "default");
    (
        Cluster::new(client, "https://test:6443").with_retry(Retry::immediate()),
        Server(server),
    )
}
