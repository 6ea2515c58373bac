//! Asks all hosts at once what they are, and for the tokens of the cluster where they are not known ([`tokens`]).

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use tf_framework::diagnostics::error_chain;

use crate::k3s::config::Role;
use crate::k3s::fleet::Fleet;
use crate::k3s::fleet::tokens::{self, Found};
use crate::k3s::host::{HostError, Probed};
use crate::k3s::marker::Marker;
use crate::k3s::probe::{HostState, NodeState, UnitPhase};
use crate::k3s::rollout::observe;
use crate::k3s::token::Token;

/// What all hosts answered.
#[derive(Debug, Default)]
pub struct Looked {
    /// By name.
    pub hosts: BTreeMap<String, Result<Probed, HostError>>,
    /// The hosts that are another cluster's: nothing that they say is about this one.
    pub(super) foreign: BTreeSet<String>,
    /// The tokens that were found.
    pub(super) tokens: Found,
    /// Why tokens could not be read, if so: then nothing is known of what depends on them, and nothing is changed.
    pub trouble: Option<HostError>,
}

impl Looked {
    /// What a host answered, if it did.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<&HostState> {
        let probed = self.hosts.get(name)?.as_ref().ok()?;
        Some(&probed.state)
    }

    /// Why a host did not answer, if it did not.
    #[must_use]
    pub fn failure(&self, name: &str) -> Option<&HostError> {
        self.hosts.get(name)?.as_ref().err()
    }

    /// The hosts that did not answer.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &HostError)> {
        self.hosts
            .iter()
            .filter_map(|(name, result)| Some((name.as_str(), result.as_ref().err()?)))
    }

    /// The Nodes, as the first server with a ready API lists them.
    #[must_use]
    pub fn nodes(&self) -> Option<&[NodeState]> {
        observe::nodes(self.own_states())
    }

    /// A Node, as that server lists it.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&NodeState> {
        self.nodes()?.iter().find(|node| node.name == name)
    }

    /// Whether pods can be moved away from a server: somebody has to stop them there.
    #[must_use]
    pub fn is_running(&self, name: &str) -> bool {
        let runs = |state: &HostState| state.phase(Role::Server) == UnitPhase::Running;
        self.state(name).is_some_and(runs) && self.node(name).is_some_and(|node| node.ready)
    }

    /// Whether a server runs, its API is ready, and its Node.
    #[must_use]
    pub fn is_healthy(&self, name: &str) -> bool {
        let runs = |state: &HostState| state.phase(Role::Server) == UnitPhase::Running && state.readyz == Some(Ok(()));
        !self.foreign.contains(name)
            && self.state(name).is_some_and(runs)
            && self.node(name).is_some_and(|node| node.ready)
    }

    /// Whether any host has data of the cluster, which is not so where the datastore is elsewhere.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.own_states().any(|state| state.datastore.is_some())
    }

    /// The token that the cluster takes.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.tokens.cluster.as_ref()
    }

    /// The token of agents.
    #[must_use]
    pub fn agent_token(&self) -> Option<&Token> {
        self.tokens.agent.as_ref()
    }

    pub(super) fn states(&self) -> impl Iterator<Item = (&String, &HostState)> + Clone {
        self.hosts
            .iter()
            .filter_map(|(name, result)| Some((name, &result.as_ref().ok()?.state)))
    }

    fn own_states(&self) -> impl Iterator<Item = &HostState> + Clone {
        let states = self.states().filter(|(name, _)| !self.foreign.contains(*name));
        states.map(|(_, state)| state)
    }
}

impl Fleet {
    /// Whether a marker is this cluster's.
    pub(super) fn is_ours(&self, marker: &Marker) -> bool {
        marker.cluster == self.spec.cluster_id
    }

    /// Whether what is on a host is this cluster's.
    pub(super) fn owns(&self, state: &HostState) -> bool {
        match &state.marker {
            Some(marker) => self.is_ours(marker),
            None => {
                let ours = &self.spec.ca_sha256;
                let is_known = ours.is_some() && state.ca_sha256 == *ours;
                is_known || (self.spec.adopt && !state.has_foreign_marker && state.has_k3s())
            }
        }
    }
}

pub(super) async fn look(fleet: &Fleet) -> Looked {
    let probes = fleet.hosts.iter().map(async |(name, host)| {
        let probed = host.probe().await;
        if let Err(error) = &probed {
            tracing::warn!(host = name, error = %error_chain(error), "a host did not answer");
        }
        (name.clone(), probed)
    });
    let mut looked = Looked {
        hosts: join_all(probes).await.into_iter().collect(),
        ..Looked::default()
    };
    let is_foreign = |state: &HostState| !fleet.owns(state) && (state.marker.is_some() || state.has_k3s());
    let foreign = looked.states().filter(|(_, state)| is_foreign(state));
    looked.foreign = foreign.map(|(name, _)| name.clone()).collect();
    match tokens::find(fleet, &looked).await {
        Ok(found) => looked.tokens = found,
        Err(error) => looked.trouble = Some(error),
    }
    looked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::probe::UnitState;

    #[test]
    fn the_server_of_another_cluster_is_not_asked_though_its_name_is_ours() {
        let node = |name: &str| NodeState {
            name: name.to_owned(),
            ready: true,
            ..NodeState::default()
        };
        let state = || HostState {
            server_unit: Some(UnitState {
                active: "active".to_owned(),
                ..UnitState::default()
            }),
            readyz: Some(Ok(())),
            nodes: Some(vec![node("a"), node("b")]),
            ..HostState::default()
        };
        let probed = |name: &str| {
            (
                name.to_owned(),
                Ok(Probed {
                    state: state(),
                    asked_at: 0,
                }),
            )
        };
        let mut looked = Looked {
            hosts: ["a", "b"].map(probed).into(),
            ..Looked::default()
        };
        assert!(looked.is_healthy("a") && looked.is_healthy("b"));
        looked.foreign.insert("a".to_owned());
        assert!(!looked.is_healthy("a") && looked.is_healthy("b"));
    }
}
