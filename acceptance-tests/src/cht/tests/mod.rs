//! The fake keeps to the contract of the real API: for each phase and request, the status and shape of the answer.
//!
//! The tests show it a cluster of their own, and talk to it with a plain HTTP client.

mod application;
mod faults;
mod phases;
mod upgrades;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::cluster::{Cluster, Observation};
use super::login::Credentials;
use super::topology::CouchdbNode;
use super::{FakeCht, Instances};

const NAMESPACE: &str = "cht-kisumu";

/// A start that is over at once, and one that no test waits for.
const NO_SETUP: Duration = Duration::ZERO;
const LONG_SETUP: Duration = Duration::from_secs(3600);

/// A cluster with one instance, as the test wants it.
#[derive(Clone)]
struct Stage(Arc<Mutex<Observation>>);

impl Stage {
    /// Everything runs and is available.
    fn running() -> Self {
        Self(Arc::new(Mutex::new(Observation {
            couchdb_nodes: vec![CouchdbNode {
                service: "couchdb".to_owned(),
                name: "couchdb@127.0.0.1".to_owned(),
                pod: Some("couchdb-1".to_owned()),
                disk: Some("volume-1".to_owned()),
                path: "data".to_owned(),
            }],
            haproxy_pod: Some("haproxy-1".to_owned()),
            api_pod: Some("api-1".to_owned()),
            api_tag: Some("5.3.1".to_owned()),
            database_available: true,
            api_available: true,
            secret: Some(password("first")),
        })))
    }

    fn change(&self, change: impl FnOnce(&mut Observation)) {
        change(&mut self.0.lock().unwrap());
    }
}

impl Cluster for Stage {
    async fn observe(&self, namespace: &str) -> anyhow::Result<Observation> {
        // Another namespace is empty.
        Ok(if namespace == NAMESPACE {
            self.0.lock().unwrap().clone()
        } else {
            Observation::default()
        })
    }
}

async fn fake(stage: &Stage, setup: Duration) -> FakeCht {
    FakeCht::serve(Arc::new(Instances::new(stage.clone(), setup)))
        .await
        .unwrap()
}

fn password(password: &str) -> Credentials {
    Credentials {
        user: "medic".to_owned(),
        password: password.to_owned(),
    }
}

/// What came back: the connection may also have ended without an answer, which is `None`.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    fn is_page(&self) -> bool {
        self.headers["content-type"].to_str().unwrap().starts_with("text/html") && self.body.starts_with("<!DOCTYPE")
    }
}

/// A request under construction.
struct Call<'a> {
    fake: &'a FakeCht,
    request: Request<Full<Bytes>>,
}

impl<'a> Call<'a> {
    /// A GET that asks for JSON, for the instance of the stage.
    fn get(fake: &'a FakeCht, path: &str) -> Self {
        let host = format!("api.{NAMESPACE}.svc.cluster.local:5988");
        let request = Request::get(path)
            .header("host", host)
            .header("accept", "application/json");
        Self {
            fake,
            request: request.body(Full::default()).unwrap(),
        }
    }

    fn post(fake: &'a FakeCht, path: &str, body: &Value) -> Self {
        let mut call = Self::get(fake, path).header("content-type", "application/json");
        *call.request.method_mut() = hyper::Method::POST;
        *call.request.body_mut() = Full::from(body.to_string());
        call
    }

    fn method(mut self, method: &str) -> Self {
        *self.request.method_mut() = method.parse().unwrap();
        self
    }

    fn body(mut self, body: &Value) -> Self {
        *self.request.body_mut() = Full::from(body.to_string());
        self.header("content-type", "application/json")
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    fn login(self, password: &str) -> Self {
        let pair = STANDARD.encode(format!("medic:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// A browser's request, which takes anything.
    fn browser(self) -> Self {
        self.header("accept", "text/html,*/*;q=0.8")
    }

    async fn try_send(self) -> Option<Answer> {
        let stream = TcpStream::connect(self.fake.addr()).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let answer: Response<_> = sender.send_request(self.request).await.ok()?;
        let (head, body) = answer.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        connection.abort();
        Some(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    async fn send(self) -> Answer {
        self.try_send().await.expect("the API is closed")
    }
}

/// The statuses of a GET without a log-in, for JSON and for a browser; `None` where the connection just ends.
async fn statuses(fake: &FakeCht, path: &str) -> (Option<u16>, Option<u16>) {
    let json = Call::get(fake, path).try_send().await;
    let browser = Call::get(fake, path).browser().try_send().await;
    (json.map(|answer| answer.status), browser.map(|answer| answer.status))
}

fn session_body(password: &str) -> Value {
    json!({ "name": "medic", "password": password })
}
