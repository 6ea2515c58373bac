//! What was seen of a cluster, as the computed attributes tell it.

use std::collections::BTreeMap;

use tf_framework::Attr;
use tf_framework::diagnostics::Diagnostic;

use crate::k3s::cluster::blame::of_server;
use crate::k3s::cluster::model::{ClusterModel, Server, ServerStatus};
use crate::k3s::cluster::ways::{self, Hosts};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::paths;
use crate::ssh::HostKey;

/// What `drift` says of a cluster whose creation was not finished.
pub(super) const UNFINISHED: &str = "the cluster is not finished";

/// How far a change is: what was before it, and the new servers on which it has begun. Without them in the state,
/// nobody would take them out of the cluster again.
pub(super) fn with_begun(before: &ClusterModel, servers: &BTreeMap<String, Server>, looked: &Looked) -> ClusterModel {
    let mut model = before.clone();
    let has_begun = |name: &String| {
        let marker = looked.state(name).and_then(|state| state.marker.as_ref());
        marker.is_some_and(|marker| Some(&marker.cluster) == before.id.known())
    };
    let begun = servers.iter().filter(|(name, _)| has_begun(name));
    for (name, server) in begun {
        model.servers.entry(name.clone()).or_insert_with(|| server.clone());
    }
    model
}

/// What differs and no apply puts right, as warnings.
pub(super) fn not_mended(fleet: &Fleet, looked: &Looked) -> Vec<Diagnostic> {
    let differences = fleet.drift(looked).into_iter();
    let all = differences.flat_map(|(name, found)| found.into_iter().map(move |drift| (name.clone(), drift)));
    let left = all.filter(|(name, drift)| !drift.is_mended() && looked.state(name).is_some());
    left.map(|(name, drift)| {
        let detail = format!("{name}: {drift}. An apply leaves it as it is: remove it by hand.");
        Diagnostic::warning("Server has settings of others", detail).at(of_server(&name, Server::HOST))
    })
    .collect()
}

/// Fills in what was seen: hash of the authority, status of each server, and what differs. Of a server that does not
/// answer, what was known stays.
pub(super) async fn store(model: &mut ClusterModel, fleet: &Fleet, hosts: &Hosts, looked: &Looked) {
    let keys = ways::keys(hosts, looked).await;
    store_seen(model, looked, &keys);
    let lines = drift_lines(model, fleet, looked);
    model.drift = Attr::Known(lines);
}

/// The same without what has to be asked for, for a checkpoint.
pub(super) fn store_seen(model: &mut ClusterModel, looked: &Looked, keys: &BTreeMap<String, HostKey>) {
    if let Some(hash) = ca_hash(looked).filter(|_| model.ca_hash.known().is_none()) {
        model.ca_hash = Attr::Known(hash);
    }
    let before = model.status.known().cloned().unwrap_or_default();
    let addresses = model.addresses();
    let status = addresses.into_iter().map(|(name, address)| {
        let status = status(looked, &name, address, before.get(&name), keys.get(&name));
        (name, status)
    });
    model.status = Attr::Known(status.collect());
}

/// The lines of `drift`: those of each server under its name. Of a server that does not answer, what was known stays.
fn drift_lines(model: &ClusterModel, fleet: &Fleet, looked: &Looked) -> Vec<String> {
    let before = model.drift.known().cloned().unwrap_or_default();
    let drift = fleet.drift(looked);
    let markers = || {
        model
            .servers
            .keys()
            .filter_map(|name| looked.state(name)?.marker.as_ref())
    };
    let mut lines = Vec::new();
    if before.iter().any(|line| line == UNFINISHED) || markers().any(|marker| marker.creating) {
        lines.push(UNFINISHED.to_owned());
    }
    for name in model.servers.keys() {
        if looked.state(name).is_none() {
            let own = format!("{name}: ");
            lines.extend(before.iter().filter(|line| line.starts_with(&own)).cloned());
            continue;
        }
        let found = drift.get(name).into_iter().flatten().filter(|drift| drift.is_mended());
        lines.extend(found.map(|drift| format!("{name}: {drift}")));
        let has_mark = looked.state(name).is_some_and(|state| state.marker.is_some());
        if !has_mark {
            lines.push(format!("{name}: {} is missing", paths::MARKER));
        }
    }
    if lines.is_empty() && looked.failures().next().is_none() {
        lines.extend(unseen_step(fleet, looked));
    }
    lines
}

/// What is still to be done although nothing differs, as after a removal that was refused half-way.
fn unseen_step(fleet: &Fleet, looked: &Looked) -> Option<String> {
    let plan = fleet.plan(looked);
    plan.steps.first().map(|step| format!("still to be done: {step}"))
}

/// The hash of the authority that servers with data have.
fn ca_hash(looked: &Looked) -> Option<String> {
    let states = looked.hosts.keys().filter_map(|name| looked.state(name));
    let mut hashes = states
        .filter(|state| state.datastore.is_some() || state.server_unit.is_some())
        .filter_map(|state| state.ca_sha256.clone());
    hashes.next()
}

fn status(
    looked: &Looked,
    name: &str,
    address: String,
    before: Option<&ServerStatus>,
    key: Option<&HostKey>,
) -> ServerStatus {
    let node = looked.node(name);
    let is_silent = looked.state(name).is_none();
    let known = |now: Option<String>, before: Option<&String>| now.or_else(|| before.filter(|_| is_silent).cloned());
    let installed = || looked.state(name)?.binary_version;
    let version = node.and_then(|node| node.version).or_else(installed);
    ServerStatus {
        version: known(
            version.map(|version| version.to_string()),
            before.and_then(|before| before.version.as_ref()),
        ),
        address,
        ready: looked.is_healthy(name),
        voter: match node {
            Some(node) => node.voter,
            None => before.filter(|_| is_silent).and_then(|before| before.voter),
        },
        host_key: known(
            key.map(|key| key.line.clone()),
            before.and_then(|before| before.host_key.as_ref()),
        ),
        host_key_print: known(
            key.map(|key| key.print.clone()),
            before.and_then(|before| before.host_key_print.as_ref()),
        ),
    }
}

#[cfg(test)]
mod tests;
