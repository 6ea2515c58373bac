//! What the attributes of [`super::attribute`] have to do with each other. What each accepts by itself is in
//! [`super::rules`].

use secrecy::ExposeSecret as _;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::attribute::{Ssh, SshDraft};
use super::route::{KeyProblem, Login};
use super::rules;

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

fn check_login(login: &Login, path: &Path, diagnostics: &mut Diagnostics) {
    if let Err(problem) = login.key() {
        let (attribute, detail) = match problem {
            KeyProblem::Encrypted => (Ssh::PRIVATE_KEY, "The key is encrypted: give `passphrase` as well."),
            KeyProblem::Passphrase => (Ssh::PASSPHRASE, "It does not decrypt `private_key`."),
            KeyProblem::Unreadable => {
                let text = login.private_key.as_ref().map(|key| key.expose_secret());
                (
                    Ssh::PRIVATE_KEY,
                    rules::instead_of_private_key(text.unwrap_or_default()),
                )
            }
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
                "Whoever can intercept the connection can take the place of the host and learn every secret that is sent \
                 there. Record the key in `host_key` instead, or use `accept-new`.",
            )
            .at(path.clone().attribute(Ssh::HOST_KEY_POLICY)),
        );
    }
}
