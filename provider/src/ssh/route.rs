//! What is dialed to reach a host: the hops, the last of which is the host, each with its login and what it is known
//! by.
//!
//! [`Route::new`] makes it of the [`ssh`](super::attribute) value and the host's address. Two routes that are equal
//! lead to the same place in the same way, so they share a connection ([`super::sessions`]).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use russh::keys::{Certificate, PrivateKey, decode_secret_key};
use secrecy::{ExposeSecret as _, SecretString};

use super::address::Address;
use super::attribute::{Bastion, Ssh};
use super::error::Error;
use super::host_key::{Pins, Policy, Recorded, Trust};
use super::known_hosts::{self, KnownHosts};
use super::rules;
use crate::home;

const PORT: u16 = 22;
const USER: &str = "root";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The way to one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// At least one; the last is the host itself.
    pub(super) hops: Vec<Hop>,
    pub(super) sudo: Sudo,
    pub(super) command_timeout: Duration,
}

/// One host on the way.
#[derive(Clone, PartialEq)]
pub(super) struct Hop {
    pub(super) address: Address,
    pub(super) user: String,
    pub(super) login: Login,
    pub(super) trust: Trust,
    pub(super) timeout: Duration,
    /// The number of the bastion, from 0 on; none for the host itself.
    pub(super) bastion: Option<usize>,
}

/// What there is to log in with.
#[derive(Clone, Default)]
pub(super) struct Login {
    pub(super) private_key: Option<SecretString>,
    pub(super) passphrase: Option<SecretString>,
    pub(super) certificate: Option<String>,
    pub(super) agent: bool,
    pub(super) password: Option<SecretString>,
}

/// How commands become root.
#[derive(Clone)]
pub(super) enum Sudo {
    /// The user is root, or is not to become it.
    None,
    /// By `sudo`, which may ask for this password.
    Ask(Option<SecretString>),
}

/// What is wrong with a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// It is encrypted, and there is no passphrase.
    Encrypted,
    /// It is encrypted, with another passphrase.
    Passphrase,
    /// It is no private key.
    Unreadable,
}

impl Route {
    /// The way to a host. Known hosts are read of their file here.
    ///
    /// # Errors
    /// Fails if a value does not fit, or if the file of the known hosts cannot be read.
    pub fn new(host: &str, ssh: &Ssh) -> Result<Self, Error> {
        let user = ssh.user.clone().unwrap_or_else(|| USER.to_owned());
        let login = Login::of_host(ssh);
        let trust = Trust {
            keys: recorded(ssh.host_key.as_deref())?,
            known_hosts: read_known_hosts(ssh.known_hosts.as_deref())?,
            pin: None,
            policy: policy(ssh.host_key_policy.as_deref()),
        };
        let timeout = ssh.connect_timeout.as_ref().map_or(CONNECT_TIMEOUT, |text| **text);
        let target = Hop {
            address: Address {
                host: host.to_owned(),
                port: ssh.port.unwrap_or(PORT),
            },
            user: user.clone(),
            login,
            trust,
            timeout,
            bastion: None,
        };
        let bastions = ssh.bastion.iter().flatten().enumerate();
        let mut hops = bastions
            .map(|(index, bastion)| Hop::through(index, bastion, &target))
            .collect::<Result<Vec<_>, _>>()?;
        hops.push(target);
        let sudo = match ssh.sudo.unwrap_or(user != USER) {
            true => Sudo::Ask(ssh.sudo_password.clone()),
            false => Sudo::None,
        };
        let command_timeout = ssh.command_timeout.as_ref().map_or(COMMAND_TIMEOUT, |text| **text);
        Ok(Route {
            hops,
            sudo,
            command_timeout,
        })
    }

    /// The same, where hosts of which nothing is recorded have to have the keys that were believed before.
    #[must_use]
    pub fn with_pins(mut self, pins: &Pins) -> Self {
        for hop in &mut self.hops {
            hop.trust.pin = pins.get(&hop.address.to_string()).cloned();
        }
        self
    }

    /// The host that the way leads to.
    pub fn address(&self) -> String {
        self.hops.last().map(|hop| hop.address.to_string()).unwrap_or_default()
    }

    /// Who logs in there.
    pub(super) fn user(&self) -> &str {
        self.hops.last().map(|hop| hop.user.as_str()).unwrap_or_default()
    }

    /// Everything that must be in no output.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        let logins = self.hops.iter().map(|hop| &hop.login);
        let mut secrets: Vec<_> = logins
            .flat_map(|login| login.password.iter().chain(&login.passphrase))
            .cloned()
            .collect();
        if let Sudo::Ask(Some(password)) = &self.sudo {
            secrets.push(password.clone());
        }
        secrets
    }
}

impl Hop {
    /// A bastion on the way to a host, whose user, login and known hosts count where it has none of its own.
    fn through(index: usize, bastion: &Bastion, host: &Hop) -> Result<Self, Error> {
        let login = if bastion.has_login() {
            Login::of_bastion(bastion)
        } else {
            host.login.clone()
        };
        let known_hosts = match (&bastion.known_hosts, &bastion.host_key) {
            (None, None) => host.trust.known_hosts.clone(),
            (given, _) => read_known_hosts(given.as_deref())?,
        };
        let trust = Trust {
            keys: recorded(bastion.host_key.as_deref())?,
            known_hosts,
            pin: None,
            policy: match bastion.host_key_policy.as_deref() {
                None => host.trust.policy,
                own => policy(own),
            },
        };
        Ok(Hop {
            address: Address {
                host: bastion.host.clone(),
                port: bastion.port.unwrap_or(PORT),
            },
            user: bastion.user.clone().unwrap_or_else(|| host.user.clone()),
            login,
            trust,
            timeout: host.timeout,
            bastion: Some(index),
        })
    }
}

impl Login {
    pub(super) fn of_host(ssh: &Ssh) -> Self {
        Login {
            private_key: ssh.private_key.clone(),
            passphrase: ssh.passphrase.clone(),
            certificate: ssh.certificate.clone(),
            agent: ssh.agent.unwrap_or_default(),
            password: ssh.password.clone(),
        }
    }

    pub(super) fn of_bastion(bastion: &Bastion) -> Self {
        Login {
            private_key: bastion.private_key.clone(),
            passphrase: bastion.passphrase.clone(),
            certificate: bastion.certificate.clone(),
            agent: bastion.agent.unwrap_or_default(),
            password: bastion.password.clone(),
        }
    }

    /// The private key, if there is one.
    ///
    /// # Errors
    /// Tells what is wrong with it, without a word of it.
    pub(super) fn key(&self) -> Result<Option<PrivateKey>, KeyProblem> {
        let Some(text) = &self.private_key else { return Ok(None) };
        let text = text.expose_secret();
        let passphrase = self.passphrase.as_ref().map(|secret| secret.expose_secret());
        match decode_secret_key(text, passphrase) {
            Ok(key) => Ok(Some(key)),
            Err(_) if !rules::is_encrypted(text) => Err(KeyProblem::Unreadable),
            Err(_) if passphrase.is_none() => Err(KeyProblem::Encrypted),
            Err(_) => Err(KeyProblem::Passphrase),
        }
    }

    /// The certificate, if there is one that can be read.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        Certificate::from_openssh(self.certificate.as_ref()?.trim()).ok()
    }

    /// Whether there is nothing to log in with.
    pub(super) fn is_empty(&self) -> bool {
        self.private_key.is_none() && !self.agent && self.password.is_none()
    }

    fn secrets(&self) -> [Option<&str>; 3] {
        [&self.private_key, &self.passphrase, &self.password].map(|secret| exposed(secret.as_ref()))
    }
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.secrets() == other.secrets() && self.certificate == other.certificate && self.agent == other.agent
    }
}

impl PartialEq for Sudo {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Sudo::None, Sudo::None) => true,
            (Sudo::Ask(one), Sudo::Ask(other)) => exposed(one.as_ref()) == exposed(other.as_ref()),
            (Sudo::None | Sudo::Ask(_), _) => false,
        }
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("address", &self.address)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Sudo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sudo::None => "None",
            Sudo::Ask(_) => "Ask",
        })
    }
}

fn recorded(keys: Option<&[String]>) -> Result<Vec<Recorded>, Error> {
    let keys = keys.unwrap_or_default().iter();
    keys.map(|key| Recorded::parse(key).map_err(|message| Error::HostKeyFormat { message }))
        .collect()
}

fn read_known_hosts(given: Option<&str>) -> Result<KnownHosts, Error> {
    let Some(given) = given else {
        return Ok(KnownHosts::default());
    };
    if !known_hosts::is_path(given) {
        return Ok(KnownHosts::parse(given));
    }
    let path: PathBuf = home::expand(given.trim());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(KnownHosts::parse(&text)),
        Err(source) => Err(Error::ReadKnownHosts { path, source }),
    }
}

fn policy(given: Option<&str>) -> Policy {
    match given {
        Some("accept-new") => Policy::AcceptNew,
        Some("insecure") => Policy::Insecure,
        _ => Policy::Verify,
    }
}

fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(|secret| secret.expose_secret())
}

#[cfg(test)]
mod tests;
