//! Calls with a log-in that carry something or change something, and what can be learned when the CHT refuses them.
//!
//! The CHT reports some failures inside of answers with status 200; a change counts only if its answer holds none. The
//! words of an answer may repeat what was sent, so secrets are cut out of them.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Client, basic, read, unavailable, unexpected_status};
use crate::cht::error::Error;
use crate::cht::transport::Transport;

/// What a segment of a path may hold as it is: the characters that RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How much of an answer's words is repeated in an error.
const MAX_REASON: usize = 300;

/// What stands in the place of a secret.
const HIDDEN: &str = "(sensitive value)";

/// One request that is about to be sent.
pub(super) struct Call<'a> {
    method: Method,
    path: String,
    body: Option<(&'static str, Bytes)>,
    secrets: Vec<&'a SecretString>,
}

impl<'a> Call<'a> {
    /// A request without a body; the segments of the path are encoded already.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            secrets: Vec::new(),
        }
    }

    /// The same with a JSON body.
    pub(super) fn json(mut self, body: &Value) -> Self {
        self.body = Some(("application/json", body.to_string().into()));
        self
    }

    /// The same with a secret as its body.
    pub(super) fn text(mut self, body: &'a SecretString) -> Self {
        self.body = Some(("text/plain", Bytes::copy_from_slice(body.expose_secret().as_bytes())));
        self.hiding(Some(body))
    }

    /// The same with a secret that no error may repeat.
    pub(super) fn hiding(mut self, secret: Option<&'a SecretString>) -> Self {
        self.secrets.extend(secret);
        self
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The text without the secrets, as they are and as JSON writes them.
    fn hide(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            let secret = secret.expose_secret();
            if secret.is_empty() {
                return text;
            }
            let quoted = Value::from(secret).to_string();
            let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            text.replace(escaped.unwrap_or(secret), HIDDEN).replace(secret, HIDDEN)
        })
    }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl<T: Transport> Client<T> {
    /// Sends a request with the log-in and reads its answer.
    pub(super) async fn call<A: DeserializeOwned>(&self, call: Call<'_>) -> Result<A, Error> {
        let request = call.name();
        let credentials = self.credentials.as_ref().ok_or_else(|| Error::MissingCredentials {
            request: request.clone(),
        })?;
        let mut message = Request::new(Bytes::new());
        *message.method_mut() = call.method.clone();
        *message.uri_mut() = call.path.parse::<Uri>().map_err(|_| Error::UnexpectedAnswer {
            request: request.clone(),
            found: "its path is not one".to_owned(),
        })?;
        let headers = message.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, basic(credentials));
        if let Some((content_type, body)) = &call.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            *message.body_mut() = body.clone();
        }
        let response = self.transport.send(message).await;
        let response = response.map_err(|source| Error::Send {
            request: request.clone(),
            source,
        })?;
        tracing::trace!(
            method = call.method.as_str(),
            path = call.path,
            status = response.status().as_u16(),
            "CHT API answered"
        );
        if let Some(refusal) = refusal(&call, &response) {
            return Err(refusal);
        }
        let mut response = response;
        if response.status().is_success() {
            // A document that was made is as good an answer as one that was changed.
            *response.status_mut() = StatusCode::OK;
        }
        read(request, &response)
    }
}

/// The error that an answer tells of by its status or in its body, if it is one of those that calls know what to do
/// about.
fn refusal(call: &Call<'_>, response: &Response<Bytes>) -> Option<Error> {
    let body: Option<Value> = serde_json::from_slice(response.body()).ok();
    let words = body.as_ref().and_then(words);
    let request = call.name();
    let (reason, key) = match &words {
        Some(words) => (cut(&call.hide(&words.reason)), words.key.clone()),
        None => (String::new(), None),
    };
    match response.status() {
        status if status.is_success() => {
            let refused = call.method != Method::GET && body.as_ref().is_some_and(refuses);
            refused.then_some(Error::Refused { request, reason, key })
        }
        StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => None,
        StatusCode::FORBIDDEN => Some(Error::Forbidden { request, reason }),
        // A page of another server says nothing about what is in the CHT.
        StatusCode::NOT_FOUND if words.is_some() => Some(Error::NotFound { request, reason }),
        StatusCode::CONFLICT if words.is_some() => Some(Error::Conflict { request, reason }),
        status if status.is_client_error() && words.is_some() => Some(Error::Refused { request, reason, key }),
        StatusCode::SERVICE_UNAVAILABLE => Some(unavailable(request, response, |text| call.hide(text))),
        _ => Some(unexpected_status(request, response, |text| call.hide(text))),
    }
}

/// Whether a body says that nothing was done, whatever the status says.
fn refuses(body: &Value) -> bool {
    match body {
        Value::Array(results) => results.iter().any(refuses),
        body => {
            let denied = |key: &str| body.get(key) == Some(&Value::Bool(false));
            body.get("error").is_some_and(|error| !error.is_null()) || denied("success") || denied("ok")
        }
    }
}

/// What a body says of a failure.
struct Words {
    reason: String,
    key: Option<String>,
}

/// The CHT has `error` as a text or as an object, CouchDB has `error` and `reason`.
fn words(body: &Value) -> Option<Words> {
    if let Value::Array(results) = body {
        return results.iter().find_map(words);
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let error = body.get("error");
    let reason = match (error, text(body.get("reason")), text(body.get("details"))) {
        (Some(Value::String(error)), Some(reason), _) => format!("{error}: {reason}"),
        (Some(Value::String(error)), None, Some(details)) => format!("{error}: {details}"),
        (Some(Value::String(error)), None, None) => error.clone(),
        (Some(error @ Value::Object(_)), ..) => text(error.get("message")).unwrap_or_else(|| error.to_string()),
        (_, Some(reason), _) => reason,
        (None, None, _) if refuses(body) => "it answers that nothing was done".to_owned(),
        _ => return None,
    };
    Some(Words {
        reason,
        key: text(error.and_then(|error| error.get("translationKey"))),
    })
}

fn cut(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').chars().take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests;
