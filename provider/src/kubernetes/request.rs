//! One call to the API: in RBAC's words, for errors, and as HTTP.

use std::fmt;

use http::{Method, Request, header};
use kube::client::Body;

use super::error::Error;
use super::object::ObjectKey;

/// One call to the API, in RBAC's words, so that an error says which permission is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The RBAC verb.
    pub verb: &'static str,
    /// The resource with its group, `deployments.apps`.
    pub resource: Box<str>,
    /// The namespace, unless the call is about the whole cluster.
    pub namespace: Option<Box<str>>,
    /// The object's name, unless the call is about a collection.
    pub name: Option<Box<str>>,
}

impl Call {
    pub(super) fn on(verb: &'static str, key: &ObjectKey) -> Self {
        Self {
            verb,
            resource: key.kind.resource().into(),
            namespace: key.namespace.as_deref().map(Into::into),
            name: Some(key.name.as_str().into()),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if let Some(name) = &self.name {
            write!(f, " \"{name}\"")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace \"{namespace}\""),
            None => Ok(()),
        }
    }
}

/// The kinds of patches that are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patch {
    /// Server-side apply.
    Apply,
    /// RFC 6902.
    Json,
}

impl Patch {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Apply => "application/apply-patch+yaml",
            Self::Json => "application/json-patch+json",
        }
    }
}

/// A request that can be sent again and again.
pub(super) struct Outgoing {
    pub(super) call: Call,
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    pub(super) fn get(call: Call, target: String) -> Self {
        Self {
            call,
            method: Method::GET,
            target,
            content_type: "application/json",
            body: Vec::new(),
        }
    }

    pub(super) fn request(&self) -> Result<Request<Body>, Error> {
        Request::builder()
            .method(self.method.clone())
            .uri(&self.target)
            .header(header::CONTENT_TYPE, self.content_type)
            .body(Body::from(self.body.clone()))
            .map_err(|source| Error::BuildRequest {
                call: self.call.clone(),
                source,
            })
    }
}
