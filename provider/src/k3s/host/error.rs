//! What can go wrong on a host, and what to do about it.

#![warn(clippy::wildcard_enum_match_arm)]

use crate::k3s::cleanup::CleanupError;
use crate::k3s::probe::ProbeError;
use crate::k3s::token::TokenError;
use crate::ssh;

/// A step that did not work on a host. It holds no secret.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("unable to {step} {host}")]
    Ssh {
        host: String,
        step: &'static str,
        #[source]
        source: Box<ssh::Error>,
    },
    #[error("what {host} answered when it was looked at cannot be used")]
    Probe {
        host: String,
        #[source]
        source: ProbeError,
    },
    #[error("{host} is locked by another run: {holder}")]
    Locked { host: String, holder: String },
    #[error("{path} on {host} holds no token that can be used")]
    Token {
        host: String,
        path: String,
        #[source]
        source: TokenError,
    },
    #[error("k3s on {host} does not accept the token that the servers have")]
    TokenRefused { host: String },
    #[error("{host} is not clean")]
    Cleanup {
        host: String,
        #[source]
        source: CleanupError,
    },
    #[error("what k3s on {host} says of the encryption of Secrets has not the expected shape")]
    Encryption {
        host: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the program for {host} is k3s {found}, not {wanted}")]
    OtherVersion {
        host: String,
        found: String,
        wanted: String,
    },
    #[error("the list of snapshots on {host} has not the expected shape")]
    Snapshots {
        host: String,
        #[source]
        source: serde_json::Error,
    },
}

impl HostError {
    /// The name of the host.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Ssh { host, .. }
            | Self::Probe { host, .. }
            | Self::Locked { host, .. }
            | Self::Token { host, .. }
            | Self::TokenRefused { host }
            | Self::Cleanup { host, .. }
            | Self::Encryption { host, .. }
            | Self::OtherVersion { host, .. }
            | Self::Snapshots { host, .. } => host,
        }
    }

    /// Whether the host could not be asked at all, so that nothing is known of what is on it.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Ssh { source, .. } => source.is_unreachable(),
            Self::Probe { .. } | Self::Locked { .. } | Self::Token { .. } => false,
            Self::TokenRefused { .. } | Self::Cleanup { .. } | Self::Snapshots { .. } => false,
            Self::Encryption { .. } | Self::OtherVersion { .. } => false,
        }
    }

    /// Whether another try may succeed: the host is away, as while it boots, or was too busy to answer.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Ssh { source, .. } => source.is_unreachable() || (source.leaves_open() && !source.is_interrupted()),
            Self::Probe { .. } => true,
            Self::Locked { .. } | Self::Token { .. } | Self::TokenRefused { .. } => false,
            Self::Cleanup { .. } | Self::Snapshots { .. } => false,
            Self::Encryption { .. } | Self::OtherVersion { .. } => false,
        }
    }

    /// A title for it.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Ssh { step: "look at", .. } | Self::Probe { .. } => "Unable to look at the host",
            Self::Locked { .. } => "Another run works on the host",
            Self::Token { .. } | Self::TokenRefused { .. } => "Unable to use the token of the cluster",
            Self::OtherVersion { .. } => "Program of another version",
            Self::Ssh { .. } | Self::Cleanup { .. } | Self::Snapshots { .. } => "Unable to work on the host",
            Self::Encryption { .. } => "Unable to work on the host",
        }
    }

    /// What to do next, as sentences. Errors of SSH have advice of their own.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Ssh { .. } => "Apply again once the cause is removed: what was done so far is kept and continued.",
            Self::Probe { .. } => {
                "The host printed something else. Check that the login shell of the user runs commands as they are (`ssh <host> \
                 true` must print nothing), and apply again."
            }
            Self::Locked { .. } => {
                "Wait until that run is over, and apply again. If it was killed, its lock goes within three minutes."
            }
            Self::Token { .. } => "Correct the file, or remove it if the other servers have it.",
            Self::TokenRefused { .. } => {
                "Somebody has changed the token of the cluster by hand. Write the one that it takes now to \
                 /etc/rancher/k3s/token of this server, and apply again."
            }
            Self::Cleanup { .. } => "What was done so far is kept. Apply again once the cause is removed.",
            Self::OtherVersion { .. } => {
                "Give the program of the version that is wanted. Where an upgrade goes through several versions, name a mirror, or a \
                 folder with its layout, instead of one file."
            }
            Self::Snapshots { .. } | Self::Encryption { .. } => "This is a bug in the cht provider; please report it.",
        }
    }
}
