//! Failures on the way to a host, as users are told of them: what was attempted, why it failed, which attribute of the
//! [`ssh`](super::attribute) value is to blame, and what to do next.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;
use tokio_util::sync::CancellationToken;

use super::advice::{Blamed, advice, blamed};
use super::attribute::{Bastion, Ssh};
use super::error::Error;
use super::host_key::Pins;
use super::route::Route;

use super::sessions::{Session, Sessions};
use crate::wording::sentence;

/// The attribute by which every resource on a host takes the way to it.
pub const ATTRIBUTE: &str = "ssh";

/// Where a host is described.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// Its address.
    pub host: &'a str,
    /// What the resource says of the way to it.
    pub own: Option<&'a Ssh>,
    /// What the provider block says.
    pub default: Option<&'a Ssh>,
    /// The attribute with the address.
    pub host_path: &'a Path,
    /// The attribute with the resource's own way.
    pub ssh_path: &'a Path,
}

/// A host, and how it is to be called when it fails.
#[derive(Clone, Debug)]
pub struct Access {
    /// What works on it.
    pub session: Session,
    blame: Blame,
}

/// Which attributes a failure can be blamed on.
#[derive(Clone, Debug)]
struct Blame {
    host: Path,
    ssh: Path,
    /// Parts of the way that the resource says itself; the others are the provider's.
    own: Option<Ssh>,
}

impl Access {
    /// Describes the way, without dialing.
    ///
    /// # Errors
    /// Fails if the value does not describe a way to a host, or names a file that cannot be read.
    pub fn new(sessions: &Sessions, described: Described<'_>, pins: &Pins) -> Result<Self, Diagnostics> {
        let blame = Blame {
            host: described.host_path.clone(),
            ssh: described.ssh_path.clone(),
            own: described.own.cloned(),
        };
        let ssh = described.own.cloned().unwrap_or_default().over(described.default);
        match Route::new(described.host, &ssh) {
            Ok(route) => Ok(Access {
                session: sessions.open(route.with_pins(pins)),
                blame,
            }),
            Err(error) => Err(blame.explain("Unable to use the way to the host", &error)),
        }
    }

    /// The same, with work that ends when this is cancelled.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: &CancellationToken) -> Self {
        self.session = self.session.with_cancellation(cancellation);
        self
    }

    /// The attribute with the address of the host.
    #[must_use]
    pub fn host_path(&self) -> &Path {
        &self.blame.host
    }

    /// An error in a user's words, with this summary, where it does not end anything.
    #[must_use]
    pub fn tell(&self, summary: &str, error: &Error) -> Diagnostics {
        self.blame.explain(summary, error)
    }

    /// What turns errors into diagnostics with this summary, for `map_err`.
    pub fn explain<'a>(&'a self, summary: &'a str) -> impl Fn(Error) -> Diagnostics + 'a {
        move |error| self.blame.explain(summary, &error)
    }
}

impl Blame {
    fn explain(&self, summary: &str, error: &Error) -> Diagnostics {
        if error.is_interrupted() {
            return Diagnostics::error(
                "Operation cancelled",
                format!(
                    "{}.\n\nNothing is lost: what an apply had done so far is kept, and the next one goes on.",
                    sentence(&error_chain(error))
                ),
            );
        }
        let innermost = error.innermost();
        let mut detail = format!("{}.", sentence(&error_chain(error)));
        if let Some(output) = output(innermost).filter(|output| !output.is_empty()) {
            detail.push_str(&format!("\n\nIts last lines:\n{output}"));
        }
        detail.push_str(&format!("\n\n{}", advice(innermost)));
        let diagnostic = Diagnostic::error(summary, detail);
        match self.path(error) {
            Some(path) => diagnostic.at(path).into(),
            None => diagnostic.into(),
        }
    }

    /// The attribute that decides what failed; none if it is in the provider block, or if no attribute is to blame.
    fn path(&self, error: &Error) -> Option<Path> {
        let bastion = error.bastion();
        let attribute = match blamed(error.innermost()) {
            Blamed::Nothing => return None,
            Blamed::Host => {
                return match bastion {
                    None => Some(self.host.clone()),
                    Some(index) => self.has(Ssh::BASTION).then(|| self.hop(index).attribute(Bastion::HOST)),
                };
            }
            Blamed::Ssh(attribute) => attribute,
        };
        match bastion {
            Some(index) => self.has(Ssh::BASTION).then(|| self.hop(index).attribute(attribute)),
            None if self.has(attribute) => Some(self.ssh.clone().attribute(attribute)),
            // What is missing can be added here.
            None if self.own.is_some() => Some(self.ssh.clone()),
            None => None,
        }
    }

    fn hop(&self, index: usize) -> Path {
        self.ssh.clone().attribute(Ssh::BASTION).index(index)
    }

    fn has(&self, attribute: &str) -> bool {
        self.own.as_ref().is_some_and(|own| match attribute {
            Ssh::BASTION => own.bastion.is_some(),
            Ssh::HOST_KEY => own.host_key.is_some(),
            Ssh::KNOWN_HOSTS => own.known_hosts.is_some(),
            Ssh::PRIVATE_KEY => own.private_key.is_some(),
            Ssh::PASSPHRASE => own.passphrase.is_some(),
            Ssh::PASSWORD => own.password.is_some(),
            Ssh::AGENT => own.agent.is_some(),
            Ssh::USER => own.user.is_some(),
            Ssh::SUDO_PASSWORD => own.sudo_password.is_some(),
            Ssh::SUDO => own.sudo.is_some(),
            _ => false,
        })
    }
}

fn output(error: &Error) -> Option<&str> {
    match error {
        Error::CommandTimeout { output, .. } | Error::CommandFailed { output, .. } => Some(output),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
