//! What can go wrong with a vCenter, and the questions that callers ask about it.
//!
//! A variant is the step that failed, with what a person needs to act on it; no variant holds a secret or the text of a
//! request. [`super::diagnostics`] says the same in a user's words, with what to do next.

#![warn(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use super::reference::Reference;
use super::soap::{AnswerError, Fault};
use crate::retry::Transient;

/// A failure on the way to a vCenter, or in it.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("unable to prepare TLS")]
    Tls {
        #[source]
        source: Shared<reqwest::Error>,
    },
    #[error("unable to prepare TLS with a thumbprint")]
    Pin {
        #[source]
        source: rustls::Error,
    },
    #[error("the vCenter {server} cannot be reached")]
    Unreachable {
        server: String,
        #[source]
        source: Shared<reqwest::Error>,
    },
    #[error("the certificate of the vCenter {server} is not trusted")]
    Certificate {
        server: String,
        #[source]
        source: Shared<reqwest::Error>,
    },
    #[error(
        "the certificate of the vCenter {server} has the SHA-256 thumbprint {shown}, and not the one that is given"
    )]
    Thumbprint { server: String, shown: String },
    #[error("the vCenter {server} gave no answer to {method}")]
    Exchange {
        server: String,
        method: String,
        #[source]
        source: Shared<reqwest::Error>,
    },
    #[error("{server} answers {method} with status {status}, which no vCenter does")]
    Status {
        server: String,
        method: String,
        status: u16,
    },
    #[error("{server} answers {method} with more than any vCenter has to say")]
    TooLong { server: String, method: String },
    #[error("{server} gives no answer to {method} that can be understood")]
    Answer {
        server: String,
        method: String,
        #[source]
        source: Shared<AnswerError>,
    },
    #[error("unable to write the request {method}")]
    Request {
        method: String,
        #[source]
        source: Shared<std::io::Error>,
    },
    #[error("the vCenter {server} does not let {user} in")]
    Login {
        server: String,
        user: String,
        #[source]
        source: Fault,
    },
    #[error("{server} is a single ESXi host, no vCenter")]
    NotVCenter { server: String },
    #[error("{method} is not allowed: the privilege {privilege} on {object} is missing")]
    NoPermission {
        method: String,
        privilege: String,
        object: String,
    },
    #[error("the object {object} is not there any more")]
    Gone { object: Reference },
    #[error("the vCenter does not tell how the machine {machine} is, which is `{state}`")]
    Untold { machine: String, state: String },
    #[error("the vCenter refuses {method}")]
    Fault {
        method: String,
        #[source]
        source: Fault,
    },
    #[error("the vCenter does not do {method}: {said}")]
    Refused { method: String, status: u16, said: String },
    #[error("the vCenter {server} has no API for tags")]
    NoTags { server: String },
    #[error("the task {task} failed")]
    Task {
        task: String,
        #[source]
        source: Fault,
    },
    #[error("{kind} `{name}` is not there; there are: {}", list(there))]
    NotFound {
        kind: &'static str,
        name: String,
        there: Vec<String>,
    },
    #[error("there are several called `{name}`: {}", paths.join(", "))]
    Ambiguous { name: String, paths: Vec<String> },
    #[error("the answer to {method} lacks {what}")]
    Lacks { method: String, what: &'static str },
    #[error("cancelled while the vCenter was asked for {method}")]
    Interrupted { method: String },
}

/// A cause that several callers are told of, as one request may have served all of them.
pub type Shared<E> = std::sync::Arc<E>;

impl Error {
    /// Whether the object that was asked for is definitely not there.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    /// Whether work was given up because the operation ends.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }

    /// Whether the call may have been carried out all the same.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        matches!(
            self,
            Self::Exchange { .. } | Self::Status { .. } | Self::TooLong { .. } | Self::Answer { .. }
        )
    }

    /// Whether it is what the API that speaks JSON answers with this status.
    #[must_use]
    pub fn is_refused_with(&self, answered: u16) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == answered)
    }

    /// Whether it is this fault, of a call or of a task.
    #[must_use]
    pub fn is_fault(&self, kind: &str) -> bool {
        self.fault().is_some_and(|fault| fault.is(kind))
    }

    /// The fault behind it.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Login { source, .. } | Self::Fault { source, .. } | Self::Task { source, .. } => Some(source),
            Self::Tls { .. }
            | Self::Pin { .. }
            | Self::Unreachable { .. }
            | Self::Certificate { .. }
            | Self::Thumbprint { .. }
            | Self::Exchange { .. }
            | Self::Status { .. }
            | Self::TooLong { .. }
            | Self::Answer { .. }
            | Self::Request { .. }
            | Self::NotVCenter { .. }
            | Self::NoPermission { .. }
            | Self::Gone { .. }
            | Self::Untold { .. }
            | Self::Refused { .. }
            | Self::NoTags { .. }
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Lacks { .. }
            | Self::Interrupted { .. } => None,
        }
    }

    /// Whether the same call may succeed a little later, and does no harm if the first one was carried out after all.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            // It was not sent at all.
            Self::Unreachable { .. } => true,
            Self::Exchange { method, .. } => is_read(method),
            // The proxy in front of the API could not hand the request on.
            Self::Status { status: 503, .. } => true,
            Self::Status { method, status, .. } => matches!(status, 429 | 502 | 504) && is_read(method),
            Self::Tls { .. }
            | Self::Pin { .. }
            | Self::Certificate { .. }
            | Self::Thumbprint { .. }
            | Self::TooLong { .. }
            | Self::Answer { .. }
            | Self::Request { .. }
            | Self::Login { .. }
            | Self::NotVCenter { .. }
            | Self::NoPermission { .. }
            | Self::Gone { .. }
            | Self::Untold { .. }
            | Self::Fault { .. }
            | Self::Refused { .. }
            | Self::NoTags { .. }
            | Self::Task { .. }
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Lacks { .. }
            | Self::Interrupted { .. } => false,
        }
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        self.is_retryable()
    }

    fn asked_delay(&self) -> Option<Duration> {
        None
    }
}

/// Whether a method changes nothing, or nothing that a second call would double.
fn is_read(method: &str) -> bool {
    const VERBS: [&str; 8] = [
        "Retrieve", "Continue", "Find", "Query", "Fetch", "Has", "Current", "Log",
    ];
    // A tag that is attached already is attached once, and a session that nobody uses ends by itself.
    if method.starts_with("tagging/") || method == "session" {
        return true;
    }
    let method = method.strip_prefix("Pbm").unwrap_or(method);
    VERBS.iter().any(|verb| method.starts_with(verb))
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, status: u16) -> Error {
        Error::Status {
            server: "vc".to_owned(),
            method: method.to_owned(),
            status,
        }
    }

    #[test]
    fn what_may_have_been_carried_out_is_not_done_twice() {
        for (error, retryable) in [
            (status("RetrievePropertiesEx", 502), true),
            (status("CloneVM_Task", 502), false),
            (status("CloneVM_Task", 503), true),
            (status("CloneVM_Task", 404), false),
            (status("FindByUuid", 404), false),
            (status("tagging/tag-association/id:t?~action=attach", 502), true),
        ] {
            assert_eq!(error.is_retryable(), retryable, "{error}");
        }
    }
}
