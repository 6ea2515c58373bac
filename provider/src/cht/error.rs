//! What can go wrong between the provider and the CHT API. [`super::client`] makes these errors.

#![warn(clippy::wildcard_enum_match_arm)]

use http::StatusCode;

use super::transport::TransportError;

/// A request to the CHT API that did not bring what it was made for. `request` is its method and path.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer came.
    #[error("unable to send {request} to the CHT API")]
    Send {
        /// The request.
        request: String,
        /// Why not.
        #[source]
        source: TransportError,
    },
    /// The request needs credentials and the client has none.
    #[error("{request} needs the credentials of a CHT user, and none are known")]
    MissingCredentials {
        /// The request.
        request: String,
    },
    /// The CHT is still starting; it answers nothing but its progress.
    #[error("the CHT is still starting and does not answer {request} yet")]
    Starting {
        /// The request.
        request: String,
    },
    /// HAProxy has no CouchDB to which it could pass the request.
    #[error("the CHT cannot reach its database for {request}: {reason}")]
    DatabaseUnavailable {
        /// The request.
        request: String,
        /// HAProxy's words.
        reason: String,
    },
    /// The credentials are wrong.
    #[error("the CHT does not accept the user name and password for {request}")]
    Unauthorized {
        /// The request.
        request: String,
    },
    /// Log-ins failed too often; the CHT refuses more for some seconds.
    #[error("the CHT refuses {request} after too many failed log-ins")]
    TooManyLogins {
        /// The request.
        request: String,
    },
    /// The CHT user may not do this.
    #[error("the CHT does not allow {request}: {reason}")]
    Forbidden {
        /// The request.
        request: String,
        /// The CHT's words.
        reason: String,
    },
    /// What the request is about is not there, as the CHT or CouchDB itself says.
    #[error("the CHT does not find what {request} is about: {reason}")]
    NotFound {
        /// The request.
        request: String,
        /// The words of the CHT or CouchDB.
        reason: String,
    },
    /// Somebody else changed it at the same time.
    #[error("something else was changed at the same time as {request}: {reason}")]
    Conflict {
        /// The request.
        request: String,
        /// The words of the CHT or CouchDB.
        reason: String,
    },
    /// The CHT refuses what was sent; the status may be that of a success.
    #[error("the CHT refuses {request}: {reason}")]
    Refused {
        /// The request.
        request: String,
        /// The CHT's words.
        reason: String,
        /// By which the CHT's own pages look up the message, such as `username.taken`.
        key: Option<String>,
    },
    /// The answer's status is none that the request can have.
    #[error("the CHT answered {request} with status {status}: {body}")]
    UnexpectedStatus {
        /// The request.
        request: String,
        /// The status.
        status: StatusCode,
        /// The beginning of the answer.
        body: String,
    },
    /// The answer is not JSON, whatever its status.
    #[error("the answer to {request} is not JSON but {content_type}; does another server answer in place of the CHT?")]
    NotJson {
        /// The request.
        request: String,
        /// What it says to be.
        content_type: String,
    },
    /// The answer is JSON of another shape.
    #[error("the answer to {request} does not have the expected shape")]
    UnexpectedShape {
        /// The request.
        request: String,
        /// Where it differs.
        #[source]
        source: serde_json::Error,
    },
    /// The answer has the right shape and does not say what it has to say.
    #[error("the answer to {request} is not the one of a running CHT: {found}")]
    UnexpectedAnswer {
        /// The request.
        request: String,
        /// What it says.
        found: String,
    },
}

impl Error {
    /// Whether the way to the CHT leads through a cluster that does not allow it.
    #[must_use]
    pub fn is_forbidden_by_cluster(&self) -> bool {
        matches!(self, Self::Send { source, .. } if source.is_forbidden())
    }

    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Send { source, .. } => source.is_retryable(),
            Self::Starting { .. } | Self::DatabaseUnavailable { .. } | Self::TooManyLogins { .. } => true,
            Self::UnexpectedStatus { status, .. } => status.is_server_error(),
            Self::Conflict { .. } => true,
            Self::Forbidden { .. } | Self::NotFound { .. } | Self::Refused { .. } => false,
            Self::MissingCredentials { .. } | Self::Unauthorized { .. } => false,
            Self::NotJson { .. } | Self::UnexpectedShape { .. } | Self::UnexpectedAnswer { .. } => false,
        }
    }
}
