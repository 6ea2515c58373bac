//! The tokens of the cluster. Looks tell the hashes of the files that hold them, so they are read only where those are
//! not as they should be: a plan without changes asks each host once.

use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::host::{Host, HostError, Tokens};
use crate::k3s::paths;
use crate::k3s::probe::HostState;
use crate::k3s::token::{Token, TokenHashes};

/// The tokens of the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The one that the cluster takes now.
    pub(super) cluster: Option<Token>,
    /// The hash of that where nothing else is kept of it, and all servers have it.
    pub(super) known: Option<String>,
    /// One that was written for a cluster that has not begun yet.
    pub(super) written: Option<Token>,
    /// The one of agents.
    pub(super) agent: Option<Token>,
}

/// The tokens that a cluster had when it was last applied.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// The one of servers.
    pub server: Kept,
    /// The one of agents.
    pub agent: Token,
}

/// What is kept of a token.
#[derive(Clone, Debug)]
pub enum Kept {
    /// All of it.
    Token(Token),
    /// Its hashes, as it was given to us and is not for the state. Nothing can be written with that.
    Hashes(TokenHashes),
}

impl Remembered {
    /// These tokens, if all files with tokens are those that they would make, and nobody says that another one is on
    /// its way.
    fn found(&self, fleet: &Fleet, looked: &Looked) -> Option<Found> {
        let states = || {
            looked
                .states()
                .map(|(_, state)| state)
                .filter(|state| fleet.owns(state))
        };
        let has_begun = states().any(|state| state.cluster_token_sha256.is_some());
        if !has_begun || !states().all(|state| self.fits(state)) {
            return None;
        }
        let (token, known) = match &self.server {
            Kept::Token(token) => (Some(token.clone()), None),
            Kept::Hashes(hashes) => (None, Some(hashes.short.clone())),
        };
        Some(Found {
            cluster: token.clone(),
            known,
            written: token,
            agent: Some(self.agent.clone()),
        })
    }

    fn fits(&self, state: &HostState) -> bool {
        let Some(ca) = state.ca_sha256.as_deref() else {
            return false;
        };
        let hashes = match &self.server {
            Kept::Token(token) => token.hashes(ca),
            Kept::Hashes(hashes) => hashes.clone(),
        };
        let is = |is: Option<&String>, hash: &str| is.is_none_or(|is| is == hash);
        let file = |path: &str| state.files.get(path).map(|file| &file.sha256);
        let named = state.marker.as_ref().and_then(|marker| marker.token.as_ref());
        is(named, &hashes.short)
            && is(state.cluster_token_sha256.as_ref(), &hashes.own)
            && (is(file(paths::TOKEN), &hashes.secure) || is(file(paths::TOKEN), &hashes.short))
            && is(file(paths::AGENT_TOKEN), &self.agent.sha256())
    }
}

/// The tokens of the cluster: those that are remembered, if files on hosts say that they are still right. Else those of
/// one server are read, or of all where they differ, as they do while the token is being changed.
pub(super) async fn find(fleet: &Fleet, looked: &Looked) -> Result<Found, HostError> {
    if let Some(found) = fleet
        .spec
        .remembered
        .as_ref()
        .and_then(|remembered| remembered.found(fleet, looked))
    {
        return Ok(found);
    }
    let mut holders: Vec<(&Host, &HostState)> = looked
        .states()
        .filter(|(_, state)| fleet.owns(state))
        .filter(|(_, state)| state.cluster_token_sha256.is_some() || state.files.contains_key(paths::TOKEN))
        .filter_map(|(name, state)| Some((fleet.hosts.get(name)?, state)))
        .collect();
    let has_agents = |state: &HostState| state.files.contains_key(paths::AGENT_TOKEN);
    holders.sort_by_key(|(_, state)| (state.cluster_token_sha256.is_none(), !has_agents(state)));
    let is_one = are_alike(&holders, |state| state.cluster_token_sha256.as_ref())
        && are_alike(&holders, |state| Some(&state.files.get(paths::AGENT_TOKEN)?.sha256));
    let mut all: Vec<Tokens> = Vec::new();
    let mut found = Found::default();
    for (host, state) in holders {
        let knows_agents = all.iter().any(|tokens| tokens.agent.is_some());
        if is_one && !all.is_empty() && (knows_agents || !has_agents(state)) {
            continue;
        }
        let tokens = host.tokens().await?;
        found.written = found.written.or(tokens.server.clone());
        all.push(tokens);
    }
    let all: Vec<&Tokens> = all.iter().collect();
    found.cluster = current(looked, &all).cloned();
    found.agent = of_agents(looked, &all, found.cluster.as_ref()).cloned();
    Ok(found)
}

/// Whether all hosts have the same hash, of those that have one.
fn are_alike(holders: &[(&Host, &HostState)], hash: impl Fn(&HostState) -> Option<&String>) -> bool {
    let mut hashes = holders.iter().filter_map(|(_, state)| hash(state));
    let first = hashes.next();
    hashes.all(|hash| Some(hash) == first)
}

/// Which of several tokens the cluster takes now: the one that a marker names, or else one that a server was given
/// while its file has another.
fn current<'a>(looked: &Looked, all: &[&'a Tokens]) -> Option<&'a Token> {
    let mut candidates = all.iter().filter_map(|tokens| tokens.cluster.as_ref());
    let hash = |token: &Option<Token>| token.as_ref().map(Token::sha256);
    let named: Vec<&String> = looked
        .states()
        .filter_map(|(_, state)| state.marker.as_ref()?.token.as_ref())
        .collect();
    let is_named = |token: &&Token| named.contains(&&token.sha256());
    if let Some(token) = candidates.clone().find(is_named) {
        return Some(token);
    }
    let given = all.iter().find(|tokens| {
        tokens.cluster.is_some() && tokens.server.is_some() && hash(&tokens.cluster) != hash(&tokens.server)
    });
    given
        .and_then(|tokens| tokens.cluster.as_ref())
        .or_else(|| candidates.next())
}

/// The token of agents. A file has the right one if a marker names it beside the token that the cluster takes: it was
/// given both at once. Else it is the one that k3s itself has written down, which stores no other one: that of servers,
/// in a cluster that others have set up. A new cluster has no more than the file.
fn of_agents<'a>(looked: &Looked, all: &[&'a Tokens], cluster: Option<&Token>) -> Option<&'a Token> {
    let cluster = cluster.map(Token::sha256);
    let markers = looked.states().filter_map(|(_, state)| state.marker.as_ref());
    let named: Vec<&String> = markers
        .filter(|marker| marker.token.is_some() && marker.token == cluster)
        .filter_map(|marker| marker.agent_token.as_ref())
        .collect();
    let mut in_files = all.iter().filter_map(|tokens| tokens.agent.as_ref());
    let given = in_files.clone().find(|token| named.contains(&&token.sha256()));
    given
        .or_else(|| all.iter().find_map(|tokens| tokens.given_agents.as_ref()))
        .or_else(|| in_files.next())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::k3s::config::Role;
    use crate::k3s::digest;
    use crate::k3s::host::Probed;
    use crate::k3s::marker::{Marker, Phase};
    use crate::k3s::probe::FileState;

    fn token(text: &str) -> Option<Token> {
        Token::parse(text).ok()
    }

    fn tokens(server: &str, cluster: &str) -> Tokens {
        Tokens {
            server: token(server),
            cluster: token(cluster),
            ..Tokens::default()
        }
    }

    /// Of one server the token of agents in its file, and the one that k3s has written down.
    fn of_agents(file: &str, given: &str) -> Tokens {
        Tokens {
            agent: token(file),
            given_agents: token(given),
            ..tokens("new", "new")
        }
    }

    fn looked(named: Option<&str>) -> Looked {
        let mut marker = Marker::new("c1", "a", Role::Server, Phase::Joined);
        marker.token = named.and_then(token).map(|token| token.sha256());
        let state = HostState {
            marker: Some(marker),
            ..HostState::default()
        };
        Looked {
            hosts: BTreeMap::from([("a".to_owned(), Ok(Probed { state, asked_at: 0 }))]),
            ..Looked::default()
        }
    }

    #[test]
    fn remembered_tokens_are_known_by_the_hashes_of_the_files_that_they_make() {
        let ca = digest::sha256(b"ca");
        let server = Token::parse("servers").unwrap();
        let remember = |server| Remembered {
            server,
            agent: Token::parse("agents").unwrap(),
        };
        let all = [Kept::Hashes(server.hashes(&ca)), Kept::Token(server)].map(remember);
        let file = |text: &str| FileState {
            mode: 0o600,
            owner: "root".to_owned(),
            sha256: digest::sha256(text.as_bytes()),
        };
        let right = || HostState {
            ca_sha256: Some(ca.clone()),
            cluster_token_sha256: Some(digest::sha256(format!("K10{ca}::server:servers\n").as_bytes())),
            files: BTreeMap::from([
                (paths::TOKEN.to_owned(), file(&format!("K10{ca}::server:servers"))),
                (paths::AGENT_TOKEN.to_owned(), file("agents")),
            ]),
            ..HostState::default()
        };
        assert!(all.iter().all(|remembered| remembered.fits(&right())));
        for change in [
            (|state, other| state.files.insert(paths::TOKEN.to_owned(), other)) as fn(&mut HostState, FileState) -> _,
            |state, other| state.files.insert(paths::AGENT_TOKEN.to_owned(), other),
            |state, other| {
                state.cluster_token_sha256 = Some(other.sha256);
                None
            },
            |state, _| {
                let mut marker = Marker::new("c1", "a", Role::Server, Phase::Joined);
                marker.token = Some("another".to_owned());
                state.marker = Some(marker);
                None
            },
        ] {
            let mut state = right();
            change(&mut state, file("other"));
            assert!(!all.iter().any(|remembered| remembered.fits(&state)), "{state:?}");
        }
    }

    #[test]
    fn while_a_token_is_being_changed_the_new_one_is_the_clusters() {
        // Of each server the token in its file, and the one that k3s has written down. Whether a marker names the new
        // one.
        for (case, servers, named) in [
            ("nothing is written yet", [("old", "new"), ("old", "old")], Some("new")),
            ("files are written", [("new", "new"), ("new", "old")], Some("new")),
            ("one has restarted", [("new", "old"), ("new", "new")], Some("new")),
            ("by hand", [("old", "old"), ("old", "new")], None),
            ("a change long ago", [("new", "new"), ("new", "new")], Some("old")),
        ] {
            let all = servers.map(|(server, cluster)| tokens(server, cluster));
            let all: Vec<&Tokens> = all.iter().collect();
            let found = current(&looked(named), &all).map(Token::sha256);
            assert_eq!(found, token("new").map(|token| token.sha256()), "{case}");
        }
        let before = [tokens("old", "old"), tokens("old", "old")];
        let found = current(&looked(Some("new")), &before.iter().collect::<Vec<_>>()).map(Token::sha256);
        assert_eq!(
            found,
            token("old").map(|token| token.sha256()),
            "killed before the change"
        );
        assert!(current(&looked(None), &[]).is_none());
    }

    #[test]
    fn agents_have_the_token_that_k3s_has_stored_and_no_other_that_a_file_has() {
        // Of each server the token of agents in its file, and the one that k3s has written down. Which token of servers
        // a marker names beside the new one of agents.
        for (case, servers, named, expected) in [
            (
                "nothing is written yet",
                [("old", "old"), ("old", "old")],
                Some("new"),
                "old",
            ),
            ("one was given it", [("new", "old"), ("old", "old")], Some("new"), "new"),
            (
                "all files have it",
                [("new", "old"), ("new", "old")],
                Some("new"),
                "new",
            ),
            (
                "one has restarted",
                [("new", "new"), ("new", "old")],
                Some("new"),
                "new",
            ),
            (
                "k3s has refused it",
                [("new", "old"), ("old", "old")],
                Some("other"),
                "old",
            ),
            ("by hand", [("mine", "old"), ("old", "old")], None, "old"),
            (
                "a change long ago",
                [("later", "later"), ("later", "later")],
                Some("new"),
                "later",
            ),
            ("set up by others", [("", "servers"), ("", "servers")], None, "servers"),
            ("not begun", [("old", ""), ("", "")], None, "old"),
        ] {
            let mut looked = looked(named);
            if let Some(Ok(probed)) = looked.hosts.get_mut("a")
                && let Some(marker) = &mut probed.state.marker
            {
                marker.agent_token = token("new").map(|token| token.sha256());
            }
            let all = servers.map(|(file, given)| of_agents(file, given));
            let found = super::of_agents(&looked, &all.iter().collect::<Vec<_>>(), token("new").as_ref());
            let hash = found.map(Token::sha256);
            assert_eq!(hash, token(expected).map(|token| token.sha256()), "{case}");
        }
    }
}
