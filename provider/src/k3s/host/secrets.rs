//! What is secret on a host: tokens, and the administrator's kubeconfig. It is read only when it is needed, and never
//! shown.
//!
//! The token of a running cluster is changed at [its own API](https://docs.k3s.io/cli/token), as `k3s token
//! rotate` does: that command would show both tokens in the list of processes. `kubectl` carries the requests, with a
//! kubeconfig that only root can read, and that is gone at once.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::k3s::host::{Host, HostError};
use crate::k3s::paths;
use crate::k3s::token::{Token, TokenError};
use crate::ssh::{self, Command};

/// Arguments: name and path of each file. Prints those that are there.
const READ: &str = r#"while [ $# -gt 1 ]; do
  [ -f "$2" ] && { text=$(cat -- "$2") || exit 1; printf '%s=%s\n' "$1" "$text"; }
  shift 2
done
exit 0"#;

/// Argument: the file, which may be missing.
const READ_ALL: &str = r#"[ ! -f "$1" ] || cat -- "$1""#;

/// Arguments: the data folder, and where k3s takes another token; variables: a kubeconfig, and what k3s is told.
const CHANGE: &str = r#"kubectl=$1/data/current/bin/kubectl authority=$1/server/tls/server-ca.crt
umask 077
folder=$(mktemp -d /run/cht-k3s.XXXXXX) || exit 1
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 15' HUP INT TERM
server=$(sed -n 's/^ *server: *//p' /etc/rancher/k3s/k3s.yaml | head -n 1)
printf '%s' "$login" > "$folder/config"
printf '%s' "$body" | "$kubectl" --kubeconfig "$folder/config" --server "$server" --certificate-authority "$authority" \
  --request-timeout 60s replace --raw "$2" -f -"#;

/// Where k3s takes another token.
const TOKEN_API: &str = "/v1-k3s/token";

/// The tokens on a host.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// The one that its file has for k3s.
    pub server: Option<Token>,
    /// The one of agents, on servers.
    pub agent: Option<Token>,
    /// The one that k3s itself has written down: with which it was started last, or which the cluster was given since
    /// by way of this server.
    pub cluster: Option<Token>,
}

impl Host {
    /// Reads all tokens on the host.
    ///
    /// # Errors
    /// A file cannot be read, or holds no token.
    pub async fn tokens(&self) -> Result<Tokens, HostError> {
        let step = "read the tokens on";
        let cluster = format!("{}/server/token", self.data_dir());
        let files = [
            ("server", paths::TOKEN),
            ("agent", paths::AGENT_TOKEN),
            ("cluster", cluster.as_str()),
        ];
        let arguments: Vec<&str> = files.iter().flat_map(|(name, path)| [*name, *path]).collect();
        let command = Command::script(step, READ, &arguments).private();
        let output = self.session().run(command).await.map_err(self.failed(step))?;
        let text = SecretString::from(output.text());
        let mut found = self.parse(&text, &files)?;
        Ok(Tokens {
            server: found.remove("server"),
            agent: found.remove("agent"),
            cluster: found.remove("cluster"),
        })
    }

    /// The token of the cluster, if there is one: that of k3s itself, or else that of our own file.
    ///
    /// # Errors
    /// A file cannot be read, or holds no token.
    pub async fn token(&self) -> Result<Option<Token>, HostError> {
        let tokens = self.tokens().await?;
        Ok(tokens.cluster.or(tokens.server))
    }

    /// The token of agents, if they have one of their own.
    ///
    /// # Errors
    /// A file cannot be read, or holds no token.
    pub async fn agent_token(&self) -> Result<Option<Token>, HostError> {
        Ok(self.tokens().await?.agent)
    }

    /// The administrator's kubeconfig, if k3s has written one.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn kubeconfig(&self) -> Result<Option<SecretString>, HostError> {
        let step = "read the kubeconfig on";
        let command = Command::script(step, READ_ALL, &[paths::KUBECONFIG]).private();
        let text = self.session().run(command).await.map_err(self.failed(step))?.text();
        Ok((!text.trim().is_empty()).then(|| text.into()))
    }

    /// Gives the cluster another token, in place of the one that it takes now. No file of ours is changed.
    ///
    /// # Errors
    /// It does not take the old one, or does not answer.
    pub async fn rotate_token(&self, old: &Token, new: &Token) -> Result<(), HostError> {
        let step = "change the token on";
        let body = json!({ "newToken": new.short().expose_secret() }).to_string();
        let command = Command::script(step, CHANGE, &[self.data_dir(), TOKEN_API])
            .variable("login", login(old))
            .variable("body", body.into())
            .masking(old.short())
            .masking(new.short());
        match self.session().run(command).await {
            Ok(_) => Ok(()),
            Err(ssh::Error::CommandFailed { output, .. }) if is_refusal(&output) => Err(HostError::TokenRefused {
                host: self.name().to_owned(),
            }),
            Err(source) => Err(self.failed(step)(source)),
        }
    }

    fn parse<'a>(&self, text: &SecretString, files: &[(&'a str, &str)]) -> Result<BTreeMap<&'a str, Token>, HostError> {
        let mut found = BTreeMap::new();
        for (name, path) in files {
            let lines = text.expose_secret().lines();
            let value = lines
                .filter_map(|line| line.split_once('='))
                .find(|(key, _)| key == name);
            let Some((_, value)) = value else { continue };
            let token = Token::parse_found(value).map_err(|source: TokenError| HostError::Token {
                host: self.name().to_owned(),
                path: (*path).to_owned(),
                source,
            })?;
            found.insert(*name, token);
        }
        Ok(found)
    }
}

/// A kubeconfig with the login of a server, and nothing of where it is. JSON is YAML, too.
fn login(token: &Token) -> SecretString {
    let user = json!({ "username": "server", "password": token.short().expose_secret() });
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "k3s", "cluster": {} }],
        "users": [{ "name": "k3s", "user": user }],
        "contexts": [{ "name": "k3s", "context": { "cluster": "k3s", "user": "k3s" } }],
        "current-context": "k3s",
    })
    .to_string()
    .into()
}

/// Whether `kubectl` was told that the login is wrong.
fn is_refusal(said: &str) -> bool {
    ["Unauthorized", "Forbidden", "forbidden"]
        .iter()
        .any(|word| said.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_says_who_and_not_where() {
        let login = login(&Token::parse("it's-\"quoted\"").unwrap());
        let config: serde_json::Value = serde_json::from_str(login.expose_secret()).unwrap();
        let user = &config["users"][0]["user"];
        assert_eq!(
            (&user["username"], &user["password"]),
            (&json!("server"), &json!("it's-\"quoted\""))
        );
        assert_eq!(config["clusters"][0]["cluster"], json!({}));
    }

    #[test]
    fn a_refusal_is_told_from_other_failures() {
        assert!(is_refusal("error: You must be logged in to the server (Unauthorized)"));
        assert!(!is_refusal(
            "Unable to connect to the server: dial tcp: connection refused"
        ));
    }
}
