//! Failures on the way to a host, as users are told of them: what was attempted, why it failed, which attribute of the
//! [`ssh`](super::attribute) value is to blame, and what to do next.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;
use tokio_util::sync::CancellationToken;

use super::attribute::{Bastion, Ssh, SshDraft};
use super::error::Error;
use super::host_key::Pins;
use super::route::{Login, Route};

use super::sessions::{Session, Sessions};

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

    /// What turns errors into diagnostics with this summary, for `map_err`.
    pub fn explain<'a>(&'a self, summary: &'a str) -> impl Fn(Error) -> Diagnostics + 'a {
        move |error| self.blame.explain(summary, &error)
    }
}

impl SshDraft {
    /// Reports everything that is wrong with the value beyond its single attributes, as far as it is known.
    pub fn validate(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let Some(ssh) = self.known() else { return };
        let login = Login::of_host(&ssh);
        check_login(&login, path, diagnostics);
        check_policy(ssh.host_key_policy.as_deref(), path, diagnostics);
        for (index, bastion) in ssh.bastion.iter().flatten().enumerate() {
            let path = path.clone().attribute(Ssh::BASTION).index(index);
            check_login(&Login::of_bastion(bastion), &path, diagnostics);
            check_policy(bastion.host_key_policy.as_deref(), &path, diagnostics);
        }
    }
}

impl Blame {
    fn explain(&self, summary: &str, error: &Error) -> Diagnostics {
        if error.is_interrupted() {
            return Diagnostics::error(
                "Operation cancelled",
                format!(
                    "{}.\n\nWhat was done so far is kept: apply again to go on.",
                    error_chain(error)
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
        let attribute = match attribute(error.innermost()) {
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

/// What decides a failure.
enum Blamed {
    Nothing,
    Host,
    Ssh(&'static str),
}

fn attribute(error: &Error) -> Blamed {
    match error {
        Error::Resolve { .. }
        | Error::Refused { .. }
        | Error::Unreachable { .. }
        | Error::Tunnel { .. }
        | Error::Handshake { .. }
        | Error::ConnectTimeout { .. } => Blamed::Host,
        Error::HostKeyFormat { .. }
        | Error::UnknownHostKey { .. }
        | Error::ChangedHostKey { .. }
        | Error::ChangedHostKeyType { .. } => Blamed::Ssh(Ssh::HOST_KEY),
        Error::ReadKnownHosts { .. }
        | Error::RevokedHostKey { .. }
        | Error::HostCertificate { .. }
        | Error::KnownHostsLine { .. } => Blamed::Ssh(Ssh::KNOWN_HOSTS),
        Error::NoLogin { .. } | Error::PrivateKey { .. } => Blamed::Ssh(Ssh::PRIVATE_KEY),
        Error::Agent { .. } | Error::AgentEmpty => Blamed::Ssh(Ssh::AGENT),
        Error::LoginRefused { .. } => Blamed::Ssh(Ssh::USER),
        Error::PasswordExpired { .. } => Blamed::Ssh(Ssh::PASSWORD),
        Error::Sudo { .. } => Blamed::Ssh(Ssh::SUDO),
        Error::SudoPasswordMissing { .. } | Error::SudoPasswordWrong { .. } => Blamed::Ssh(Ssh::SUDO_PASSWORD),
        _ => Blamed::Nothing,
    }
}

/// What to do next.
fn advice(error: &Error) -> String {
    match error {
        Error::Resolve { .. } => {
            "Check the name, and that this machine can look it up; an IP address works as well.".to_owned()
        }
        Error::Refused { .. } => "Check the address and the port, and that the SSH server runs on the host.".to_owned(),
        Error::Unreachable { .. } | Error::ConnectTimeout { .. } => {
            "Check the address, and that the host is up and no firewall is in between. Where it can only be reached through \
             another host, name that one in `bastion`. What is on the host is taken to be still there."
                .to_owned()
        }
        Error::Tunnel { .. } => {
            "Check the address as seen from the bastion, and whether the bastion's SSH server allows connections to there."
                .to_owned()
        }
        Error::Handshake { .. } => "Check that an SSH server listens on this port, and that it is not too old: keys and \
             signatures with SHA-1 are refused."
            .to_owned(),
        Error::UnknownHostKey { shown, .. } => format!(
            "Compare this with what the host says of itself on its console (`ssh-keygen -lf \
             /etc/ssh/ssh_host_ed25519_key.pub`). If it is the same, record it:\n\n  host_key = [\"{}\"]\n\nTo believe hosts \
             the first time they are seen, set `host_key_policy = \"accept-new\"`.",
            shown.line
        ),
        Error::ChangedHostKey { .. } | Error::ChangedHostKeyType { .. } => {
            "Either the host was installed anew, or somebody is in between. Do not go on before you know which: compare with \
             what the host says of itself on its console. If it was installed anew, record its new key in `host_key`."
                .to_owned()
        }
        Error::RevokedHostKey { .. } => {
            "Somebody marked this key as stolen or retired. Give the host new keys (`rm /etc/ssh/ssh_host_*; ssh-keygen -A`), \
             and record those."
                .to_owned()
        }
        Error::HostCertificate { .. } => "Sign the host's key anew: `ssh-keygen -s … -h -n <name of the host>`.".to_owned(),
        Error::KnownHostsLine { .. } => {
            "The line might say that a key is revoked, so it is not skipped. Correct it, or remove it.".to_owned()
        }
        _ => advice_on_host(error).to_owned(),
    }
}

/// The same for what comes after the host was believed.
fn advice_on_host(error: &Error) -> &'static str {
    match error {
        Error::HostKeyFormat { .. } | Error::ReadKnownHosts { .. } => "Correct the value, and apply again.",
        Error::NoLogin { .. } => {
            "Give `private_key`, `agent = true` or `password`, here or in `ssh` of the provider block."
        }
        Error::PrivateKey { .. } => {
            "Give the private key that `ssh-keygen` wrote, and `passphrase` if it asked for one; \
             `ssh-keygen -y -f <file>` tells whether a passphrase is right."
        }
        Error::Agent { .. } => {
            "Start an agent (`eval $(ssh-agent)`), so that `SSH_AUTH_SOCK` names it, or give `private_key`."
        }
        Error::AgentEmpty => "Add one (`ssh-add`), or give `private_key`.",
        Error::LoginRefused { .. } => {
            "Check `user`, and that the host has the public key in the user's `~/.ssh/authorized_keys`. The host's log says \
             more: `journalctl -u ssh`."
        }
        Error::PasswordExpired { .. } => "Log in by hand once and change it, or use a key.",
        Error::Sudo { .. } => {
            "Install `sudo` and let the user do everything (`<user> ALL=(ALL) NOPASSWD: ALL` in a file of \
             /etc/sudoers.d), log in as root, or set `sudo = false` where root is not needed."
        }
        Error::SudoPasswordMissing { .. } => "Give `sudo_password`, or let `sudo` ask for none (`NOPASSWD`).",
        Error::SudoPasswordWrong { .. } => "Correct `sudo_password`: it is the password of the user, not that of root.",
        Error::CommandTimeout { .. } => {
            "The command was ended. If the host is slow and nothing else is wrong, raise `command_timeout`."
        }
        Error::DiskFull { .. } => "Make room on the host (`df -h`), and apply again.",
        Error::Checksum { .. } => {
            "Nothing was put in place. Apply again; if it goes on, suspect the memory or the disk of the host."
        }
        Error::SourceChecksum { .. } => "It is another file than the one that was asked for, and was not uploaded.",
        Error::Upload { .. } => "The file is as it was before. Apply again once the cause is removed.",
        _ => "Apply again once the cause is removed: what was done so far is kept and continued.",
    }
}

fn output(error: &Error) -> Option<&str> {
    match error {
        Error::CommandTimeout { output, .. } | Error::CommandFailed { output, .. } => Some(output),
        _ => None,
    }
}

fn check_login(login: &Login, path: &Path, diagnostics: &mut Diagnostics) {
    if let Err(problem) = login.key() {
        let (attribute, detail) = match problem {
            super::route::KeyProblem::Encrypted => {
                (Ssh::PRIVATE_KEY, "The key is encrypted: give `passphrase` as well.")
            }
            super::route::KeyProblem::Passphrase => (Ssh::PASSPHRASE, "It does not decrypt `private_key`."),
            super::route::KeyProblem::Unreadable => (Ssh::PRIVATE_KEY, "It cannot be read."),
        };
        diagnostics.push(Diagnostic::error("Unusable private key", detail).at(path.clone().attribute(attribute)));
    }
    if login.certificate.is_some() && login.private_key.is_none() && !login.agent {
        let detail = "Who logs in with a certificate proves to have its key: give `private_key`, or `agent = true`.";
        diagnostics
            .push(Diagnostic::error("Certificate without a key", detail).at(path.clone().attribute(Ssh::CERTIFICATE)));
    }
    if let (Ok(Some(key)), Some(certificate)) = (login.key(), login.certificate())
        && certificate.public_key() != key.public_key().key_data()
    {
        let detail = "It is not the certificate of `private_key`.";
        diagnostics
            .push(Diagnostic::error("Certificate of another key", detail).at(path.clone().attribute(Ssh::CERTIFICATE)));
    }
}

fn check_policy(policy: Option<&str>, path: &Path, diagnostics: &mut Diagnostics) {
    if policy == Some("insecure") {
        diagnostics.push(
            Diagnostic::warning(
                "SSH host key is not verified",
                "Whoever can intercept the connection can take the place of the host, read everything that is sent there, and \
                 log in to nothing but learn every secret. Record the key in `host_key` instead, or use `accept-new`.",
            )
            .at(path.clone().attribute(Ssh::HOST_KEY_POLICY)),
        );
    }
}

/// The text with its first letter in upper case, unless it begins with an address.
fn sentence(text: &str) -> String {
    let first_word = text.split(' ').next().unwrap_or_default();
    if first_word.contains([':', '.']) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
