//! The CHT API, one method for each call, named like it.
//!
//! No answer is trusted for its status: while the CHT starts, its API answers a browser's request for any path with 200
//! and a page. So every request asks for JSON, and every answer has to have the shape that the call promises.
//!
//! `/setup/poll` and `/api/info` carry a `version` that is `0.1.0` in every release; it is not even read here. The true
//! one is in [`Client::monitoring`] and [`Client::deploy_info`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::monitoring::Monitoring;
use super::startup::StartupProgress;
use super::transport::Transport;

mod couchdb;

pub use self::couchdb::Membership;

/// A CHT user.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// Calls the API of one instance.
#[derive(Debug, Clone)]
pub struct Client<T> {
    transport: T,
    credentials: Option<Credentials>,
}

/// The build that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeployInfo {
    /// The true version.
    pub version: String,
    /// Who installed it, where that is known.
    pub user: Option<String>,
}

#[derive(Deserialize)]
struct SetupPoll {
    ready: bool,
    handler: String,
}

#[derive(Deserialize)]
struct CouchUp {
    status: String,
}

/// The bodies of a 503: the CHT's own while it starts, and HAProxy's when no CouchDB is up.
#[derive(Deserialize)]
struct Unavailable {
    error: String,
    reason: Option<String>,
    server: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    NotNeeded,
    Needed,
}

impl<T: Transport> Client<T> {
    /// A client; without credentials it can make only those calls that need no log-in.
    pub fn new(transport: T, credentials: Option<Credentials>) -> Self {
        Self { transport, credentials }
    }

    /// Whether calls that need a log-in can be made.
    pub fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// `GET /api/v1/startup-progress`: the one call that is answered during the start.
    ///
    /// # Errors
    /// The API does not listen yet, or something else answers.
    pub async fn startup_progress(&self) -> Result<StartupProgress, Error> {
        self.get("/api/v1/startup-progress", Login::NotNeeded).await
    }

    /// `GET /setup/poll`: succeeds once the start is over.
    ///
    /// # Errors
    /// [`Error::Starting`] until then.
    pub async fn setup_poll(&self) -> Result<(), Error> {
        let path = "/setup/poll";
        let poll: SetupPoll = self.get(path, Login::NotNeeded).await?;
        if poll.ready && poll.handler == "medic-api" {
            return Ok(());
        }
        let found = format!("ready is {} and handler is {:?}", poll.ready, poll.handler);
        Err(Error::UnexpectedAnswer {
            request: request_name(path),
            found,
        })
    }

    /// `GET /api/v2/monitoring`.
    ///
    /// # Errors
    /// The CHT is not ready. A database that cannot be reached is no error of the call but shows in the answer.
    pub async fn monitoring(&self) -> Result<Monitoring, Error> {
        self.get("/api/v2/monitoring", Login::NotNeeded).await
    }

    /// `GET /api/deploy-info`.
    ///
    /// # Errors
    /// The CHT is not ready, or the credentials are wrong.
    pub async fn deploy_info(&self) -> Result<DeployInfo, Error> {
        self.get("/api/deploy-info", Login::Needed).await
    }

    /// `GET /_up`, which goes through the API and HAProxy to CouchDB: succeeds if all three are up and the credentials
    /// are CouchDB's.
    ///
    /// # Errors
    /// One of the three is not up, or the credentials are wrong.
    pub async fn couch_up(&self) -> Result<(), Error> {
        let path = "/_up";
        let up: CouchUp = self.get(path, Login::Needed).await?;
        if up.status == "ok" {
            return Ok(());
        }
        Err(Error::DatabaseUnavailable {
            request: request_name(path),
            reason: format!("its status is {:?}", up.status),
        })
    }

    async fn get<A: DeserializeOwned>(&self, path: &'static str, login: Login) -> Result<A, Error> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = http::Uri::from_static(path);
        request
            .headers_mut()
            .insert(ACCEPT, HeaderValue::from_static("application/json"));
        if login == Login::Needed {
            let credentials = self.credentials.as_ref().ok_or_else(|| Error::MissingCredentials {
                request: request_name(path),
            })?;
            request.headers_mut().insert(AUTHORIZATION, basic(credentials));
        }
        let response = self.transport.send(request).await;
        let response = response.map_err(|source| Error::Send {
            request: request_name(path),
            source,
        })?;
        tracing::trace!(path, status = response.status().as_u16(), "CHT API answered");
        read(request_name(path), &response)
    }
}

fn request_name(path: &str) -> String {
    format!("GET {path}")
}

#[expect(clippy::expect_used, reason = "Base64 has only characters that a header may have")]
fn basic(credentials: &Credentials) -> HeaderValue {
    let pair = format!("{}:{}", credentials.user, credentials.password.expose_secret());
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).expect("ASCII");
    value.set_sensitive(true);
    value
}

fn read<A: DeserializeOwned>(request: String, response: &Response<Bytes>) -> Result<A, Error> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Error::Unauthorized { request }),
        StatusCode::TOO_MANY_REQUESTS => return Err(Error::TooManyLogins { request }),
        StatusCode::SERVICE_UNAVAILABLE => return Err(unavailable(request, response, str::to_owned)),
        _ => return Err(unexpected_status(request, response, str::to_owned)),
    }
    serde_json::from_slice(response.body()).map_err(|source| {
        if source.is_data() {
            return Error::UnexpectedShape { request, source };
        }
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        Error::NotJson {
            request,
            content_type: content_type.unwrap_or("of no stated type").to_owned(),
        }
    })
}

fn unavailable(request: String, response: &Response<Bytes>, hide: impl Fn(&str) -> String) -> Error {
    match serde_json::from_slice::<Unavailable>(response.body()) {
        Ok(body) if body.server.as_deref() == Some("haproxy") => Error::DatabaseUnavailable {
            request,
            reason: hide(&body.reason.unwrap_or(body.error)),
        },
        Ok(body) if body.error == "Service unavailable" => Error::Starting { request },
        _ => unexpected_status(request, response, hide),
    }
}

/// `hide` cuts secrets out, which has to come first: half of one cannot be found any more.
fn unexpected_status(request: String, response: &Response<Bytes>, hide: impl Fn(&str) -> String) -> Error {
    let text = hide(&String::from_utf8_lossy(response.body()));
    let words: Vec<&str> = text.split_whitespace().collect();
    Error::UnexpectedStatus {
        request,
        status: response.status(),
        body: words.join(" ").chars().take(200).collect(),
    }
}

mod admins;
mod call;
mod documents;
mod settings;
mod upgrade;
mod users;
mod vault;

pub use admins::LOCAL;
pub use documents::Mark;
pub use users::{FoundUser, User, UserChange};

#[cfg(test)]
mod tests;
