//! Makes the observation of what hosts answered.

use std::collections::BTreeMap;

use super::agents::Agent;
use super::{Member, Owner, Seen, Server};
use crate::k3s::config::{NodeSettings, Role};
use crate::k3s::drift;
use crate::k3s::files::HostFiles;
use crate::k3s::marker::Phase;
use crate::k3s::probe::{HostState, NodeState, UnitPhase, UnitState};
use crate::k3s::version::K3sVersion;
use crate::k3s::{journal, paths};

/// What a host answered, beside what it should be.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// What it answered; nothing if it did not.
    pub state: Option<&'a HostState>,
    /// Whether it is there, and could not be looked at.
    pub closed: bool,
    /// What its files should say; nothing if it is not wanted any more.
    pub files: Option<&'a HostFiles>,
    /// What its Node should be.
    pub node: Option<&'a NodeSettings>,
    /// Hash of the program that it should have, where the version is the wanted one already.
    pub binary_sha256: Option<&'a str>,
}

/// What is known of the cluster beside its hosts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The id of the cluster's resource, which stands in markers.
    pub cluster: &'a str,
    /// Whether hosts with data and without a marker are taken for this cluster's: they were set up by others, and
    /// imported.
    pub adopt: bool,
    /// Hash of the cluster's authority, once it is known: a host that has it is this cluster's, although its marker was
    /// lost.
    pub ca_sha256: Option<&'a str>,
    /// Whether the cluster still takes the token before the wanted one.
    pub old_token: bool,
    /// Whether the snapshot before this change was taken.
    pub snapshot_taken: bool,
    /// By the address of each server as it stands in files, its name.
    pub addresses: Option<&'a BTreeMap<String, String>>,
}

/// The Nodes, as the first server with a ready API lists them.
#[must_use]
pub fn nodes<'a>(states: impl Iterator<Item = &'a HostState> + Clone) -> Option<&'a [NodeState]> {
    let mut listing = states.filter(|state| state.nodes.is_some());
    let ready = listing.clone().find(|state| state.readyz == Some(Ok(())));
    ready.or_else(|| listing.next())?.nodes.as_deref()
}

/// The observation. Servers that only the Nodes tell of are part of it, too.
#[must_use]
pub fn observe(known: &Known<'_>, hosts: &BTreeMap<String, Observed<'_>>) -> Seen {
    // Hosts of other clusters list other Nodes.
    let is_ours = |state: &&HostState| owner(known, state) == Owner::Us;
    let states = hosts.values().filter_map(|host| host.state).filter(is_ours);
    let nodes = nodes(states).unwrap_or_default();
    let mut servers = BTreeMap::new();
    for (name, host) in hosts {
        let node = nodes.iter().find(|node| node.name == *name);
        servers.insert(name.clone(), server(known, name, host, node));
    }
    for node in nodes.iter().filter(|node| node.is_server()) {
        // Nobody told us of it, so all that is known of its health is what its Node says.
        let unseen = || Server {
            reachable: false,
            owner: Owner::Other,
            healthy: node.ready,
            ..with_node(Server::bare(), known, node)
        };
        servers.entry(node.name.clone()).or_insert_with(unseen);
    }
    let agents = nodes.iter().filter(|node| !node.is_server());
    Seen {
        servers,
        agents: agents
            .filter_map(|node| Some((node.name.clone(), node.version?)))
            .collect(),
        old_token: known.old_token,
        snapshot_taken: known.snapshot_taken,
    }
}

/// What was seen of a host that only runs pods; nothing if it did not answer. `node` is what a server lists of it.
#[must_use]
pub fn agent(known: &Known<'_>, host: &Observed<'_>, node: Option<&NodeState>) -> Option<Agent> {
    let state = host.state?;
    let marker = state.marker.as_ref().filter(|marker| marker.cluster == known.cluster);
    let ready = node.is_some_and(|node| node.ready);
    let joined = marker.is_some_and(|marker| marker.phase == Phase::Joined);
    let differ = |files: &HostFiles| drift::files_differ(state, files) || drift::token_differs(state, files);
    let unwritten = |files: &HostFiles| differ(files) || !joined || !starts_with_host(state, Role::Agent);
    let pending = |files: &HostFiles| node.is_some() && restart_pending(state, files, host.binary_sha256);
    let of_node = |test: fn(&NodeSettings, &NodeState) -> bool| match (host.node, node) {
        (Some(wanted), Some(node)) => test(wanted, node),
        _ => false,
    };
    Some(Agent {
        owner: owner(known, state),
        is_server: state.datastore.is_some() || state.server_unit.is_some(),
        unit: state.phase(Role::Agent),
        installed: state.binary_sha256.is_some(),
        cause: if ready { None } else { cause(state, Role::Agent) },
        has_password: state.files.contains_key(paths::NODE_PASSWORD),
        node: node.is_some(),
        ready,
        running: node.and_then(|node| node.version),
        restart_pending: host.files.is_some_and(pending),
        files_differ: host.files.is_some_and(unwritten),
        stale_node: of_node(drift::is_stale),
        labels_differ: of_node(drift::labels_differ),
        cordoned: node.is_some_and(|node| node.unschedulable && node.cordoned_by() == Some(known.cluster)),
    })
}

fn server(known: &Known<'_>, name: &str, host: &Observed<'_>, node: Option<&NodeState>) -> Server {
    let mut server = Server::bare();
    if let Some(node) = node {
        server = with_node(server, known, node);
    }
    let Some(state) = host.state else {
        server.reachable = false;
        server.closed = host.closed;
        return server;
    };
    let marker = state.marker.as_ref().filter(|marker| marker.cluster == known.cluster);
    let ready = state.readyz == Some(Ok(()));
    server.data = state.datastore;
    server.ca_sha256.clone_from(&state.ca_sha256);
    server.unit = state.phase(Role::Server);
    server.owner = owner(known, state);
    server.other_name = marker.map(|marker| marker.node.clone()).filter(|node| node != name);
    server.phase = marker.map(|marker| marker.phase);
    server.restoring = marker.is_some_and(|marker| marker.restoring);
    server.role = role(state);
    // What runs for another cluster says nothing of this one.
    let runs = server.owner == Owner::Us && server.unit == UnitPhase::Running && ready;
    server.healthy = runs && server.ready;
    server.unregistered = runs && node.is_none() && state.nodes.is_some();
    server.untold = runs && node.is_some_and(|node| node.voter.is_none() && node.has_etcd());
    server.cause = if server.healthy {
        None
    } else {
        cause(state, Role::Server)
    };
    server.leader = server.owner == Owner::Us && state.leads;
    server.init = state.cluster_init;
    server.joins_nobody = joins_nobody(known, name, state);
    if let Some(files) = host.files {
        server.files_differ = drift::files_differ(state, files)
            || server.phase != Some(Phase::Joined)
            || !starts_with_host(state, Role::Server);
        server.old_token_file = drift::token_differs(state, files);
        server.other_values = node.is_some_and(|node| !drift::other_values(state, files, node).is_empty());
        let pending = restart_pending(state, files, host.binary_sha256) || other_program(state, server.running);
        server.restart_pending = server.node && pending;
    }
    if let (Some(wanted), Some(node)) = (host.node, node) {
        server.stale_node = drift::is_stale(wanted, node);
        server.labels_differ = drift::labels_differ(wanted, node);
    }
    server
}

fn with_node(mut server: Server, known: &Known<'_>, node: &NodeState) -> Server {
    server.node = true;
    server.ready = node.ready;
    server.member = match node.voter {
        Some(true) => Member::Voter,
        Some(false) => Member::Learner,
        // The condition is not there while its server is down for long; its label stays.
        None if node.has_etcd() => Member::Voter,
        None => Member::None,
    };
    server.running = node.version;
    server.cordoned = node.unschedulable && node.cordoned_by() == Some(known.cluster);
    server
}

fn owner(known: &Known<'_>, state: &HostState) -> Owner {
    match &state.marker {
        Some(marker) if marker.cluster == known.cluster => Owner::Us,
        Some(_) => Owner::Other,
        None if known.ca_sha256.is_some() && state.ca_sha256.as_deref() == known.ca_sha256 => Owner::Us,
        None if !state.has_k3s() && !state.has_foreign_marker => Owner::Nobody,
        None if known.adopt && !state.has_foreign_marker => Owner::Us,
        None => Owner::Other,
    }
}

/// A host with both units is the one of which there is data.
fn role(state: &HostState) -> Option<Role> {
    if state.server_unit.is_some() || state.datastore.is_some() {
        Some(Role::Server)
    } else if state.agent_unit.is_some() {
        Some(Role::Agent)
    } else {
        None
    }
}

/// Why k3s does not start. The journal has what earlier tries said, too: it counts once this start has failed and was
/// tried anew, or nobody tries any more.
fn cause(state: &HostState, role: Role) -> Option<journal::Cause> {
    if state.tombstone || state.waits_in_vain() {
        return Some(journal::Cause::RemovedMember);
    }
    let unit = state.unit(role)?;
    let has_failed = unit.active == "failed" || (unit.phase() == UnitPhase::Starting && unit.restarts > 0);
    let finding = has_failed.then(|| state.finding()).flatten()?;
    Some(finding.cause)
}

/// Whether k3s is started with the host, as far as it is a service at all.
fn starts_with_host(state: &HostState, role: Role) -> bool {
    state.unit(role).is_none_or(UnitState::is_enabled)
}

/// Whether the file names a server that is none, or the host itself.
fn joins_nobody(known: &Known<'_>, name: &str, state: &HostState) -> bool {
    let (Some(address), Some(addresses)) = (&state.joins_through, known.addresses) else {
        return false;
    };
    addresses.get(address).is_none_or(|server| server == name)
}

/// What was last started is noted in the marker; what runs is named by its payload, and what is installed by its hash.
fn restart_pending(state: &HostState, files: &HostFiles, binary_sha256: Option<&str>) -> bool {
    let started = state.marker.as_ref().and_then(|marker| marker.started.as_deref());
    let other_binary = binary_sha256.is_some_and(|wanted| state.binary_sha256.as_deref() != Some(wanted));
    started != Some(files.restart_hash().as_str()) || other_binary || state.runs_other_payload()
}

/// Whether the program on the disk is missing, or is not of the version that runs: k3s could not come back as it was.
fn other_program(state: &HostState, running: Option<K3sVersion>) -> bool {
    state.binary_sha256.is_none()
        || (state.binary_version.is_some() && running.is_some() && state.binary_version != running)
}

/// The versions that servers run, as their Nodes tell.
#[must_use]
pub fn server_versions(nodes: &[NodeState]) -> Vec<K3sVersion> {
    nodes
        .iter()
        .filter(|node| node.is_server())
        .filter_map(|node| node.version)
        .collect()
}

#[cfg(test)]
mod tests;
