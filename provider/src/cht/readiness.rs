//! Whether an instance can be used, decided from several answers, because no single one tells.
//!
//! The order matters: what needs no log-in is asked first. Failed log-ins are counted by the CHT, so a password is
//! tried only on an instance of which everything else is right.

use std::fmt;

use super::client::Client;
use super::error::Error;
use super::startup::StartupProgress;
use super::transport::Transport;
use super::version::ChtVersion;

/// The state of an instance. Its `Display` is a sentence without a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// The API does not listen: it has not reached CouchDB yet, or there is no pod.
    Closed,
    /// The API listens, and the CHT is still starting.
    Starting(StartupProgress),
    /// The CHT has started and does not reach CouchDB.
    DatabaseUnavailable {
        /// How that shows.
        reason: String,
    },
    /// The CHT runs in another version than the expected one.
    WrongVersion {
        /// The version that runs.
        live: String,
        /// The version that should.
        expected: ChtVersion,
    },
    /// The CHT runs and does not accept the credentials.
    Unauthorized,
    /// Everything is as it should be.
    Ready {
        /// The version that runs; the name of a branch for an unreleased build.
        version: String,
        /// CouchDB's version.
        couchdb_version: String,
    },
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => write!(
                f,
                "the CHT API does not accept connections yet; it does so once it reaches CouchDB"
            ),
            Self::Starting(progress) => write!(f, "the CHT is starting: {progress}"),
            Self::DatabaseUnavailable { reason } => write!(f, "the CHT does not reach its database: {reason}"),
            Self::WrongVersion { live, expected } => write!(f, "the CHT runs version {live}, not {expected}"),
            Self::Unauthorized => write!(f, "the CHT runs and does not accept the administrator's password"),
            Self::Ready {
                version,
                couchdb_version,
            } => {
                write!(f, "the CHT {version} is ready, with CouchDB {couchdb_version}")
            }
        }
    }
}

/// Asks the instance. With `expected`, another version is not ready; without credentials, no log-in is tried.
///
/// # Errors
/// Answers that say nothing about the state: a Kubernetes API that cannot be reached, or another server in the place
/// of the CHT.
pub async fn readiness<T: Transport>(client: &Client<T>, expected: Option<&ChtVersion>) -> Result<Readiness, Error> {
    let error = match ask(client, expected).await {
        Ok(readiness) => return Ok(readiness),
        Err(Error::Starting { .. }) => match client.startup_progress().await {
            Ok(progress) => return Ok(Readiness::Starting(progress)),
            Err(error) => error,
        },
        Err(error) => error,
    };
    match error {
        Error::Send { source, .. } if source.is_closed() => Ok(Readiness::Closed),
        Error::DatabaseUnavailable { reason, .. } => Ok(Readiness::DatabaseUnavailable { reason }),
        Error::Unauthorized { .. } => Ok(Readiness::Unauthorized),
        error => Err(error),
    }
}

async fn ask<T: Transport>(client: &Client<T>, expected: Option<&ChtVersion>) -> Result<Readiness, Error> {
    client.setup_poll().await?;
    let monitoring = client.monitoring().await?;
    let unknown = monitoring.unknown();
    let (Some(version), Some(couchdb_version), true) =
        (monitoring.version.app, monitoring.version.couchdb, unknown.is_empty())
    else {
        return Ok(Readiness::DatabaseUnavailable {
            reason: format!("it cannot tell {}", unknown.join(", ")),
        });
    };
    if let Some(expected) = expected.filter(|expected| expected.to_string() != version) {
        return Ok(Readiness::WrongVersion {
            live: version,
            expected: expected.clone(),
        });
    }
    if client.has_credentials() {
        client.couch_up().await?;
    }
    Ok(Readiness::Ready {
        version,
        couchdb_version,
    })
}

#[cfg(test)]
mod tests;
