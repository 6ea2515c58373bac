//! Where the program of k3s comes from.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::digest;
use super::version::K3sVersion;

/// A program that can be put on hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// The SHA-256 hash of it.
    pub sha256: String,
    /// Its version.
    pub version: K3sVersion,
    /// What it is built for, as k3s' releases name it.
    pub arch: String,
}

/// Where programs come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// A file on this machine.
    pub path: Option<PathBuf>,
    /// A mirror of k3s' releases.
    pub url: Option<String>,
    /// The SHA-256 hash that it has to have.
    pub sha256: Option<String>,
}

/// An archive of images for hosts that cannot load any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// The SHA-256 hash of it.
    pub sha256: String,
}

/// A program that cannot be had.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    #[error("there is no file of k3s {version} for {arch}")]
    NoPath { version: K3sVersion, arch: String },
    #[error("unable to read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl Source {
    /// The program of a version for an architecture.
    ///
    /// # Errors
    /// It cannot be had.
    pub async fn obtain(
        &self,
        version: &K3sVersion,
        arch: &str,
        _cancellation: &CancellationToken,
    ) -> Result<Program, ProgramError> {
        let Some(path) = self.path.clone() else {
            return Err(ProgramError::NoPath {
                version: *version,
                arch: arch.to_owned(),
            });
        };
        let bytes = tokio::fs::read(&path).await.map_err(|source| ProgramError::Read {
            path: path.clone(),
            source,
        })?;
        Ok(Program {
            path,
            sha256: digest::sha256(&bytes),
            version: *version,
            arch: arch.to_owned(),
        })
    }
}
