//! One session with a vCenter for as long as the process lives.
//!
//! A vCenter allows few sessions, and a core runs many operations at once: all of them share one. It is begun by the
//! first call, begun anew when the server has forgotten it (it does so after half an hour without calls), and given
//! back when the process ends.

use std::fmt;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tracing::{debug, trace};

use super::attribute::{Login, VSphere};
use super::begun::Begun;
use super::error::Error;
use super::http::{Http, Sent};
use super::reference::Reference;
use super::rest::Rest;
use super::service::Service;
use super::soap::{self, Api, Fault, VIM};
use super::xml::Element;
use crate::retry::Retry;

/// The `SOAPAction` of the first call, which asks what versions the server has.
const FIRST_ACTION: &str = "urn:vim25/6.0";

/// A session, begun or not.
pub(super) struct Session {
    http: Http,
    login: Login,
    retry: Retry,
    open: Begun<Open>,
}

/// A session that was begun.
struct Open {
    service: Service,
    /// What the vCenter calls it.
    key: String,
    cookie: Option<String>,
}

impl Session {
    /// A session with a vCenter. Nothing is called yet.
    ///
    /// # Errors
    /// The authorities to trust cannot be used.
    pub(super) fn new(login: Login, value: &VSphere, retry: Retry) -> Result<Self, Error> {
        Ok(Self {
            http: Http::new(&login, value)?,
            login,
            retry,
            open: Begun::new(),
        })
    }

    /// What errors call the vCenter.
    pub(super) fn server(&self) -> &str {
        self.http.server()
    }

    /// A session with its other API, with the same login.
    pub(super) fn rest(&self) -> Rest {
        Rest::new(self.http.clone(), self.login.clone(), self.retry)
    }

    /// What the vCenter says of itself.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub(super) async fn service(&self) -> Result<Service, Error> {
        Ok(self.open().await?.service.clone())
    }

    /// What the vCenter calls the session.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub(super) async fn key(&self) -> Result<String, Error> {
        Ok(self.open().await?.key.clone())
    }

    /// Calls a method of an API, and answers what it returns: the element `…Response`.
    ///
    /// # Errors
    /// The vCenter cannot be reached or does not let us in, or the call failed.
    pub(super) async fn call(&self, api: &Api, method: &Element) -> Result<Element, Error> {
        let open = self.open().await?;
        match self.exchange(Some(&open), api, method).await {
            // The server refuses before it does anything, so nothing is done twice. That of another API says nothing of
            // the session.
            Err(Error::Fault { source, .. }) if source.is("NotAuthenticated") && *api == VIM => {
                debug!("the vCenter has ended the session, beginning another one");
                self.open.forget(&open).await;
                let open = self.open().await?;
                self.exchange(Some(&open), api, method).await
            }
            answer => answer,
        }
    }

    /// Gives the session back, if there is one. What fails is no harm: servers forget sessions that are not used.
    pub(super) async fn log_out(&self) {
        let Some(open) = self.open.take().await else {
            return;
        };
        let method = open.service.session_manager.call("Logout");
        if let Err(error) = self.send(Some(&open), &VIM, &method).await {
            debug!(%error, "the session could not be given back");
        }
    }

    async fn open(&self) -> Result<Arc<Open>, Error> {
        self.open.or_begin(self.begin()).await
    }

    async fn begin(&self) -> Result<Open, Error> {
        let first = Reference::new("ServiceInstance", "ServiceInstance").call("RetrieveServiceContent");
        let content = self.exchange(None, &VIM, &first).await?;
        let service = Service::read(&content).ok_or_else(|| Error::Lacks {
            method: first.name().to_owned(),
            what: "a part that every vCenter has",
        })?;
        if !service.is_vcenter {
            return Err(Error::NotVCenter {
                server: self.server().to_owned(),
            });
        }
        let mut open = Open {
            service,
            key: String::new(),
            cookie: None,
        };
        let method = open
            .service
            .session_manager
            .call("Login")
            .value("userName", &self.login.user)
            .value("password", self.login.password.expose_secret());
        let (answer, cookie) = self
            .retry
            .run(|| self.send(Some(&open), &VIM, &method))
            .await
            .map_err(|error| self.of_login(error))?;
        let key = answer.at(&["returnval", "key"]).map(Element::text);
        key.unwrap_or_default().clone_into(&mut open.key);
        open.cookie = cookie;
        debug!(server = self.server(), version = %open.service.version, "session with the vCenter begun");
        Ok(open)
    }

    fn of_login(&self, error: Error) -> Error {
        match error {
            Error::Fault { source, .. } => Error::Login {
                server: self.server().to_owned(),
                user: self.login.user.clone(),
                source,
            },
            error => error,
        }
    }

    async fn exchange(&self, open: Option<&Open>, api: &Api, method: &Element) -> Result<Element, Error> {
        let answer = self.retry.run(|| self.send(open, api, method)).await;
        answer.map(|(answer, _)| answer)
    }

    /// One request and its answer. Of the texts nothing is logged: they hold passwords and what machines are told.
    async fn send(&self, open: Option<&Open>, api: &Api, method: &Element) -> Result<(Element, Option<String>), Error> {
        let name = method.name();
        let cookie = open.and_then(|open| open.cookie.as_deref());
        let body = api.envelope(method, cookie).map_err(|source| Error::Request {
            method: name.to_owned(),
            source: Arc::new(source),
        })?;
        let object = method.text_of("_this").unwrap_or_default();
        trace!(method = name, object, "vSphere call");
        let action = open.map(|open| api.action(&open.service.api_version));
        let sent = Sent {
            method: name,
            path: api.path,
            action: action.as_deref().unwrap_or(FIRST_ACTION),
            cookie,
            body,
        };
        let received = self.http.send(sent).await?;
        let answer = soap::answer(name, &received.body).map_err(|source| Error::Answer {
            server: self.server().to_owned(),
            method: name.to_owned(),
            source: Arc::new(source),
        })?;
        let answer = answer.map_err(|fault| of_call(name, fault));
        trace!(method = name, object, failed = answer.is_err(), "vSphere call answered");
        Ok((answer?, received.cookie))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// A fault as the error that it means.
pub(super) fn of_call(method: &str, fault: Fault) -> Error {
    match (fault.kind.as_str(), fault.object()) {
        ("ManagedObjectNotFound", Some(object)) => Error::Gone { object },
        ("NoPermission", object) => Error::NoPermission {
            method: method.to_owned(),
            privilege: fault.part("privilegeId").unwrap_or("that it needs").to_owned(),
            object: object.map_or_else(|| "an object".to_owned(), |object| object.to_string()),
        },
        _ => Error::Fault {
            method: method.to_owned(),
            source: fault,
        },
    }
}
