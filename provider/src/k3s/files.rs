//! The files that a host needs: paths, modes and texts.
//!
//! Which of them differ from those on the host tells what has to be written, and [`HostFiles::restart_hash`] whether
//! k3s has to be restarted for it. The marker is not among them: it is written between steps
//! ([`marker`](super::marker)).

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::config::registries::Registries;
use super::config::{AgentSettings, ClusterSettings, Config, Join, NodeSettings, Role};
use super::program::Image;
use super::unit::{Environment, Proxy, unit};
use super::{digest, paths};

/// Where the hash of the password is among those that tell of a restart.
const PASSWORD: usize = 2;

/// One file.
#[derive(Clone)]
pub struct HostFile {
    /// Where it is.
    pub path: &'static str,
    /// Who may read it. All are owned by root.
    pub mode: u32,
    /// What it says.
    pub text: SecretString,
}

/// All files of a host.
#[derive(Clone, Debug)]
pub struct HostFiles {
    /// The files, in the order in which they are written: the unit last, so that nothing starts before all is there.
    pub files: Vec<HostFile>,
    /// Files that must not be there: what they said is not wanted any more.
    pub absent: Vec<&'static str>,
    /// Archives of images. k3s loads them also while it runs.
    pub images: Vec<Image>,
    /// Hashes of what k3s reads only when it starts, beside the tokens.
    restart_hashes: Vec<String>,
    password_hash: String,
    shared: BTreeMap<&'static str, Vec<String>>,
}

/// What the files of a server say.
#[derive(Clone, Copy)]
pub struct ServerFiles<'a> {
    /// What is the same on all servers.
    pub cluster: &'a ClusterSettings,
    /// What is its own.
    pub node: &'a NodeSettings,
    /// How it becomes part of the cluster.
    pub join: &'a Join,
    /// The token of servers: the short form for the first server, else the secure one.
    pub token: &'a SecretString,
    /// The token of agents, if they have one of their own.
    pub agent_token: Option<&'a SecretString>,
    /// Registries of images.
    pub registries: &'a Registries,
    /// How it reaches what is outside.
    pub proxy: &'a Proxy,
}

/// What the files of an agent say.
#[derive(Clone, Copy)]
pub struct AgentFiles<'a> {
    /// What it is told.
    pub settings: &'a AgentSettings,
    /// What is its own.
    pub node: &'a NodeSettings,
    /// The server through which it joins.
    pub server: &'a str,
    /// The token of agents.
    pub token: &'a SecretString,
    /// Registries of images.
    pub registries: &'a Registries,
    /// How it reaches what is outside.
    pub proxy: &'a Proxy,
}

impl HostFile {
    /// The hash by which it is compared with the one on the host.
    #[must_use]
    pub fn sha256(&self) -> String {
        digest::sha256(self.text.expose_secret().as_bytes())
    }
}

impl fmt::Debug for HostFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFile({}, {:04o})", self.path, self.mode)
    }
}

impl HostFiles {
    /// The files of a server.
    #[must_use]
    pub fn of_server(server: &ServerFiles<'_>) -> Self {
        let config = server.cluster.config(server.node, server.join);
        let environment = Environment::of_server(server.cluster, server.proxy);
        let mut files = Self::new(Role::Server, &config, server.registries, &environment, server.token);
        match server.agent_token {
            Some(token) => files.insert(paths::AGENT_TOKEN, 0o600, token.clone()),
            None => files.absent.push(paths::AGENT_TOKEN),
        }
        files
    }

    /// The files of an agent.
    #[must_use]
    pub fn of_agent(agent: &AgentFiles<'_>) -> Self {
        let config = agent.settings.config(agent.node, agent.server);
        let environment = Environment::of_agent(agent.proxy);
        Self::new(Role::Agent, &config, agent.registries, &environment, agent.token)
    }

    /// The same with archives of images beside them.
    #[must_use]
    pub fn with_images(mut self, images: &[Image]) -> Self {
        self.images = images.to_vec();
        self
    }

    /// The same where the token is on the host already, and nothing else is known of it but its hash: without its file.
    #[must_use]
    pub fn with_known_token(mut self, sha256: &str) -> Self {
        self.files.retain(|file| file.path != paths::TOKEN);
        sha256.clone_into(&mut self.password_hash);
        self
    }

    /// What tells whether k3s has to be restarted: a hash of all that it reads only when it starts. Not in it are the
    /// keys that are read only to join, and what the token has beside the password: the same token can be short or
    /// secure.
    #[must_use]
    pub fn restart_hash(&self) -> String {
        let mut hashes: Vec<&str> = self.restart_hashes.iter().map(String::as_str).collect();
        hashes.insert(PASSWORD.min(hashes.len()), &self.password_hash);
        let mut all = hashes.join(" ");
        let agent_token = self.files.iter().find(|file| file.path == paths::AGENT_TOKEN);
        all.extend(agent_token.map(|file| password_hash(&file.text)));
        digest::sha256(all.as_bytes())
    }

    /// The values in them that all servers must have alike.
    #[must_use]
    pub fn shared(&self) -> &BTreeMap<&'static str, Vec<String>> {
        &self.shared
    }

    fn new(
        role: Role,
        config: &Config,
        registries: &Registries,
        environment: &Environment,
        token: &SecretString,
    ) -> Self {
        let unit = unit(role);
        let mut parts = vec![config.restart_hash(), digest::sha256(unit.as_bytes())];
        let mut files = Self {
            files: vec![
                HostFile {
                    path: paths::CONFIG,
                    mode: 0o600,
                    text: config.text().into(),
                },
                HostFile {
                    path: paths::TOKEN,
                    mode: 0o600,
                    text: token.clone(),
                },
            ],
            absent: Vec::new(),
            images: Vec::new(),
            restart_hashes: Vec::new(),
            password_hash: password_hash(token),
            shared: config.shared(),
        };
        let optional = [
            (paths::REGISTRIES, (!registries.is_empty()).then(|| registries.text())),
            (
                paths::environment_file(role),
                (!environment.is_empty()).then(|| environment.text()),
            ),
        ];
        for (path, text) in optional {
            let Some(text) = text else {
                files.absent.push(path);
                continue;
            };
            parts.push(digest::sha256(text.expose_secret().as_bytes()));
            files.insert(path, 0o600, text);
        }
        files.insert(paths::unit_file(role), 0o644, unit.into());
        files.restart_hashes = parts;
        files
    }

    /// Adds a file before the unit.
    fn insert(&mut self, path: &'static str, mode: u32, text: SecretString) {
        let file = HostFile { path, mode, text };
        match self.files.iter().position(|file| file.path.ends_with(".service")) {
            Some(unit) => self.files.insert(unit, file),
            None => self.files.push(file),
        }
    }
}

/// The hash of the password in a token, be it short or secure.
fn password_hash(token: &SecretString) -> String {
    let text = token.expose_secret();
    let login = text.split_once("::").map_or(text, |(_, login)| login);
    let password = match text.starts_with("K10") {
        true => login.split_once(':').map_or(login, |(_, password)| password),
        false => text,
    };
    digest::sha256(password.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::token::{Bearer, Token};

    struct Given {
        cluster: ClusterSettings,
        registries: Registries,
        token: SecretString,
        join: Join,
        agent_token: Option<SecretString>,
    }

    fn given() -> Given {
        Given {
            cluster: ClusterSettings::default(),
            registries: Registries::default(),
            token: "secret".into(),
            join: Join::Init,
            agent_token: None,
        }
    }

    fn files(given: &Given) -> HostFiles {
        HostFiles::of_server(&ServerFiles {
            cluster: &given.cluster,
            node: &NodeSettings {
                name: "a".to_owned(),
                ..NodeSettings::default()
            },
            join: &given.join,
            token: &given.token,
            agent_token: given.agent_token.as_ref(),
            registries: &given.registries,
            proxy: &Proxy::default(),
        })
    }

    #[test]
    fn what_is_not_wanted_is_absent_and_the_unit_comes_last() {
        let mut given = given();
        let some = files(&given);
        let paths: Vec<&str> = some.files.iter().map(|file| file.path).collect();
        assert_eq!(paths, [paths::CONFIG, paths::TOKEN, "/etc/systemd/system/k3s.service"]);
        assert_eq!(
            some.absent,
            [
                paths::REGISTRIES,
                "/etc/systemd/system/k3s.service.env",
                paths::AGENT_TOKEN
            ]
        );
        given.agent_token = Some("agents".into());
        given.registries.mirrors.insert("*".to_owned(), Default::default());
        let all = files(&given);
        assert_eq!(all.files.last().map(|file| file.mode), Some(0o644));
        assert_eq!(all.files.iter().filter(|file| file.mode == 0o600).count(), 4);
    }

    #[test]
    fn joining_otherwise_changes_the_file_and_needs_no_restart() {
        let mut given = given();
        let first = files(&given);
        given.join = Join::Through("https://10.0.0.2:6443".to_owned());
        given.token = Token::parse("secret")
            .unwrap()
            .secure(&digest::sha256(b"ca"), Bearer::Server);
        let later = files(&given);
        assert_ne!(first.files[0].sha256(), later.files[0].sha256());
        assert_ne!(first.files[1].sha256(), later.files[1].sha256());
        assert_eq!(first.restart_hash(), later.restart_hash());
    }

    #[test]
    fn a_token_of_which_only_the_hash_is_known_is_on_the_host_already() {
        let all = files(&given());
        let mut other = given();
        other.token = "another".into();
        let hash = |text: &str| Token::parse(text).unwrap().sha256();
        let known = files(&other).with_known_token(&hash("secret"));
        assert!(known.files.iter().all(|file| file.path != paths::TOKEN));
        assert_eq!(known.restart_hash(), all.restart_hash());
        assert_ne!(
            known.with_known_token(&hash("third")).restart_hash(),
            all.restart_hash()
        );
    }

    #[test]
    fn each_thing_that_k3s_reads_when_it_starts_needs_a_restart() {
        let first = files(&given()).restart_hash();
        for change in [
            (|given| given.cluster.tls_san.push("k3s.example".to_owned())) as fn(&mut Given),
            |given| given.token = "another".into(),
            |given| given.agent_token = Some("agents".into()),
            |given| {
                given.registries.mirrors.insert("*".to_owned(), Default::default());
            },
            |given| {
                given.cluster.datastore = crate::k3s::config::Datastore::External {
                    endpoint: "mysql://".into(),
                    ca_file: None,
                    cert_file: None,
                    key_file: None,
                };
            },
        ] {
            let mut given = given();
            change(&mut given);
            assert_ne!(files(&given).restart_hash(), first);
        }
    }
}
