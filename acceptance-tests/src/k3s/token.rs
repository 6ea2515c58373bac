//! Join tokens: `PASSWORD`, `K10<hash of the CA>::<user>:PASSWORD`, and the `id.secret` form that only agents may use.

use anyhow::{Result, bail};

use super::certificates::sha256_hex;

/// What the secure form starts with.
const PREFIX: &str = "K10";

/// A token, taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    pub(super) ca_hash: Option<String>,
    pub(super) password: String,
}

/// Takes apart a token for a server: the `id.secret` form is none.
pub(super) fn parse(text: &str) -> Result<Token> {
    match split(text.trim()) {
        Some(token) if !is_bootstrap_token(&token.password) => Ok(token),
        _ => bail!(
            "failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>"
        ),
    }
}

/// The secure form.
pub(super) fn secure(ca_pem: &str, user: &str, password: &str) -> String {
    format!("{PREFIX}{}::{user}:{password}", sha256_hex(ca_pem.as_bytes()))
}

/// Holds the hash in a token, if it has one, to the CA that a server presents.
pub(super) fn check_ca(token: &Token, ca_pem: &str) -> Result<()> {
    let found = sha256_hex(ca_pem.as_bytes());
    match &token.ca_hash {
        Some(hash) if *hash != found => {
            bail!("token CA hash does not match the Cluster CA certificate hash: {hash} != {found}")
        }
        Some(_) => {}
        None => super::log::warning(
            "Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. \
             Use the full token from the server's node-token file to enable Cluster CA validation.",
        ),
    }
    Ok(())
}

/// The name under which bootstrap data of this password is stored.
pub(super) fn short_hash(password: &str) -> String {
    sha256_hex(password.as_bytes()).chars().take(12).collect()
}

fn split(text: &str) -> Option<Token> {
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return (!text.is_empty()).then(|| Token {
            ca_hash: None,
            password: text.to_owned(),
        });
    };
    let (hash, credentials) = rest.split_once("::")?;
    let (_, password) = credentials.split_once(':')?;
    let is_hash = hash.is_empty() || (hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()));
    (is_hash && !password.is_empty()).then(|| Token {
        ca_hash: Some(hash.to_owned()).filter(|hash| !hash.is_empty()),
        password: password.to_owned(),
    })
}

/// Whether a text has the form of kubeadm's tokens.
fn is_bootstrap_token(text: &str) -> bool {
    let of = |part: &str, length: usize| {
        part.len() == length && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    matches!(text.split_once('.'), Some((id, secret)) if of(id, 6) && of(secret, 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_secure_forms_carry_the_same_password() {
        let secure = secure("ca", "server", "pass");
        assert_eq!(parse("pass").unwrap().password, "pass");
        let token = parse(&secure).unwrap();
        assert_eq!(token.password, "pass");
        check_ca(&token, "ca").unwrap();
        let error = check_ca(&token, "another ca").unwrap_err().to_string();
        assert!(error.starts_with("token CA hash does not match"), "{error}");
    }

    #[test]
    fn dotted_token_is_none_for_a_server() {
        for text in [
            "abcdef.0123456789abcdef",
            "K10::abcdef.0123456789abcdef",
            "K10dead::server:x",
            "",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("failed to normalize server token"), "{text}: {error}");
        }
    }
}
