//! Which attribute decides each failure, and what to do next.

use super::attribute::Ssh;
use super::error::Error;

/// What decides a failure.
pub(super) enum Blamed {
    /// No attribute.
    Nothing,
    /// The address of the host.
    Host,
    /// A part of the way to it.
    Ssh(&'static str),
}

/// The attribute to blame.
pub(super) fn blamed(error: &Error) -> Blamed {
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
pub(super) fn advice(error: &Error) -> String {
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
