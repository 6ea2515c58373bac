//! What was seen of a cluster, as the computed attributes tell it.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::blame::of_server;
use crate::k3s::cluster::model::{ClusterModel, Server, ServerStatus};
use crate::k3s::cluster::outputs::{self, Found};
use crate::k3s::cluster::ways::{self, Hosts, Private, Source};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::paths;
use crate::k3s::probe::HostState;
use crate::k3s::token::Token;

/// What `drift` says of a cluster whose creation was not finished.
pub(super) const UNFINISHED: &str = "the cluster is not finished";

/// What `drift` says where a token that was given is not that of the cluster any more.
const OTHER_TOKEN: &str = "the token of the cluster was changed";

/// Whether nothing of a cluster is left: every host answers, and none has anything of it.
pub(super) fn is_gone(model: &ClusterModel, looked: &Looked) -> bool {
    let mut names = model.servers.keys();
    !model.servers.is_empty() && names.all(|name| looked.state(name).is_some_and(|state| is_free(model, state)))
}

/// The servers that answer and have something of the cluster.
pub(super) fn left<'a>(model: &'a ClusterModel, looked: &Looked) -> Vec<&'a str> {
    let names = model.servers.keys();
    names
        .filter(|name| looked.state(name).is_some_and(|state| !is_free(model, state)))
        .map(String::as_str)
        .collect()
}

/// How far a change is: what was before it, and the new servers on which it has begun. Without them in the state, nobody would take
/// them out of the cluster again.
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

/// Whether a host has nothing of the cluster. What has lost its marker is free only if it has no k3s, or that of another cluster.
fn is_free(model: &ClusterModel, state: &HostState) -> bool {
    match (&state.marker, &state.ca_sha256, model.ca_hash.known()) {
        (Some(marker), ..) => Some(&marker.cluster) != model.id.known(),
        (None, Some(is), Some(ours)) => is != ours,
        (None, ..) => !state.has_k3s() && !state.has_foreign_marker,
    }
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

/// Fills in what was seen: hash of the authority, status of each server, and what differs. Of a server that does not answer, what
/// was known stays.
pub(super) async fn store(model: &mut ClusterModel, fleet: &Fleet, hosts: &Hosts, looked: &Looked) {
    let keys = ways::keys(hosts, looked).await;
    store_seen(model, looked, &keys);
    let lines = drift_lines(model, fleet, looked);
    model.drift = Attr::Known(lines);
}

/// The same without what has to be asked for, for a checkpoint.
pub(super) fn store_seen(model: &mut ClusterModel, looked: &Looked, keys: &BTreeMap<String, String>) {
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

/// Reads what the cluster exports, where that is not known or was made of another kubeconfig, and keeps by what it will be known.
///
/// # Errors
/// Fails if a server cannot be read.
pub(super) async fn refresh_outputs(
    cx: &Context<ClusterResource>,
    model: &mut ClusterModel,
    prior: Option<&ClusterModel>,
    fleet: &Fleet,
    looked: &Looked,
) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    let is_known = model.kubernetes.known().is_some() && model.join.known().is_some();
    let before = private.kubeconfig.as_ref().filter(|_| is_known);
    let (Some(source), Some(agent_token)) = (source(model, looked, before), looked.agent_token()) else {
        return Ok(());
    };
    if before == Some(&source) {
        return Ok(());
    }
    let (Some(host), Some(ca_hash)) = (fleet.host(&source.server), model.ca_hash.known().cloned()) else {
        return Ok(());
    };
    let read = host.kubeconfig().await.map_err(|error| host.diagnose(error))?;
    let Some(kubeconfig) = read else { return Ok(()) };
    let way = prior.unwrap_or(model).kubernetes.known();
    let address = way.and_then(|way| way.host.clone());
    let found = Found {
        kubeconfig: &kubeconfig,
        agent_token,
        ca_hash: &ca_hash,
        address: address.as_deref(),
    };
    let Some(outputs) = outputs::of(model, &found) else {
        let detail = format!(
            "What {} on {} says is not what k3s writes there. Remove it there, and restart k3s.",
            paths::KUBECONFIG,
            source.server
        );
        return Err(Diagnostics::error(
            "Unable to use the kubeconfig of the cluster",
            detail,
        ));
    };
    outputs.store(model);
    ways::keep(
        cx,
        &Private {
            kubeconfig: Some(source),
            ..private
        },
    )
}

/// Without an endpoint, clients are given the address of one server: that of another one when its API is not ready any more.
pub(super) fn refresh_way(model: &mut ClusterModel, looked: &Looked) {
    let is_ready = |name: &String| looked.state(name).is_some_and(|state| state.readyz == Some(Ok(())));
    let addresses = model.outer_addresses();
    let before = model.kubernetes.known().and_then(|way| way.host.clone());
    let is_reached = addresses
        .iter()
        .any(|(name, address)| before.as_ref() == Some(address) && is_ready(name));
    if model.endpoint.is_some() || before.is_none() || is_reached {
        return;
    }
    let ready = addresses.into_iter().find(|(name, _)| is_ready(name));
    if let Some(outputs) = ready.and_then(|(_, address)| outputs::at(model, address)) {
        outputs.store(model);
    }
}

/// Keeps up with the token: one that was generated is in the state, so another one is, too, with the old one beside it; of one that was
/// given, it is told that it is another.
///
/// # Errors
/// Fails if what is kept cannot be read or written.
pub(super) fn refresh_token(
    cx: &Context<ClusterResource>,
    model: &mut ClusterModel,
    looked: &Looked,
) -> Result<(), Diagnostics> {
    let Some(token) = looked.token() else { return Ok(()) };
    let private = cx.private()?;
    let hash = Some(token.sha256());
    if private.token_sha256 == hash {
        return Ok(());
    }
    if model.server_token.known().is_some() {
        remember_token(model, token);
        let private = Private {
            token_sha256: hash,
            ..private
        };
        return ways::keep(cx, &private);
    }
    if private.token_sha256.is_some()
        && let Attr::Known(lines) = &mut model.drift
    {
        lines.push(OTHER_TOKEN.to_owned());
    }
    Ok(())
}

/// Puts a generated token into the state, and the one that it had among the earlier ones.
pub(super) fn remember_token(model: &mut ClusterModel, token: &Token) {
    let mut previous = model.previous_tokens.known().cloned().unwrap_or_default();
    if let Attr::Known(old) = &model.server_token
        && Token::parse_found(old.expose_secret()).map(|old| old.sha256()) != Ok(token.sha256())
    {
        previous.insert(0, old.clone());
    }
    model.previous_tokens = Attr::Known(previous);
    model.server_token = Attr::Known(token.short());
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
    key: Option<&String>,
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
        host_key: known(key.cloned(), before.and_then(|before| before.host_key.as_ref())),
    }
}

/// The kubeconfig that counts: each server has one of its own, so that of the same server as before, for as long as there is that
/// server. If it does not answer, its kubeconfig is taken to be what it was.
fn source(model: &ClusterModel, looked: &Looked, before: Option<&Source>) -> Option<Source> {
    let of = |server: &String| {
        let file = looked.state(server)?.files.get(paths::KUBECONFIG)?;
        Some(Source {
            server: server.clone(),
            sha256: file.sha256.clone(),
        })
    };
    if let Some(before) = before.filter(|before| model.servers.contains_key(&before.server)) {
        return of(&before.server).or_else(|| Some(before.clone()));
    }
    let ready = |name: &&String| looked.is_healthy(name);
    let names = || model.servers.keys();
    names().filter(ready).find_map(of).or_else(|| names().find_map(of))
}

#[cfg(test)]
mod tests;
