//! What can go wrong on the way to a cluster, and the questions that callers ask about it.
//!
//! A variant is the step that failed, with what a person needs to act on it. [`super::client`] makes most of them from
//! the server's [`Status`](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/) answers;
//! `super::status` does the reading.

#![warn(clippy::wildcard_enum_match_arm)]

use std::path::PathBuf;
use std::time::Duration;

use self::details::{join, list, list_conflicts, list_failures, list_rejections};
use super::connection::Problem;
use super::eks::EksError;
use super::ownership::Taken;
use super::request::Call;
use crate::retry::Transient;

mod details;

pub use self::details::{FieldConflict, FieldRejection};

/// The cause of a failed exchange, without the wrapper that would say it twice.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure on the way to a cluster, or in it.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the connection to the cluster is not well described: {}", join(.0))]
    InvalidConnection(Vec<Problem>),
    #[error("unable to read the kubeconfig {}", path.display())]
    ReadKubeconfig {
        path: PathBuf,
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    #[error("the kubeconfig {} has no context \"{context}\"; it has: {}", path.display(), list(contexts))]
    UnknownContext {
        path: PathBuf,
        context: String,
        contexts: Vec<String>,
    },
    #[error(
        "the kubeconfig {} has no current context, so config_context must name one of: {}",
        path.display(), list(contexts)
    )]
    NoCurrentContext { path: PathBuf, contexts: Vec<String> },
    #[error(
        "the user \"{user}\" of the kubeconfig {} gets its credentials from {helper}, which would have to be run here; \
         use a token or a client certificate instead", path.display()
    )]
    CredentialHelper {
        path: PathBuf,
        user: String,
        helper: String,
    },
    #[error(transparent)]
    Eks(#[from] EksError),
    #[error("unable to set up the client for {host}")]
    BuildClient {
        host: String,
        #[source]
        source: Box<kube::Error>,
    },
    #[error("{host} cannot be reached")]
    Unreachable {
        host: String,
        #[source]
        source: Source,
    },
    #[error("{host} did not answer within {} s: {call}", waited.as_secs())]
    Timeout { host: String, call: Call, waited: Duration },
    #[error("interrupted while {host} was asked to {call}")]
    Interrupted { host: String, call: Call },
    #[error("the certificate of {host} is not to be trusted")]
    Certificate {
        host: String,
        #[source]
        source: Source,
    },
    #[error("the connection to {host} broke: {call}")]
    Transport {
        host: String,
        call: Call,
        #[source]
        source: Source,
    },
    #[error("the server does not accept these credentials: {call}")]
    Unauthorized { call: Call },
    #[error("not allowed to {call}: {message}")]
    Forbidden { call: Call, message: String },
    #[error("the namespace is being deleted: {call}")]
    NamespaceTerminating { call: Call },
    #[error("not found: {call}: {message}")]
    NotFound { call: Call, message: String },
    #[error("unexpected answer, which is not that of a Kubernetes API server: {call}: {message}")]
    NotKubernetes { call: Call, message: String },
    #[error("others own fields of it: {call}: {}", list_conflicts(conflicts))]
    FieldConflicts { call: Call, conflicts: Vec<FieldConflict> },
    #[error("it changed meanwhile: {call}: {message}")]
    Conflict { call: Call, message: String },
    #[error("the list is too old to go on with: {call}")]
    Expired { call: Call },
    #[error("the server refuses it: {call}: {}", list_rejections(rejections))]
    Rejected {
        call: Call,
        rejections: Vec<FieldRejection>,
    },
    #[error("a disruption budget forbids it for now: {call}: {message}")]
    DisruptionBudget { call: Call, message: String },
    #[error("the server asks to slow down: {call}")]
    Throttled { call: Call, retry_after: Option<Duration> },
    #[error("the server failed with status {code}: {call}: {message}")]
    Server {
        call: Call,
        code: u16,
        message: String,
        retry_after: Option<Duration>,
    },
    #[error("unexpected status {code}: {call}: {message}")]
    UnexpectedStatus { call: Call, code: u16, message: String },
    #[error("unable to understand the answer: {call}")]
    Decode {
        call: Call,
        #[source]
        source: serde_json::Error,
    },
    #[error("unable to make the request: {call}")]
    BuildRequest {
        call: Call,
        #[source]
        source: http::Error,
    },
    #[error("unable to write a {kind} as JSON")]
    Encode {
        kind: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("the kind {kind} of {api_version} is not one that this provider makes")]
    UnknownKind { api_version: String, kind: String },
    #[error("a {kind} lacks its name or namespace (name \"{name}\")")]
    UnnamedObject { kind: &'static str, name: String },
    #[error("\"{0}\" cannot mark an owner: it must be a label value of 1 to 63 characters")]
    InvalidOwner(String),
    #[error("not ours to change: {}", join(.0))]
    Taken(Vec<Taken>),
    #[error("{} calls failed: {}", .0.len(), list_failures(.0))]
    Several(Vec<Error>),
}

impl Error {
    /// Whether what was asked for is definitely not there. One other failure among several leaves that open.
    pub fn is_not_found(&self) -> bool {
        if let Self::Several(errors) = self {
            return errors.iter().all(Self::is_not_found);
        }
        matches!(self, Self::NotFound { .. })
    }

    /// Whether somebody else owns or changed what was to be changed.
    pub fn is_conflict(&self) -> bool {
        self.asks(|error| matches!(error, Self::FieldConflicts { .. } | Self::Conflict { .. }))
    }

    /// Whether it says nothing of the call that it befell, and befalls every other one alike.
    fn is_about_server(&self) -> bool {
        self.is_unreachable() || self.is_unauthorized() || self.is_certificate() || self.is_interrupted()
    }

    /// Whether the credentials are wrong or expired.
    pub fn is_unauthorized(&self) -> bool {
        self.asks(|error| matches!(error, Self::Unauthorized { .. }))
    }

    /// Whether the credentials are right and lack a permission.
    pub fn is_forbidden(&self) -> bool {
        self.asks(|error| matches!(error, Self::Forbidden { .. }))
    }

    /// Whether the namespace must be gone before anything can be made in a new one of its name.
    pub fn is_namespace_terminating(&self) -> bool {
        self.asks(|error| matches!(error, Self::NamespaceTerminating { .. }))
    }

    /// Whether the cluster gave no answer at all, which never means that something in it is gone.
    pub fn is_unreachable(&self) -> bool {
        self.asks(|error| {
            matches!(
                error,
                Self::Unreachable { .. } | Self::Timeout { .. } | Self::Transport { .. }
            )
        })
    }

    /// Whether something answered that is no API server, which never means that something is gone.
    pub fn is_of_another_server(&self) -> bool {
        self.asks(|error| matches!(error, Self::NotKubernetes { .. }))
    }

    /// Whether the user interrupted the operation.
    pub fn is_interrupted(&self) -> bool {
        self.asks(|error| matches!(error, Self::Interrupted { .. }))
    }

    /// Whether the server may have done what it was asked to, although nobody has heard of it.
    pub fn leaves_open(&self) -> bool {
        self.asks(|error| error.is_retryable() || error.is_interrupted())
    }

    /// Whether the server's certificate could not be verified.
    pub fn is_certificate(&self) -> bool {
        self.asks(|error| matches!(error, Self::Certificate { .. }))
    }

    /// Whether the server refused a change of a field that is fixed for the object's life.
    pub fn is_immutable_field(&self) -> bool {
        self.asks(|error| matches!(error, Self::Rejected { rejections, .. } if rejections.iter().any(|rejection| rejection.immutable)))
    }

    /// Whether others own fields that were to be changed.
    pub fn is_field_conflict(&self) -> bool {
        self.asks(|error| matches!(error, Self::FieldConflicts { .. }))
    }

    /// Whether there is something that is not ours.
    pub fn is_taken(&self) -> bool {
        self.asks(|error| matches!(error, Self::Taken(_)))
    }

    /// Whether the server said that it would not take what it was sent.
    pub fn is_rejected(&self) -> bool {
        self.asks(|error| matches!(error, Self::Rejected { .. }))
    }

    /// Whether the server was there and had no time, or failed by itself.
    pub fn is_overloaded(&self) -> bool {
        self.asks(|error| matches!(error, Self::Throttled { .. } | Self::Server { .. }))
    }

    /// Whether the server judged one object: another object may fare otherwise, and another try of this one will not.
    pub fn is_about_object(&self) -> bool {
        self.is_forbidden()
            || self.is_namespace_terminating()
            || self.is_conflict()
            || self.is_taken()
            || self.is_rejected()
            || self.is_not_found()
    }

    /// Whether the same call may succeed a little later. All calls made here are idempotent.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Transport { .. }
            | Self::Throttled { .. }
            | Self::Server { .. } => true,
            Self::Several(errors) => errors.iter().all(Self::is_retryable),
            Self::InvalidConnection(_)
            | Self::ReadKubeconfig { .. }
            | Self::UnknownContext { .. }
            | Self::NoCurrentContext { .. }
            | Self::CredentialHelper { .. }
            | Self::Eks(_)
            | Self::BuildClient { .. }
            | Self::Interrupted { .. }
            | Self::Certificate { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NamespaceTerminating { .. }
            | Self::NotFound { .. }
            | Self::NotKubernetes { .. }
            | Self::FieldConflicts { .. }
            | Self::Conflict { .. }
            | Self::Expired { .. }
            | Self::DisruptionBudget { .. }
            | Self::Rejected { .. }
            | Self::UnexpectedStatus { .. }
            | Self::Decode { .. }
            | Self::BuildRequest { .. }
            | Self::Encode { .. }
            | Self::UnknownKind { .. }
            | Self::UnnamedObject { .. }
            | Self::InvalidOwner(_)
            | Self::Taken(_) => false,
        }
    }

    /// How long the server asked to wait before the next try.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Throttled { retry_after, .. } | Self::Server { retry_after, .. } = self {
            return *retry_after;
        }
        None
    }

    /// One error as itself, more of them together; `None` if there is none.
    pub(super) fn from_many(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 | 1 => errors.pop(),
            _ => Some(Self::Several(errors)),
        }
    }

    fn asks(&self, question: fn(&Self) -> bool) -> bool {
        if let Self::Several(errors) = self {
            return errors.iter().any(question);
        }
        question(self)
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        self.is_retryable()
    }

    fn asked_delay(&self) -> Option<Duration> {
        self.retry_after()
    }
}

#[cfg(test)]
mod tests;
