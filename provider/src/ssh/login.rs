//! The login: the given key, with its certificate if there is one; then the keys of the agent; then the password.
//!
//! A host that wants two of them, such as a key and a password, gets both. What was tried is told when nothing helped,
//! so that it can be compared with what the host accepts. API: [RFC 4252](https://www.rfc-editor.org/rfc/rfc4252).

use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse, Prompt};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Algorithm, Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg};
use russh::{AgentAuthError, MethodKind, MethodSet};
use secrecy::{ExposeSecret as _, SecretString};

use super::client::{Findings, Guard};
use super::error::Error;
use super::host_key::print_of;
use super::route::Hop;

/// How many rounds of questions a host may ask where it is to take a password.
const ROUNDS: usize = 4;

/// Logs in to a host.
///
/// # Errors
/// There is nothing to log in with, it cannot be used, or the host does not accept it.
pub(super) async fn log_in(handle: &mut Handle<Guard>, hop: &Hop, findings: &Findings) -> Result<(), Error> {
    if hop.login.is_empty() {
        return Err(Error::NoLogin {
            host: hop.address.to_string(),
        });
    }
    let mut attempt = Attempt {
        handle,
        hop,
        findings,
        tried: Vec::new(),
        accepts: None,
    };
    if attempt.key().await? || attempt.agent().await? || attempt.password().await? {
        return Ok(());
    }
    Err(Error::LoginRefused {
        host: hop.address.to_string(),
        user: hop.user.clone(),
        tried: attempt.tried,
        accepts: attempt
            .accepts
            .iter()
            .flat_map(|methods| methods.iter())
            .map(String::from)
            .collect(),
    })
}

/// A login that goes on.
struct Attempt<'a> {
    handle: &'a mut Handle<Guard>,
    hop: &'a Hop,
    findings: &'a Findings,
    tried: Vec<String>,
    /// What the host would take next, as far as it said.
    accepts: Option<MethodSet>,
}

impl Attempt<'_> {
    /// Tries the given key.
    async fn key(&mut self) -> Result<bool, Error> {
        let key = self.hop.login.key().map_err(|problem| Error::PrivateKey {
            host: self.hop.address.to_string(),
            problem,
        })?;
        let Some(key) = key.map(Arc::new) else { return Ok(false) };
        let print = print_of(key.public_key());
        let answer = if let Some(certificate) = self.hop.login.certificate() {
            self.tried
                .push(format!("the certificate {:?} of the key {print}", certificate.key_id()));
            let hash = self.rsa_hash(&key.algorithm()).await?;
            let signed = self
                .handle
                .authenticate_certificate_with(&self.hop.user, certificate, hash, &mut Signer(key))
                .await;
            signed.map_err(|_| russh::Error::Disconnect)
        } else {
            self.tried.push(format!("the key {print}"));
            let hash = self.rsa_hash(&key.algorithm()).await?;
            self.handle
                .authenticate_publickey(&self.hop.user, PrivateKeyWithHashAlg::new(key, hash))
                .await
        };
        self.answered(answer)
    }

    /// Tries each key of the agent.
    async fn agent(&mut self) -> Result<bool, Error> {
        if !self.hop.login.agent {
            return Ok(false);
        }
        let failed = |source| Error::Agent {
            source: Box::new(source),
        };
        let mut agent = connect_agent().await.map_err(failed)?;
        let identities = agent.request_identities().await.map_err(failed)?;
        let given = self
            .hop
            .login
            .certificate()
            .filter(|_| self.hop.login.private_key.is_none());
        if identities.is_empty() {
            // There may be a password, too.
            self.tried.push("the agent, which has no key".to_owned());
            return match self.hop.login.password {
                None if self.hop.login.private_key.is_none() => Err(Error::AgentEmpty),
                None | Some(_) => Ok(false),
            };
        }
        for identity in identities {
            let print = print_of(&identity.public_key());
            let answer = match with_certificate(identity, given.as_ref()) {
                AgentIdentity::Certificate { certificate, .. } => {
                    self.tried
                        .push(format!("the agent's certificate {:?}", certificate.key_id()));
                    let hash = self.rsa_hash(&certificate.algorithm()).await?;
                    self.handle
                        .authenticate_certificate_with(&self.hop.user, certificate, hash, &mut agent)
                        .await
                }
                AgentIdentity::PublicKey { key, .. } => {
                    self.tried.push(format!("the agent's key {print}"));
                    let hash = self.rsa_hash(&key.algorithm()).await?;
                    self.handle
                        .authenticate_publickey_with(&self.hop.user, key, hash, &mut agent)
                        .await
                }
            };
            match answer {
                Ok(answer) => {
                    if self.answered(Ok(answer))? {
                        return Ok(true);
                    }
                }
                // An agent may decline to sign, as when its user does not confirm.
                Err(error) => tracing::debug!(error = %error, "the SSH agent does not sign"),
            }
        }
        Ok(false)
    }

    /// Tries the password, in both ways in which hosts ask for it.
    async fn password(&mut self) -> Result<bool, Error> {
        let Some(password) = &self.hop.login.password else {
            return Ok(false);
        };
        self.tried.push("a password".to_owned());
        let takes = |accepts: &Option<MethodSet>, kind| accepts.as_ref().is_none_or(|methods| methods.contains(&kind));
        if takes(&self.accepts, MethodKind::Password) {
            let answer = self
                .handle
                .authenticate_password(&self.hop.user, password.expose_secret())
                .await;
            if self.answered(answer)? {
                return Ok(true);
            }
        }
        if takes(&self.accepts, MethodKind::KeyboardInteractive) {
            return self.answer_questions(password).await;
        }
        Ok(false)
    }

    async fn answer_questions(&mut self, password: &SecretString) -> Result<bool, Error> {
        let mut asked = self
            .handle
            .authenticate_keyboard_interactive_start(&self.hop.user, None)
            .await
            .map_err(|_| self.broken())?;
        for _ in 0..ROUNDS {
            match asked {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                    self.accepts = Some(remaining_methods);
                    return Ok(false);
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    let answers = self.answers(&prompts, password)?;
                    asked = self
                        .handle
                        .authenticate_keyboard_interactive_respond(answers)
                        .await
                        .map_err(|_| self.broken())?;
                }
            }
        }
        Ok(false)
    }

    /// The password for each question whose answer is hidden. One for a new password means that the old one has
    /// expired.
    fn answers(&self, prompts: &[Prompt], password: &SecretString) -> Result<Vec<String>, Error> {
        let new = prompts
            .iter()
            .find(|prompt| prompt.prompt.to_lowercase().contains("new password"));
        if let Some(new) = new {
            return Err(Error::PasswordExpired {
                host: self.hop.address.to_string(),
                user: self.hop.user.clone(),
                prompt: new.prompt.trim().to_owned(),
            });
        }
        let hidden = |prompt: &Prompt| match prompt.echo {
            true => String::new(),
            false => password.expose_secret().to_owned(),
        };
        Ok(prompts.iter().map(hidden).collect())
    }

    /// Whether the host lets the user in. A connection that broke is an error: there is nothing more to try.
    fn answered(&mut self, answer: Result<AuthResult, russh::Error>) -> Result<bool, Error> {
        match answer {
            Ok(AuthResult::Success) => Ok(true),
            Ok(AuthResult::Failure { .. }) if self.handle.is_closed() => Err(self.broken()),
            Ok(AuthResult::Failure { remaining_methods, .. }) => {
                self.accepts = Some(remaining_methods);
                Ok(false)
            }
            Err(_) => Err(self.broken()),
        }
    }

    fn broken(&self) -> Error {
        let tried = self.tried.join(", ");
        self.hop.disconnected(&format!(
            "{}, after {} had tried {tried}",
            self.findings.goodbye(),
            self.hop.user
        ))
    }

    /// The hash for signatures with a key of RSA: never SHA-1, even if the host says that it knows nothing else.
    async fn rsa_hash(&self, algorithm: &Algorithm) -> Result<Option<HashAlg>, Error> {
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return Ok(None);
        }
        let best = self.handle.best_supported_rsa_hash().await.map_err(|_| self.broken())?;
        Ok(Some(best.flatten().unwrap_or(HashAlg::Sha512)))
    }
}

/// Signs with a key that has a certificate. russh does so itself, but for keys of RSA with SHA-1 alone.
struct Signer(Arc<PrivateKey>);

impl russh::Signer for Signer {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> Result<Vec<u8>, Self::Error> {
        let signature = match self.0.key_data() {
            KeypairData::Rsa(pair) => (pair, hash).try_sign(&data),
            pair => pair.try_sign(&data),
        };
        let signature = signature.map_err(|_| russh::keys::Error::InvalidSignature)?;
        signature.encode_prefixed(&mut data).map_err(russh::keys::Error::from)?;
        Ok(data)
    }
}

/// The agent's key with the given certificate, if it is the one of that.
fn with_certificate(identity: AgentIdentity, given: Option<&Certificate>) -> AgentIdentity {
    match given {
        Some(certificate) if certificate.public_key() == identity.public_key().key_data() => certificate.clone().into(),
        Some(_) | None => identity,
    }
}

#[cfg(unix)]
async fn connect_agent()
-> Result<AgentClient<impl russh::keys::agent::client::AgentStream + Send + Unpin>, russh::keys::Error> {
    AgentClient::connect_env().await
}

#[cfg(windows)]
async fn connect_agent()
-> Result<AgentClient<impl russh::keys::agent::client::AgentStream + Send + Unpin>, russh::keys::Error> {
    AgentClient::connect_named_pipe(r"\\.\pipe\openssh-ssh-agent").await
}
