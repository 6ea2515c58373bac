//! What can go wrong on the way to a host and on it, and the questions that callers ask about it.
//!
//! A variant is the step that failed, with what a person needs to act on it; no variant holds a secret, and what
//! commands wrote is masked before it gets here. [`super::diagnostics`] says the same in a user's words, with what to
//! do next.

#![warn(clippy::wildcard_enum_match_arm)]

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::command::Exit;
use super::host_key::HostKey;
use super::route::KeyProblem;

/// A failure on the way to a host, or on it.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a host key cannot be used: {message}")]
    HostKeyFormat { message: String },
    #[error("unable to read the known hosts {}", path.display())]
    ReadKnownHosts {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the bastion {host} (number {} on the way) cannot be used", index + 1)]
    Bastion {
        index: usize,
        host: String,
        #[source]
        source: Box<Error>,
    },
    #[error("there is no host {host}")]
    Resolve {
        host: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{host} refuses connections: no SSH server listens there")]
    Refused { host: String },
    #[error("{host} cannot be reached")]
    Unreachable {
        host: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the bastion {bastion} cannot reach {host}: {reason}")]
    Tunnel {
        bastion: String,
        host: String,
        reason: String,
    },
    #[error("{host} did not answer within {} s: {step}", waited.as_secs())]
    ConnectTimeout { host: String, step: Step, waited: Duration },
    #[error("{host} does not speak SSH as it should")]
    Handshake {
        host: String,
        #[source]
        source: Box<russh::Error>,
    },
    #[error("nothing is recorded of {host}, which shows the key {}", shown.print)]
    UnknownHostKey { host: String, shown: HostKey },
    #[error("{host} shows the key {}, but it is known by {}", shown.print, expected.join(" and "))]
    ChangedHostKey {
        host: String,
        shown: HostKey,
        expected: Vec<String>,
    },
    #[error(
        "{host} has no key of the type by which it is known ({}), but other ones ({})",
        recorded.join(", "), offered.join(", ")
    )]
    ChangedHostKeyType {
        host: String,
        recorded: Vec<String>,
        offered: Vec<String>,
    },
    #[error("{host} shows the key {}, which line {line} of `known_hosts` revokes", shown.print)]
    RevokedHostKey { host: String, shown: HostKey, line: usize },
    #[error("the certificate of {host} is signed by a known authority, but {reason}")]
    HostCertificate { host: String, reason: &'static str },
    #[error("line {line} of `known_hosts`, which is about {host}, cannot be read")]
    KnownHostsLine { host: String, line: usize },
    #[error("there is nothing to log in to {host} with")]
    NoLogin { host: String },
    #[error("the private key for {host} {}", key_problem(*problem))]
    PrivateKey { host: String, problem: KeyProblem },
    #[error("the SSH agent cannot be used")]
    Agent {
        #[source]
        source: Box<russh::keys::Error>,
    },
    #[error("the SSH agent has no key")]
    AgentEmpty,
    #[error("{host} does not let {user} in with {}; it takes: {}", tried.join(", "), list(accepts))]
    LoginRefused {
        host: String,
        user: String,
        tried: Vec<String>,
        accepts: Vec<String>,
    },
    #[error("{host} wants {user} to change the password first: {prompt}")]
    PasswordExpired { host: String, user: String, prompt: String },
    #[error("{host} broke the connection: {what}")]
    Disconnected { host: String, what: String },
    #[error("{host} opens no session: {what}")]
    OpenSession {
        host: String,
        what: String,
        #[source]
        source: Box<russh::Error>,
    },
    #[error("{user} may not become root on {host} by `sudo`: {message}")]
    Sudo {
        host: String,
        user: String,
        message: String,
    },
    #[error("`sudo` on {host} asks {user} for a password, and there is none")]
    SudoPasswordMissing { host: String, user: String },
    #[error("`sudo` on {host} does not take the password for {user}")]
    SudoPasswordWrong { host: String, user: String },
    #[error("{host} did not finish within {} s: {what}", waited.as_secs())]
    CommandTimeout {
        host: String,
        what: String,
        waited: Duration,
        output: String,
    },
    #[error("failed on {host}: {what}: {exit}")]
    CommandFailed {
        host: String,
        what: String,
        exit: Exit,
        output: String,
    },
    #[error("more than {limit} bytes came from {host}: {what}")]
    TooMuchOutput { host: String, what: String, limit: usize },
    #[error("unable to read {} to upload it", path.display())]
    ReadSource {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the disk of {host} has no room for {path} ({size} bytes)")]
    DiskFull { host: String, path: String, size: u64 },
    #[error("unable to write {path} on {host}: {message}")]
    Upload {
        host: String,
        path: String,
        message: String,
    },
    #[error("{path} arrived broken on {host}: its SHA-256 is {found} instead of {expected}")]
    Checksum {
        host: String,
        path: String,
        expected: String,
        found: String,
    },
    #[error("the SHA-256 of {} is {found} instead of {expected}", path.display())]
    SourceChecksum {
        path: PathBuf,
        expected: String,
        found: String,
    },
    #[error("interrupted on {host}: {what}")]
    Interrupted { host: String, what: String },
}

/// What a host was asked for when it did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The connection.
    Connect,
    /// The exchange of keys.
    Handshake,
    /// The login.
    Login,
}

impl Error {
    /// Whether the host could not be asked at all, so that nothing is known of what is on it.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Error::Bastion { source, .. } => source.is_unreachable(),
            Error::Resolve { .. }
            | Error::Refused { .. }
            | Error::Unreachable { .. }
            | Error::Tunnel { .. }
            | Error::ConnectTimeout { .. }
            | Error::Handshake { .. }
            | Error::Disconnected { .. } => true,
            Error::HostKeyFormat { .. }
            | Error::ReadKnownHosts { .. }
            | Error::UnknownHostKey { .. }
            | Error::ChangedHostKey { .. }
            | Error::ChangedHostKeyType { .. }
            | Error::RevokedHostKey { .. }
            | Error::HostCertificate { .. }
            | Error::KnownHostsLine { .. }
            | Error::NoLogin { .. }
            | Error::PrivateKey { .. }
            | Error::Agent { .. }
            | Error::AgentEmpty
            | Error::LoginRefused { .. }
            | Error::PasswordExpired { .. }
            | Error::OpenSession { .. }
            | Error::Sudo { .. }
            | Error::SudoPasswordMissing { .. }
            | Error::SudoPasswordWrong { .. }
            | Error::CommandTimeout { .. }
            | Error::CommandFailed { .. }
            | Error::TooMuchOutput { .. }
            | Error::ReadSource { .. }
            | Error::DiskFull { .. }
            | Error::Upload { .. }
            | Error::Checksum { .. }
            | Error::SourceChecksum { .. }
            | Error::Interrupted { .. } => false,
        }
    }

    /// Whether the host may be another one than it should be.
    pub fn is_host_key(&self) -> bool {
        matches!(
            self.innermost(),
            Error::UnknownHostKey { .. }
                | Error::ChangedHostKey { .. }
                | Error::ChangedHostKeyType { .. }
                | Error::RevokedHostKey { .. }
                | Error::HostCertificate { .. }
                | Error::KnownHostsLine { .. }
        )
    }

    /// Whether the user cannot become root.
    pub fn is_sudo(&self) -> bool {
        matches!(
            self,
            Error::Sudo { .. } | Error::SudoPasswordMissing { .. } | Error::SudoPasswordWrong { .. }
        )
    }

    /// Whether somebody interrupted the work.
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Error::Interrupted { .. })
    }

    /// Whether a command may have been carried out, or a part of it.
    pub fn leaves_open(&self) -> bool {
        matches!(
            self,
            Error::Disconnected { .. }
                | Error::CommandTimeout { .. }
                | Error::TooMuchOutput { .. }
                | Error::Interrupted { .. }
        )
    }

    /// The failure itself, where it happened on a bastion.
    pub fn innermost(&self) -> &Error {
        let mut error = self;
        while let Error::Bastion { source, .. } = error {
            error = source;
        }
        error
    }

    /// The number of the bastion where it happened, from 0 on.
    pub fn bastion(&self) -> Option<usize> {
        if let Error::Bastion { index, .. } = self {
            Some(*index)
        } else {
            None
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Connect => "connect",
            Step::Handshake => "exchange keys",
            Step::Login => "log in",
        })
    }
}

fn key_problem(problem: KeyProblem) -> &'static str {
    match problem {
        KeyProblem::Encrypted => "is encrypted, and there is no passphrase",
        KeyProblem::Passphrase => "is encrypted with another passphrase",
        KeyProblem::Unreadable => "cannot be read",
    }
}

fn list(methods: &[String]) -> String {
    if methods.is_empty() {
        "nothing more".to_owned()
    } else {
        methods.join(", ")
    }
}
