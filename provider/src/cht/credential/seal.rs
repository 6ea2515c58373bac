//! With which secret of CouchDB a credential was encrypted. When CouchDB gets another one, as after a restore into a
//! new instance, the CHT cannot read what it has stored, and nothing in the stored document tells.
//!
//! What is kept beside the state is a hash that is keyed with the secret, so that it tells nothing of it. Who may not
//! read the secret finds out nothing.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostics, error_chain};

use super::CredentialResource;
use crate::cht::application::{Application, Kept};

/// What is kept beside the state.
pub(super) type Private = Kept<Seal>;

/// The seal of the secret with which the credential was encrypted, if that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

/// Keeps with which secret a credential was stored a moment ago.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(super) async fn keep(
    cx: &Context<CredentialResource>,
    application: &Application,
    key: &str,
) -> Result<(), Diagnostics> {
    let mut private = cx.private()?;
    private.more.seal = live(application, key).await;
    cx.set_private(&private)
}

/// Whether the instance has another secret than when the credential was stored, as far as that can be told.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(super) async fn is_broken(
    cx: &Context<CredentialResource>,
    application: &Application,
    key: &str,
) -> Result<bool, Diagnostics> {
    let Some(kept) = cx.private()?.more.seal else {
        return Ok(false);
    };
    Ok(live(application, key).await.is_some_and(|live| live != kept))
}

async fn live(application: &Application, key: &str) -> Option<String> {
    match application.client.encryption_secret().await {
        Ok(secret) => secret.map(|secret| seal(&secret, key)),
        Err(error) => {
            tracing::info!(
                error = error_chain(&error),
                "it cannot be told with which secret credentials are encrypted"
            );
            None
        }
    }
}

fn seal(secret: &SecretString, key: &str) -> String {
    let hash_key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let hash = hmac::sign(&hash_key, key.as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_that_of_one_secret_and_does_not_tell_it() {
        let of = |secret: &str| seal(&secret.into(), "oidc:client-secret");
        assert_eq!(of("0f0e0d0c0b0a0908"), of("0f0e0d0c0b0a0908"));
        assert_ne!(of("0f0e0d0c0b0a0908"), of("0f0e0d0c0b0a0909"));
        assert!(!of("0f0e0d0c0b0a0908").contains("0f0e"));
    }

    #[test]
    fn what_was_kept_before_there_were_seals_is_read() {
        let private: Private = serde_json::from_str(r#"{"cluster":"a"}"#).expect("it is read");
        assert_eq!(private.more.seal, None);
        let empty = serde_json::to_string(&Private::default()).expect("it is written");
        assert_eq!(empty, "{}");
    }
}
