//! Requests over HTTPS: the one place that talks to a vCenter. It carries texts of SOAP and JSON, and knows nothing of
//! what they say.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};

use super::attribute::{Login, VSphere};
use super::error::Error;
use super::tls::{self, Thumbprint};
use crate::causes;

/// How long one request may take. Work that takes longer is a task, which is asked about again and again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// No answer to what is asked here is longer: properties are asked for by name, and lists come in pages.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The cookie by which a server knows a session.
const SESSION_COOKIE: &str = "vmware_soap_session";

/// The header by which a server knows a session of its other API, the one that speaks JSON.
const SESSION_HEADER: &str = "vmware-api-session-id";

/// A server's API.
#[derive(Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    /// Without a path.
    url: String,
    server: String,
}

/// What is sent.
pub(super) struct Sent<'a> {
    /// The method, for errors.
    pub(super) method: &'a str,
    /// Where on the server.
    pub(super) path: &'a str,
    /// The `SOAPAction`.
    pub(super) action: &'a str,
    /// The session's cookie, if there is a session.
    pub(super) cookie: Option<&'a str>,
    /// The whole text.
    pub(super) body: String,
}

/// What is sent to the other API.
pub(super) struct SentJson<'a> {
    /// The method, for errors.
    pub(super) method: &'a str,
    pub(super) verb: Method,
    /// Where on the server, with what is asked for.
    pub(super) path: &'a str,
    pub(super) by: By<'a>,
    /// The whole text, if there is one.
    pub(super) body: Option<String>,
}

/// Who sends it.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// Whoever begins a session.
    Login(&'a Login),
    /// Whoever has one.
    Session(&'a SecretString),
}

/// What came back. A fault comes with status 500.
pub(super) struct Received {
    /// The text.
    pub(super) body: String,
    /// The session's cookie, where a session began.
    pub(super) cookie: Option<String>,
}

impl Http {
    /// The API of a vCenter, without calling it.
    ///
    /// # Errors
    /// The authorities to trust cannot be used.
    pub(super) fn new(login: &Login, value: &VSphere) -> Result<Self, Error> {
        let failed = |source| Error::Tls {
            source: Arc::new(source),
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("terraform-provider-cht/", env!("CARGO_PKG_VERSION")))
            .https_only(true)
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        if value.insecure == Some(true) {
            builder = builder.tls_danger_accept_invalid_certs(true);
        } else if let Some(thumbprint) = value
            .thumbprint
            .as_deref()
            .and_then(|text| Thumbprint::parse(text).ok())
        {
            builder =
                builder.tls_backend_preconfigured(tls::pinned(thumbprint).map_err(|source| Error::Pin { source })?);
        } else if let Some(pem) = &value.ca_certificate {
            let authorities = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(failed)?;
            builder = builder.tls_certs_only(authorities);
        }
        let host = match login.server.as_str() {
            address if address.contains(':') && !address.starts_with('[') => format!("[{address}]"),
            name => name.to_owned(),
        };
        Ok(Self {
            client: builder.build().map_err(failed)?,
            url: format!("https://{host}:{}", login.port),
            server: login.server.clone(),
        })
    }

    /// What errors call the server.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The server was not reached or does not answer, or what answers is no vCenter.
    pub(super) async fn send(&self, sent: Sent<'_>) -> Result<Received, Error> {
        let method = sent.method;
        let mut request = self
            .client
            .post(format!("{}{}", self.url, sent.path))
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header("SOAPAction", format!("\"{}\"", sent.action))
            .body(sent.body);
        if let Some(cookie) = sent.cookie {
            request = request.header(COOKIE, format!("{SESSION_COOKIE}={cookie}"));
        }
        let failed = |source: reqwest::Error| self.failure(method, source.without_url());
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        // A vCenter says what it did not do in the body of a 500, and nothing but that.
        if status != StatusCode::OK && status != StatusCode::INTERNAL_SERVER_ERROR {
            return Err(Error::Status {
                server: self.server.clone(),
                method: method.to_owned(),
                status: status.as_u16(),
            });
        }
        let cookie = answer
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .find_map(|value| session_cookie(value.to_str().ok()?));
        let body = self.text(method, answer).await?;
        Ok(Received { body, cookie })
    }

    /// Sends a request to the API that speaks JSON, and reads the status and the text of its answer.
    ///
    /// # Errors
    /// The server was not reached or does not answer, or something before it does.
    pub(super) async fn send_json(&self, sent: SentJson<'_>) -> Result<(StatusCode, String), Error> {
        let method = sent.method;
        let url = format!("{}{}", self.url, sent.path);
        let mut request = self.client.request(sent.verb, url).header(ACCEPT, "application/json");
        request = match sent.by {
            By::Login(login) => request.basic_auth(&login.user, Some(login.password.expose_secret())),
            By::Session(id) => {
                // Every id that a server gives can be sent back.
                let mut id = HeaderValue::from_str(id.expose_secret()).unwrap_or(HeaderValue::from_static(""));
                id.set_sensitive(true);
                request.header(SESSION_HEADER, id)
            }
        };
        if let Some(body) = sent.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let failed = |source: reqwest::Error| self.failure(method, source.without_url());
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        // What a proxy says that cannot hand the request on.
        if matches!(status.as_u16(), 429 | 502..=504) {
            return Err(Error::Status {
                server: self.server.clone(),
                method: method.to_owned(),
                status: status.as_u16(),
            });
        }
        Ok((status, self.text(method, answer).await?))
    }

    async fn text(&self, method: &str, mut answer: reqwest::Response) -> Result<String, Error> {
        let failed = |source: reqwest::Error| self.failure(method, source.without_url());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                return Err(Error::TooLong {
                    server: self.server.clone(),
                    method: method.to_owned(),
                });
            }
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    fn failure(&self, method: &str, source: reqwest::Error) -> Error {
        let server = self.server.clone();
        let source = Arc::new(source);
        if let Some(shown) = tls::shown(&*source) {
            let shown = shown.to_string();
            return Error::Thumbprint { server, shown };
        }
        if causes::is_certificate(&*source) {
            return Error::Certificate { server, source };
        }
        // Whether a request that was sent has been carried out, nobody knows.
        if source.is_connect() {
            return Error::Unreachable { server, source };
        }
        Error::Exchange {
            server,
            method: method.to_owned(),
            source,
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The session's cookie in one `Set-Cookie`; servers put quotes around it, which belong to it.
fn session_cookie(header: &str) -> Option<String> {
    let (name, rest) = header.split_once('=')?;
    let value = rest.split(';').next()?;
    (name.trim() == SESSION_COOKIE && !value.is_empty()).then(|| value.trim().to_owned())
}
