//! The HTTP side: from a request to its instance, and from the instance's state to the answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::accept::prefers_json;
use super::application::{self, Applications, Caller};
use super::cluster::Cluster;
use super::instance::{Instance, LoginOutcome, Phase};
use super::login::{Credentials, Login};
use super::topology::{is_node, service_and_namespace};
use super::upgrade::{self, Upgrades};
use super::{Fault, Instances, answers, couchdb_node};

type Answer = Response<Full<Bytes>>;

/// Serves until it is dropped, and the connections with it.
pub(super) async fn accept<C: Cluster>(listener: TcpListener, instances: Arc<Instances<C>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // A connection that was gone before it was accepted is of no interest.
            Ok((stream, address)) = listener.accept() => {
                let instances = Arc::clone(&instances);
                let service = service_fn(move |request| answer(Arc::clone(&instances), address, request));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some(_) = connections.join_next() => {}
            else => tokio::task::yield_now().await,
        }
    }
}

async fn answer<C: Cluster>(
    instances: Arc<Instances<C>>,
    address: SocketAddr,
    request: Request<Incoming>,
) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let head = Request::from_parts(head, ());
    let host = head.headers().get(HOST).and_then(|host| host.to_str().ok());
    let Some((service, namespace)) = host.and_then(service_and_namespace) else {
        return Ok(json_answer(
            421,
            &json!({ "error": "the Host header is not api.<namespace>.svc.<domain>" }),
        ));
    };
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let mut instance = match instances.observe(namespace).await {
        Ok(instance) => instance,
        Err(error) => {
            return Ok(json_answer(
                500,
                &json!({ "error": format!("the lab cannot play: {error:#}") }),
            ));
        }
    };
    if is_node(service) {
        let answer = couchdb_node::answer(&mut instance, service, &login(&head), &head, &body);
        return match answer {
            Some((status, body)) => Ok(json_answer(status, &body)),
            None => Err(io::ErrorKind::ConnectionReset.into()),
        };
    }
    let now = Instant::now();
    if instance.phase(now) == Phase::Closed {
        // The connection ends without an answer, as one to a port on which nothing listens.
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    instances.applications.mount(namespace, instance.volume().as_deref());
    Ok(Played {
        instance: &mut instance,
        upgrades: &instances.upgrades,
        applications: &instances.applications,
        namespace,
        head: &head,
        body: &body,
        address: address.ip().to_string(),
        now,
    }
    .answer())
}

/// A request to an instance that listens.
struct Played<'a> {
    instance: &'a mut Instance,
    upgrades: &'a Upgrades,
    applications: &'a Applications,
    namespace: &'a str,
    head: &'a Request<()>,
    body: &'a Bytes,
    address: String,
    now: Instant,
}

impl Played<'_> {
    fn answer(mut self) -> Answer {
        let is_ready = self.instance.phase(self.now) == Phase::Ready;
        if self.instance.has(Fault::Html200) {
            return page();
        }
        match (self.head.method(), self.head.uri().path()) {
            (&Method::GET, "/api/v1/startup-progress") => json_answer(200, &answers::startup_progress(is_ready)),
            _ if !is_ready && self.prefers_json() => json_answer(503, &json!({ "error": "Service unavailable" })),
            _ if !is_ready => page(),
            (&Method::GET, "/setup/poll") => json_answer(200, &answers::setup_poll()),
            (&Method::GET, "/api/info") => json_answer(200, &json!({ "version": "0.1.0" })),
            (&Method::GET, "/api/v2/monitoring") => {
                let is_known = self.instance.reaches_database() && !self.instance.has(Fault::MonitoringErrors);
                let bytes = self
                    .applications
                    .documents(self.namespace, |documents| documents.bytes());
                json_answer(200, &answers::monitoring(&self.instance.version(), bytes, is_known))
            }
            // Everything from here on is decided by CouchDB, log-ins too.
            _ if !self.instance.reaches_database() => json_answer(503, &answers::no_server()),
            (&Method::POST, "/_session") => self.open_session(),
            _ => self.logged_in(),
        }
    }

    fn logged_in(&mut self) -> Answer {
        let login = login(self.head);
        let caller = match self.applications.log_in(self.namespace, &login) {
            Some(user) => user,
            None => match self.instance.log_in(&login, &self.address, self.now) {
                LoginOutcome::Accepted => Caller::Administrator,
                LoginOutcome::Refused => return self.not_logged_in(),
                LoginOutcome::TooMany => return self.too_many(),
            },
        };
        let path = self.head.uri().path();
        if matches!(caller, Caller::Administrator)
            && let Some((status, body)) = self.upgrade()
        {
            return json_answer(status, &body);
        }
        if matches!(caller, Caller::Administrator)
            && let Some(config) = path
                .strip_prefix("/_node/")
                .filter(|config| config.contains("/admins/"))
        {
            let (status, body) = couchdb_node::configure_any(self.instance, self.head.method(), config, self.body);
            return json_answer(status, &body);
        }
        if let Some((status, body)) = self
            .applications
            .answer(self.namespace, &caller, &self.to_application())
        {
            return json_answer(status, &body);
        }
        let found = match path {
            _ if self.head.method() != Method::GET => None,
            "/_active_tasks" => Some(answers::active_tasks(self.upgrades.with(self.namespace, |database| {
                database.search_index(self.instance.faults(), self.now)
            }))),
            "/api/deploy-info" => Some(answers::deploy_info(&self.instance.version())),
            _ => answers::couchdb(path, &self.instance.members()),
        };
        // Not 404: the real CHT may well know the path.
        let unknown = || {
            json_answer(
                501,
                &json!({ "error": format!("the lab does not play {} {path}", self.head.method()) }),
            )
        };
        found.map_or_else(unknown, |body| json_answer(200, &body))
    }

    fn upgrade(&self) -> Option<(u16, Value)> {
        let request = upgrade::Request {
            method: self.head.method(),
            path: self.head.uri().path(),
            query: self.head.uri().query().unwrap_or_default(),
            body: self.body,
        };
        let answer = |database: &mut _| upgrade::answer(database, self.instance.faults(), &request, self.now);
        self.upgrades.with(self.namespace, answer)
    }

    fn to_application(&self) -> application::Request<'_> {
        let content_type = self.head.headers().get(CONTENT_TYPE);
        application::Request {
            method: self.head.method(),
            path: self.head.uri().path(),
            query: self.head.uri().query().unwrap_or_default(),
            content_type: content_type.and_then(|value| value.to_str().ok()).unwrap_or_default(),
            body: self.body,
        }
    }

    fn open_session(&mut self) -> Answer {
        let Some(credentials) = session_credentials(self.head, self.body) else {
            return json_answer(
                400,
                &json!({ "error": "bad_request", "reason": "name and password are missing" }),
            );
        };
        let body = json!({ "ok": true, "name": credentials.user, "roles": ["_admin"] });
        match self
            .instance
            .log_in(&Login::Basic(credentials), &self.address, self.now)
        {
            LoginOutcome::TooMany => self.too_many(),
            LoginOutcome::Refused => json_answer(
                401,
                &json!({ "error": "unauthorized", "reason": "Name or password is incorrect." }),
            ),
            LoginOutcome::Accepted => {
                let cookie = format!(
                    "AuthSession={}; Version=1; Path=/; HttpOnly",
                    self.instance.open_session()
                );
                with_header(json_answer(200, &body), SET_COOKIE, &cookie)
            }
        }
    }

    fn prefers_json(&self) -> bool {
        prefers_json(self.head.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()))
    }

    fn not_logged_in(&self) -> Answer {
        if self.prefers_json() {
            return json_answer(401, &json!({ "code": 401, "error": "unauthorized" }));
        }
        with_header(
            text_answer(401, "not logged in"),
            WWW_AUTHENTICATE,
            "Basic realm=\"Medic Web Services\"",
        )
    }

    fn too_many(&self) -> Answer {
        if self.prefers_json() {
            return json_answer(429, &json!({ "code": 429, "error": "Too Many Requests" }));
        }
        text_answer(429, "Too Many Requests")
    }
}

fn login(head: &Request<()>) -> Login {
    let header = |name| head.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(encoded) = header(AUTHORIZATION).and_then(|value| value.strip_prefix("Basic ")) {
        let decoded = STANDARD
            .decode(encoded)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|decoded| decoded.split_once(':'));
        let (user, password) = pair.unwrap_or_default();
        return Login::Basic(Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
        });
    }
    let session = header(COOKIE).and_then(|cookies| {
        cookies
            .split(';')
            .find_map(|cookie| cookie.trim().strip_prefix("AuthSession="))
    });
    session.map_or(Login::None, |session| Login::Session(session.to_owned()))
}

/// The name and password in the body, as JSON; this is how the provider and the CHT's own page send it.
fn session_credentials(head: &Request<()>, body: &Bytes) -> Option<Credentials> {
    let content_type = head.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    if !content_type.starts_with("application/json") {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| body.get(name)?.as_str().map(str::to_owned);
    Some(Credentials {
        user: text("name")?,
        password: text("password")?,
    })
}

fn page() -> Answer {
    let mut answer = text_answer(
        200,
        "<!DOCTYPE html><html><head><title>CHT</title></head><body>Starting up</body></html>",
    );
    answer.headers_mut().insert(
        CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("text/html; charset=utf-8"),
    );
    answer
}

fn json_answer(status: u16, body: &Value) -> Answer {
    build(status, "application/json; charset=utf-8", body.to_string())
}

fn text_answer(status: u16, body: &str) -> Answer {
    build(status, "text/plain", body.to_owned())
}

fn build(status: u16, content_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    answer
}

fn with_header(mut answer: Answer, name: hyper::header::HeaderName, value: &str) -> Answer {
    if let Ok(value) = hyper::header::HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}
