//! The `ssh` attribute: how hosts are logged in to, as a value.
//!
//! Every resource that works on hosts takes it beside the host's address; the provider block has the default. What the
//! value of a resource does not say, the default says ([`Ssh::over`]), so that the key can stand in the provider block,
//! of which nothing is stored, and what differs between hosts (such as `host_key`) in the resource. [`super::route`]
//! makes of both what is dialed; the rules for single attributes are in [`super::rules`].

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::custom_types::Text;
use tf_framework::schema::Validator;

use super::rules;

/// How the host is logged in to. What is not given is taken from `ssh` in the provider block.
#[derive(Clone, Default, Model)]
pub struct Ssh {
    /// Name of the user to log in as. Default: `root`.
    #[tf(validate(Validator::not_empty(), Validator::no_whitespace()))]
    pub user: Option<String>,
    /// Port of the SSH server. Default: 22.
    #[tf(validate(Validator::between(1..=65535)))]
    pub port: Option<u16>,
    /// Private key to log in with, as in the file that `ssh-keygen` writes. In the provider block, it is stored
    /// nowhere.
    pub private_key: Option<SecretString>,
    /// Passphrase of `private_key`.
    #[tf(requires(private_key))]
    pub passphrase: Option<SecretString>,
    /// OpenSSH certificate of `private_key`, or of a key that the agent holds: what `ssh-keygen -s` writes.
    #[tf(validate(rules::certificate()))]
    pub certificate: Option<String>,
    /// Password to log in with, where there is no key.
    #[tf(validate(Validator::not_empty()))]
    pub password: Option<SecretString>,
    /// Use the keys of the SSH agent that `SSH_AUTH_SOCK` names.
    pub agent: Option<bool>,
    /// Keys by which the host is known: lines such as `ssh-ed25519 AAAA…`, as in `/etc/ssh/ssh_host_ed25519_key.pub` on
    /// it, or prints such as `SHA256:…`.
    #[tf(validate(Validator::not_empty(), Validator::each(rules::host_key())))]
    pub host_key: Option<Vec<String>>,
    /// Known hosts in the format of OpenSSH: the text, or the path of a file, which begins with `/`, `~` or `.`.
    #[tf(validate(rules::known_hosts()))]
    pub known_hosts: Option<String>,
    /// What to do with a host whose key is not recorded in `host_key` or `known_hosts`: refuse it (`verify`), believe
    /// it the first time (`accept-new`), or believe any key at all times (`insecure`). Default: `verify`.
    #[tf(validate(Validator::one_of(["verify", "accept-new", "insecure"])))]
    pub host_key_policy: Option<String>,
    /// Hosts to go through, the first one first.
    pub bastion: Option<Vec<Bastion>>,
    /// Become root by `sudo`. Default: `true`, unless `user` is `root`.
    pub sudo: Option<bool>,
    /// Password that `sudo` asks for; it gets it on its standard input. Not needed where `sudo` asks for none.
    #[tf(validate(Validator::not_empty(), rules::one_line()))]
    pub sudo_password: Option<SecretString>,
    /// How long each connection may take, login included. Default: `30s`.
    pub connect_timeout: Option<Text<Duration>>,
    /// How long a command on the host may take where nothing else is said. Default: `5m`.
    pub command_timeout: Option<Text<Duration>>,
}

/// A host to go through. Where it says nothing of the user, the login or the known hosts, those of the host behind it
/// count.
#[derive(Clone, Default, Model)]
pub struct Bastion {
    /// Address of the bastion, as seen from the one before it.
    #[tf(validate(rules::host()))]
    pub host: String,
    /// Name of the user to log in as.
    #[tf(validate(Validator::not_empty(), Validator::no_whitespace()))]
    pub user: Option<String>,
    /// Port of the SSH server. Default: 22.
    #[tf(validate(Validator::between(1..=65535)))]
    pub port: Option<u16>,
    /// Private key to log in with.
    pub private_key: Option<SecretString>,
    /// Passphrase of `private_key`.
    #[tf(requires(private_key))]
    pub passphrase: Option<SecretString>,
    /// OpenSSH certificate of `private_key`, or of a key that the agent holds.
    #[tf(validate(rules::certificate()))]
    pub certificate: Option<String>,
    /// Password to log in with, where there is no key.
    #[tf(validate(Validator::not_empty()))]
    pub password: Option<SecretString>,
    /// Use the keys of the SSH agent that `SSH_AUTH_SOCK` names.
    pub agent: Option<bool>,
    /// Keys by which the bastion is known, as for the host.
    #[tf(validate(Validator::not_empty(), Validator::each(rules::host_key())))]
    pub host_key: Option<Vec<String>>,
    /// Known hosts in the format of OpenSSH, as for the host.
    #[tf(validate(rules::known_hosts()))]
    pub known_hosts: Option<String>,
    /// What to do with a key that is not recorded, as for the host.
    #[tf(validate(Validator::one_of(["verify", "accept-new", "insecure"])))]
    pub host_key_policy: Option<String>,
}

impl Ssh {
    /// This value, with what it does not say taken from the default. The ways to log in belong together, and so do the
    /// ways to know the host: a part of either hides all of the default's.
    #[must_use]
    pub fn over(mut self, default: Option<&Ssh>) -> Ssh {
        let Some(default) = default.cloned() else { return self };
        if !self.has_login() {
            self.private_key = default.private_key;
            self.passphrase = default.passphrase;
            self.certificate = default.certificate;
            self.password = default.password;
            self.agent = default.agent;
        }
        if self.host_key.is_none() && self.known_hosts.is_none() && self.host_key_policy.is_none() {
            self.host_key = default.host_key;
            self.known_hosts = default.known_hosts;
            self.host_key_policy = default.host_key_policy;
        }
        self.user = self.user.or(default.user);
        self.port = self.port.or(default.port);
        self.bastion = self.bastion.or(default.bastion);
        self.sudo = self.sudo.or(default.sudo);
        self.sudo_password = self.sudo_password.or(default.sudo_password);
        self.connect_timeout = self.connect_timeout.or(default.connect_timeout);
        self.command_timeout = self.command_timeout.or(default.command_timeout);
        self
    }

    /// Whether it says anything of how to log in.
    pub fn has_login(&self) -> bool {
        self.private_key.is_some() || self.certificate.is_some() || self.password.is_some() || self.agent.is_some()
    }
}

impl Bastion {
    /// Whether it says anything of how to log in.
    pub fn has_login(&self) -> bool {
        self.private_key.is_some() || self.certificate.is_some() || self.password.is_some() || self.agent.is_some()
    }
}

impl fmt::Debug for Ssh {
    /// Tells how the host is reached, and nothing that gives access to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ssh")
            .field("user", &self.user)
            .field("port", &self.port)
            .field("host_key", &self.host_key)
            .field("host_key_policy", &self.host_key_policy)
            .field("bastion", &self.bastion)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Bastion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bastion")
            .field("host", &self.host)
            .field("user", &self.user)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
