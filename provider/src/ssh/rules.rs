//! What the attributes of [`super::attribute`] accept, each by itself. No message quotes a secret.

use russh::keys::{Certificate, decode_secret_key};
use tf_framework::schema::Validator;

use super::host_key::Recorded;
use super::known_hosts::{self, KnownHosts};

/// What a private key that cannot be read may be instead. Validators say nothing of what is secret, so this is none.
pub(super) fn instead_of_private_key(text: &str) -> &'static str {
    if text.trim_start().starts_with("ssh-") || text.trim_start().starts_with("ecdsa-") {
        return "It is the public key. Give the private one, from the file without `.pub`.";
    }
    if !text.contains("-----BEGIN ") {
        return "It must be the text of a private key, which begins with `-----BEGIN OPENSSH PRIVATE KEY-----`. For a path, \
                write `file(pathexpand(\"~/.ssh/id_ed25519\"))`.";
    }
    "It cannot be read. Give the whole file, with its first and last line, and nothing before them."
}

/// An OpenSSH certificate for users.
pub(super) fn certificate() -> Validator {
    Validator::string("an OpenSSH certificate for a user", |text| {
        let certificate = Certificate::from_openssh(text.trim()).map_err(|_| {
            "It is no OpenSSH certificate. Give the text of the file that `ssh-keygen -s` writes, which ends with \
             `-cert.pub`."
                .to_owned()
        })?;
        if certificate.cert_type() == russh::keys::ssh_key::certificate::CertType::User {
            Ok(())
        } else {
            Err(
                "It is a certificate for a host. Users log in with one for a user: `ssh-keygen -s` without `-h`."
                    .to_owned(),
            )
        }
    })
}

/// A public key or a print.
pub(super) fn host_key() -> Validator {
    Validator::string("a public key or its SHA-256 print", |text| {
        Recorded::parse(text).map(|_| ())
    })
}

/// A path, or a text of which each line can be read.
pub(super) fn known_hosts() -> Validator {
    Validator::string(
        "known hosts in the format of OpenSSH, or the path of such a file",
        |text| {
            if known_hosts::is_path(text) {
                return Ok(());
            }
            KnownHosts::parse(text).check()
        },
    )
}

/// The address of a host, alone.
pub fn host() -> Validator {
    Validator::string("a host name or an IP address", |text| {
        let is_address = text.parse::<std::net::IpAddr>().is_ok();
        let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._%".contains(c));
        if is_address || (is_name && !text.starts_with('-')) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is no address of a host: give a name or an IP address, without user, port or scheme."
        ))
    })
}

/// A secret that is handed over as a line.
pub(super) fn one_line() -> Validator {
    Validator::string("a text of one line", |text| {
        if text.contains(['\n', '\r']) {
            return Err("It must not have line breaks. Is there one at the end?".to_owned());
        }
        Ok(())
    })
}

/// Whether a private key needs a passphrase.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.contains("ENCRYPTED") || matches!(decode_secret_key(text, None), Err(russh::keys::Error::KeyIsEncrypted))
}
