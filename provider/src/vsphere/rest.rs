//! The other session with a vCenter: that of its API that speaks JSON (`/rest`), which tags alone need.
//!
//! It is begun by the first call, so that whoever has no tags has one session as before; begun anew, once, when the
//! server has forgotten it; and given back when the process ends. Its id is a secret, and nothing that is sent or
//! answered is logged.

use std::fmt;
use std::sync::Arc;

use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{debug, trace};

use super::attribute::Login;
use super::begun::Begun;
use super::error::Error;
use super::http::{By, Http, SentJson};
use crate::retry::Retry;

/// Where on the server the API is. vCenters have it from 6.5 on, and newer ones another one as well.
const ROOT: &str = "/rest/com/vmware/cis/";
/// Where sessions begin and end, below that.
const SESSION: &str = "session";

/// A session, begun or not.
pub(super) struct Rest {
    http: Http,
    login: Login,
    retry: Retry,
    /// What the server calls it.
    open: Begun<SecretString>,
}

/// What is answered.
#[derive(Deserialize)]
struct Answer<T> {
    value: Option<T>,
}

/// What is answered in place of it.
#[derive(Default, Deserialize)]
struct Failure {
    #[serde(default)]
    r#type: String,
    value: Option<Messages>,
}

#[derive(Deserialize)]
struct Messages {
    messages: Option<Vec<Message>>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    default_message: String,
}

impl Rest {
    /// A session. Nothing is called yet.
    pub(super) fn new(http: Http, login: Login, retry: Retry) -> Self {
        Self {
            http,
            login,
            retry,
            open: Begun::new(),
        }
    }

    /// Asks for what is at a path; none if there is nothing in the answer.
    ///
    /// # Errors
    /// As [`Rest::post`].
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        self.call(Method::GET, path, None).await
    }

    /// Has something done at a path, and answers what comes of it.
    ///
    /// # Errors
    /// The vCenter cannot be reached or does not let us in, has no such API, or refuses.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<Option<T>, Error> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Gives the session back, if there is one. What fails is no harm: servers forget sessions that are not used.
    pub(super) async fn log_out(&self) {
        let Some(open) = self.open.take().await else {
            return;
        };
        if let Err(error) = self.send(Method::DELETE, SESSION, By::Session(&open), None).await {
            debug!(%error, "the session for tags could not be given back");
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        verb: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<T>, Error> {
        let open = self.open().await?;
        let text = match self.exchange(&open, &verb, path, body).await {
            Err(error) if error.is_refused_with(401) => {
                debug!("the vCenter has ended the session for tags, beginning another one");
                self.open.forget(&open).await;
                let open = self.open().await?;
                self.exchange(&open, &verb, path, body).await?
            }
            answer => answer?,
        };
        read(path, &text)
    }

    async fn exchange(
        &self,
        open: &SecretString,
        verb: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<String, Error> {
        let send = || self.send(verb.clone(), path, By::Session(open), body);
        self.retry.run(send).await
    }

    async fn open(&self) -> Result<Arc<SecretString>, Error> {
        self.open.or_begin(self.begin()).await
    }

    async fn begin(&self) -> Result<SecretString, Error> {
        let begin = || self.send(Method::POST, SESSION, By::Login(&self.login), None);
        let answer = self.retry.run(begin).await.map_err(|error| self.of_login(error))?;
        let id: Option<String> = read(SESSION, &answer)?;
        let id = id.ok_or_else(|| lacks(SESSION))?;
        debug!(server = self.http.server(), "session for tags begun");
        Ok(SecretString::from(id))
    }

    fn of_login(&self, error: Error) -> Error {
        if error.is_refused_with(404) {
            let server = self.http.server().to_owned();
            return Error::NoTags { server };
        }
        error
    }

    /// One request and its answer.
    async fn send(&self, verb: Method, path: &str, by: By<'_>, body: Option<&Value>) -> Result<String, Error> {
        trace!(method = path, "vSphere call");
        let at = format!("{ROOT}{path}");
        let sent = SentJson {
            method: path,
            verb,
            path: &at,
            by,
            body: body.map(Value::to_string),
        };
        let (status, text) = self.http.send_json(sent).await?;
        trace!(method = path, status = status.as_u16(), "vSphere call answered");
        if status.is_success() {
            return Ok(text);
        }
        Err(refusal(path, status, &text))
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").field("http", &self.http).finish_non_exhaustive()
    }
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<Option<T>, Error> {
    // What is only done is answered with nothing.
    if text.trim().is_empty() {
        return Ok(None);
    }
    let answer: Answer<T> = serde_json::from_str(text).map_err(|_| lacks(path))?;
    Ok(answer.value)
}

fn lacks(path: &str) -> Error {
    Error::Lacks {
        method: path.to_owned(),
        what: "what it should say",
    }
}

/// A refusal in the server's words, or as its status says.
fn refusal(path: &str, status: StatusCode, text: &str) -> Error {
    let failure: Failure = serde_json::from_str(text).unwrap_or_default();
    let messages = failure.value.and_then(|value| value.messages).unwrap_or_default();
    let mut words: Vec<String> = messages.into_iter().map(|one| one.default_message).collect();
    words.retain(|words| !words.is_empty());
    if let Some((_, kind)) = failure.r#type.rsplit_once('.').filter(|_| words.is_empty()) {
        words.push(kind.replace('_', " "));
    }
    if words.is_empty() {
        words.push(format!("status {status}"));
    }
    Error::Refused {
        method: path.to_owned(),
        status: status.as_u16(),
        said: words.join(" ").trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_may_be_empty_or_null() {
        assert_eq!(read::<Vec<String>>("tagging/tag", "").unwrap(), None);
        assert_eq!(read::<Vec<String>>("tagging/tag", "{\"value\":null}").unwrap(), None);
        let tags: Option<Vec<String>> = read("tagging/tag", "{\"value\":[\"a\"]}").unwrap();
        assert_eq!(tags, Some(vec!["a".to_owned()]));
        assert!(read::<Vec<String>>("tagging/tag", "<html>").is_err());
    }

    #[test]
    fn a_refusal_says_what_the_vcenter_says() {
        let said = |status: u16, text: &str| {
            let error = refusal("tagging/tag", StatusCode::from_u16(status).unwrap(), text);
            assert!(error.is_refused_with(status));
            error.to_string()
        };
        let told = r#"{
            "type": "com.vmware.vapi.std.errors.unauthorized",
            "value": { "messages": [{ "default_message": "Not you." }] }
        }"#;
        assert_eq!(said(403, told), "the vCenter does not do tagging/tag: Not you");
        let kind = r#"{"type":"com.vmware.vapi.std.errors.not_found","value":{}}"#;
        assert_eq!(said(404, kind), "the vCenter does not do tagging/tag: not found");
        assert!(said(401, "").contains("status 401"));
    }
}
