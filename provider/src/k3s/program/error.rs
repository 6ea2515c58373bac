//! What can be wrong with a program of k3s, or with the way to it. Each says what to do.

#![warn(clippy::wildcard_enum_match_arm)]

use std::path::PathBuf;

/// A program that cannot be had.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    #[error(
        "there is no folder for what is downloaded: set HOME or XDG_CACHE_HOME, or give the program of k3s as `path`"
    )]
    NoCache,
    #[error("unable to read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("unable to keep what is downloaded in {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the SHA-256 of {from} is {found}, not {expected}: it is not the program that was meant, and is not used")]
    Checksum {
        from: String,
        expected: String,
        found: String,
    },
    #[error("{} is a program for {is}, and {wanted} is needed", path.display())]
    OtherArchitecture {
        path: PathBuf,
        is: &'static str,
        wanted: String,
    },
    #[error("{} is not a program of k3s for Linux: give the file `k3s` of a release", path.display())]
    NoProgram { path: PathBuf },
    #[error(
        "{} is not an archive that k3s loads: its name ends with .tar, .tar.gz, .tgz, .tar.zst, .tzst, .tar.bz2, .tbz or .tar.lz4",
        path.display()
    )]
    NoArchive { path: PathBuf },
    #[error(
        "there is no {url}: check that this version is a release of k3s, and that the mirror has it with the layout of the \
         releases"
    )]
    NotFound { url: String },
    #[error("{url} was answered with the status {status}")]
    Status { url: String, status: u16 },
    #[error("{url} does not name {file}, so the program cannot be verified: give `sha256`")]
    NotListed { url: String, file: String },
    #[error("{url} is too large for what it should be")]
    TooLarge { url: String },
    #[error("{url:?} is not the address of a mirror: it begins with https:// or http://")]
    Address { url: String },
    #[error(
        "unable to load {url}; where there is no network, download the program elsewhere and give it as `path`, or name a \
         mirror in `url`"
    )]
    Load {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("interrupted while the program of k3s was loaded")]
    Cancelled,
}

impl ProgramError {
    /// Whether another try may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Load { source, .. } => !source.is_builder() && !source.is_redirect(),
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..),
            Self::NoCache | Self::Read { .. } | Self::Write { .. } | Self::Checksum { .. } => false,
            Self::OtherArchitecture { .. } | Self::NoProgram { .. } | Self::NoArchive { .. } => false,
            Self::NotFound { .. }
            | Self::NotListed { .. }
            | Self::TooLarge { .. }
            | Self::Address { .. }
            | Self::Cancelled => false,
        }
    }

    /// Whether somebody interrupted the work.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}
