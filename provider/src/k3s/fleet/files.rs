//! What the files of each server should be: how it joins, and with which token.

use crate::k3s::config::{Datastore, Join};
use crate::k3s::files::{HostFiles, ServerFiles};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::probe::HostState;
use crate::k3s::token::{Bearer, Token};

/// Which token goes into files.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// The one that the cluster is to have.
    Wanted,
    /// The one that it takes now.
    Current,
    /// This one.
    Given(&'a Token),
}

impl Fleet {
    /// The files that a wanted server should have; none if it is not wanted.
    pub(super) fn files(&self, looked: &Looked, name: &str) -> Option<HostFiles> {
        self.files_with(looked, name, &self.join(looked, name), Which::Wanted)
    }

    /// The same with another way to join, or another token.
    pub(super) fn files_with(&self, looked: &Looked, name: &str, join: &Join, which: Which<'_>) -> Option<HostFiles> {
        let spec = &self.spec;
        let token = match which {
            Which::Wanted => self.token(looked),
            Which::Current => looked.tokens.cluster.as_ref().unwrap_or_else(|| self.token(looked)),
            Which::Given(token) => token,
        };
        // The first server has no authority yet that its token could name.
        let token = match self.ca_sha256(looked) {
            Some(ca) => token.secure(ca, Bearer::Server),
            None => token.short(),
        };
        let agent_token = looked.tokens.agent.as_ref().unwrap_or(&self.fresh.agent).short();
        let files = HostFiles::of_server(&ServerFiles {
            cluster: &spec.settings,
            node: spec.servers.get(name)?,
            join,
            token: &token,
            agent_token: spec.settings.has_agent_token.then_some(&agent_token),
            registries: &spec.registries,
            proxy: &spec.proxy,
        });
        let files = match (which, &looked.tokens.known, &spec.token) {
            (Which::Wanted | Which::Current, Some(hash), None) => files.with_known_token(hash),
            _ => files,
        };
        Some(files.with_images(&spec.images))
    }

    /// The token that the cluster is to have.
    pub(super) fn token<'a>(&'a self, looked: &'a Looked) -> &'a Token {
        let found = looked.tokens.cluster.as_ref().or(looked.tokens.written.as_ref());
        self.spec.token.as_ref().or(found).unwrap_or(&self.fresh.server)
    }

    /// Whether the cluster takes another token than the one that it is to have.
    pub(super) fn has_old_token(&self, looked: &Looked) -> bool {
        let current = looked.tokens.cluster.as_ref();
        current.is_some_and(|current| current.sha256() != self.token(looked).sha256())
    }

    /// Hash of the cluster's authority, if there is one.
    pub(super) fn ca_sha256<'a>(&'a self, looked: &'a Looked) -> Option<&'a str> {
        let on_hosts = || {
            let mut states: Vec<&HostState> = looked.states().map(|(_, state)| state).collect();
            states.retain(|state| self.owns(state) && state.ca_sha256.is_some());
            states.sort_by_key(|state| state.datastore.is_none());
            states.first().and_then(|state| state.ca_sha256.as_deref())
        };
        self.spec.ca_sha256.as_deref().or_else(on_hosts)
    }

    /// How a server should join. What its file says already stays, as long as that is another server of the cluster;
    /// who is alone has nobody to join.
    pub(super) fn join(&self, looked: &Looked, name: &str) -> Join {
        if !matches!(self.spec.settings.datastore, Datastore::Etcd) {
            return Join::Alone;
        }
        let stated = looked.state(name).and_then(|state| state.joins_through.as_deref());
        let mut others = self.spec.addresses.iter().filter(|(other, _)| {
            other.as_str() != name && self.spec.servers.contains_key(*other) && self.is_part(looked, other)
        });
        if let Some((_, address)) = others.clone().find(|(_, address)| stated == Some(address.as_str())) {
            return Join::Through(address.clone());
        }
        let healthy = others.clone().find(|(other, _)| looked.is_healthy(other));
        match healthy.or_else(|| others.next()) {
            Some((_, address)) => Join::Through(address.clone()),
            None => Join::Init,
        }
    }

    /// How a server joins through another; nobody, if there is none.
    pub(super) fn join_through(&self, through: Option<&str>) -> Join {
        let address = through.and_then(|through| self.spec.addresses.get(through));
        match (address, &self.spec.settings.datastore) {
            (Some(address), Datastore::Etcd) => Join::Through(address.clone()),
            (None, Datastore::Etcd) => Join::Init,
            (_, Datastore::Sqlite | Datastore::External { .. }) => Join::Alone,
        }
    }

    /// Whether a server is part of the cluster, as far as it or others tell.
    pub(super) fn is_part(&self, looked: &Looked, name: &str) -> bool {
        let has_data = |state: &HostState| self.owns(state) && state.datastore.is_some();
        looked.state(name).is_some_and(has_data) || looked.node(name).is_some_and(|node| node.is_server())
    }
}
