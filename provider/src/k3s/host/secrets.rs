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

/// Arguments: the data folder, where k3s takes another token, and the file with that of agents; variables: a
/// kubeconfig, what k3s is told, and another token of agents, or nothing. k3s stores what its own file of passwords
/// says along with the token of servers, and never else: a server that was only told another token of agents does not
/// start again alone. So that file gets it before, and is as it was if k3s refuses. No command is given a secret.
const CHANGE: &str = r#"kubectl=$1/data/current/bin/kubectl authority=$1/server/tls/server-ca.crt
passwords=$1/server/cred/passwd api=$2 file=$3 part=${3%/*}/.cht-agent-token is_open=
umask 077
folder=$(mktemp -d /run/cht-k3s.XXXXXX) || exit 1
trap '[ -z "$is_open" ] || cp -p -- "$folder/passwd" "$passwords"; rm -rf -- "$folder" "$part"' EXIT
trap 'exit 15' HUP INT TERM
server=$(sed -n 's/^ *server: *//p' /etc/rancher/k3s/k3s.yaml | head -n 1)
printf '%s' "$login" > "$folder/config"
change() {
  printf '%s' "$body" | "$kubectl" --kubeconfig "$folder/config" --server "$server" --certificate-authority "$authority" \
    --request-timeout 60s replace --raw "$api" -f -
}
[ -n "$agents" ] || { change; exit; }
cp -p -- "$passwords" "$folder/passwd" || exit 1
found=
while IFS= read -r line || [ -n "$line" ]; do
  case $line in *,node,node,*) line=$agents,node,node,${line##*,node,node,} found=yes ;; esac
  printf '%s\n' "$line"
done < "$folder/passwd" > "$folder/changed"
[ -n "$found" ] || { echo "$passwords does not say which token agents have" >&2; exit 1; }
printf '%s' "$agents" > "$part" && mv -f -- "$part" "$file" || exit 1
is_open=yes
cat -- "$folder/changed" > "$passwords" && change || exit 1
is_open=
while IFS= read -r line; do
  case $line in "$agents",node,node,*) exit 0 ;; esac
done < "$passwords"
echo "k3s has another token of servers, and has not kept that of agents" >&2
exit 1"#;

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
    /// The one of agents that k3s itself has written down: that of servers, if they have none of their own.
    pub given_agents: Option<Token>,
}

impl Host {
    /// Reads all tokens on the host.
    ///
    /// # Errors
    /// A file cannot be read, or holds no token.
    pub async fn tokens(&self) -> Result<Tokens, HostError> {
        let step = "read the tokens on";
        let of_k3s = |name: &str| format!("{}/server/{name}", self.data_dir());
        let (cluster, given_agents) = (of_k3s("token"), of_k3s("agent-token"));
        let files = [
            ("server", paths::TOKEN),
            ("agent", paths::AGENT_TOKEN),
            ("cluster", cluster.as_str()),
            ("given_agents", given_agents.as_str()),
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
            given_agents: found.remove("given_agents"),
        })
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

    /// Gives the cluster another token, in place of the one that it takes now, and another token of `agents` along with
    /// it, if there is one. No file of ours is changed but that with the token of agents.
    ///
    /// # Errors
    /// It does not take the old one, or does not answer.
    pub async fn rotate_token(&self, old: &Token, new: &Token, agents: Option<&Token>) -> Result<(), HostError> {
        let step = "change the token on";
        let body = json!({ "newToken": new.short().expose_secret() }).to_string();
        let arguments = [self.data_dir(), TOKEN_API, paths::AGENT_TOKEN];
        let command = Command::script(step, CHANGE, &arguments)
            .variable("login", login(old))
            .variable("body", body.into())
            .masking(old.short())
            .masking(new.short());
        let command = match agents {
            Some(agents) => command.variable("agents", agents.short()),
            None => command,
        };
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
