//! Tokens, with which hosts join a cluster.
//!
//! The facts are those of [k3s' tokens](https://docs.k3s.io/cli/token). The password in a server's token is also what
//! the bootstrap data in the datastore is encrypted with: without it, a snapshot is of no use. A token is *secure* when
//! it holds the hash of the cluster's authority, too: then the host that joins knows that it speaks with the right
//! cluster.

use std::fmt;

use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::digest;

/// About 285 bits: nobody has to type it.
const GENERATED_LENGTH: usize = 48;

/// What a secure token begins with.
const SECURE_PREFIX: &str = "K10";

/// The password in a token.
#[derive(Clone)]
pub struct Token(SecretString);

/// Whom a secure token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// Servers, and agents where these have no token of their own.
    Server,
    /// Agents.
    Node,
}

/// By what a token is known that is not kept: hashes of the files that hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHashes {
    /// Of the token alone.
    pub short: String,
    /// Of the token that names the cluster.
    pub secure: String,
    /// Of the file in which k3s has written that down.
    pub own: String,
}

/// A token that a cluster cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is empty.
    #[error("the token is empty")]
    Empty,
    /// It is the secure form, which holds the hash of an authority that a new cluster does not have yet.
    #[error("the token begins with K10: give only the password in it, which is what follows the last colon")]
    Secure,
    /// It is a secure token of another form than k3s writes.
    #[error("the token begins with K10, but is not of the form K10<hash>::<user>:<password>")]
    Malformed,
    /// It has a blank.
    #[error("the token has a blank or a line break")]
    Whitespace,
    /// It has what stands between the parts of a secure token.
    #[error("the token has two colons in a row, which k3s takes for the end of a hash")]
    Separator,
    /// It has the form of a token for agents only, with which a server destroys its access to its own data.
    #[error(
        "the token has the form of a bootstrap token, six characters and sixteen behind a dot, which is for agents only"
    )]
    Bootstrap,
}

impl Token {
    /// Makes a token.
    #[must_use]
    pub fn generate() -> Self {
        Self(Alphanumeric.sample_string(&mut rand::rng(), GENERATED_LENGTH).into())
    }

    /// Takes the token that somebody chose for a cluster.
    ///
    /// # Errors
    /// No cluster can have it.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if text.starts_with(SECURE_PREFIX) {
            return Err(TokenError::Secure);
        }
        check_password(text)?;
        Ok(Self(text.into()))
    }

    /// Takes the token of a cluster that exists, as it is found on a server, in either form.
    ///
    /// # Errors
    /// It is no token of k3s.
    pub fn parse_found(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(SECURE_PREFIX) else {
            return Self::parse(text);
        };
        let (hash, login) = rest.split_once("::").ok_or(TokenError::Malformed)?;
        let (_, password) = login.split_once(':').ok_or(TokenError::Malformed)?;
        if !digest::is_sha256(hash) || password.is_empty() {
            return Err(TokenError::Malformed);
        }
        check_password(password)?;
        Ok(Self(password.into()))
    }

    /// The token as the first server needs it, which makes the authority itself.
    #[must_use]
    pub fn short(&self) -> SecretString {
        self.0.clone()
    }

    /// The token that names the cluster, by the hash of its authority: what `GET /cacerts` answers, byte by byte.
    #[must_use]
    pub fn secure(&self, ca_hash: &str, bearer: Bearer) -> SecretString {
        let user = match bearer {
            Bearer::Server => "server",
            Bearer::Node => "node",
        };
        format!("{SECURE_PREFIX}{ca_hash}::{user}:{}", self.0.expose_secret()).into()
    }

    /// By what it is known in the cluster of an authority.
    #[must_use]
    pub fn hashes(&self, ca_hash: &str) -> TokenHashes {
        let secure = self.secure(ca_hash, Bearer::Server);
        let secure = secure.expose_secret();
        TokenHashes {
            short: self.sha256(),
            secure: digest::sha256(secure.as_bytes()),
            // k3s ends its file with a new line.
            own: digest::sha256(format!("{secure}\n").as_bytes()),
        }
    }

    /// The hash by which tokens can be compared without showing one.
    #[must_use]
    pub fn sha256(&self) -> String {
        digest::sha256(self.0.expose_secret().as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([REDACTED])")
    }
}

fn check_password(text: &str) -> Result<(), TokenError> {
    if text.chars().any(char::is_whitespace) {
        return Err(TokenError::Whitespace);
    }
    if text.contains("::") {
        return Err(TokenError::Separator);
    }
    let is_part = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_bootstrap = text
        .split_once('.')
        .is_some_and(|(id, secret)| is_part(id, 6) && is_part(secret, 16));
    if is_bootstrap {
        Err(TokenError::Bootstrap)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn generated_tokens_are_accepted_and_differ() {
        let (one, other) = (Token::generate(), Token::generate());
        assert!(Token::parse(one.short().expose_secret()).is_ok());
        assert_eq!(one.short().expose_secret().len(), GENERATED_LENGTH);
        assert_ne!(one.sha256(), other.sha256());
        assert_eq!(format!("{one:?}"), "Token([REDACTED])");
    }

    #[test]
    fn tokens_that_would_break_a_cluster_are_refused() {
        for (text, error) in [
            ("", TokenError::Empty),
            ("K10abc::server:x", TokenError::Secure),
            ("K10", TokenError::Secure),
            ("a b", TokenError::Whitespace),
            ("a\n", TokenError::Whitespace),
            ("a::b", TokenError::Separator),
            ("abcdef.0123456789abcdef", TokenError::Bootstrap),
        ] {
            assert_eq!(Token::parse(text).expect_err(text), error);
        }
        for text in ["correct-horse", "abcdef.0123456789ABCDEF", "a:b", "abcdef.short"] {
            assert!(Token::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_found_token_is_its_password_in_either_form() {
        let secure = format!("K10{HASH}::server:pass:word\n");
        for text in [&secure, "pass:word\n"] {
            assert_eq!(Token::parse_found(text).unwrap().short().expose_secret(), "pass:word");
        }
        for text in [
            "K10",
            "K10abc::server:x",
            &format!("K10{HASH}::server"),
            &format!("K10{HASH}::server:"),
        ] {
            assert_eq!(Token::parse_found(text).expect_err(text), TokenError::Malformed);
        }
    }

    #[test]
    fn the_secure_form_names_the_cluster_and_the_bearer() {
        let token = Token::parse("secret").unwrap();
        let text = |bearer| token.secure(HASH, bearer).expose_secret().to_owned();
        assert_eq!(text(Bearer::Server), format!("K10{HASH}::server:secret"));
        assert_eq!(text(Bearer::Node), format!("K10{HASH}::node:secret"));
        let found = Token::parse_found(&text(Bearer::Node)).unwrap();
        assert_eq!(found.sha256(), token.sha256());
    }
}
