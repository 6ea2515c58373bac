//! Rules for plans that need the prior state, and what a plan shows. What the hosts say to it is in [`super::trial`].

use std::collections::BTreeSet;

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::model::{FromValue as _, ToValue as _};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::authorities;
use crate::k3s::cluster::blame::{of_server, refused};
use crate::k3s::cluster::decided_once;
use crate::k3s::cluster::model::{ClusterModel, ClusterModelDraft, Server};
use crate::k3s::cluster::outputs;
use crate::k3s::cluster::token;
use crate::k3s::join::ClusterJoin;
use crate::k3s::rollout::quorum::Voters;
use crate::k3s::rollout::{Refusal, WantedDatastore, Warning};
use crate::k3s::version::K3sVersion;
use crate::k3s::version::upgrade;

/// Refuses plans that would lose the cluster or its data, as far as the state tells, and authorities with which none
/// could begin.
pub(super) fn check(plan: &Plan<'_, '_, ClusterResource>) -> Result<(), Diagnostics> {
    let Some(prior) = plan.prior.as_ref().filter(|prior| prior.was_begun()) else {
        return plan.config.ca.known().map_or(Ok(()), authorities::check);
    };
    let Some(planned) = plan.planned() else {
        return allows_destruction(prior);
    };
    let mut diagnostics = Diagnostics::new();
    // What is there has no unknown part, so this cannot fail.
    if let Ok(prior) = ClusterModelDraft::from_value(&prior.to_value()) {
        decided_once::check(&prior, &planned, &mut diagnostics);
    }
    check_version(prior, &planned, &mut diagnostics);
    check_servers(prior, &planned, &mut diagnostics);
    diagnostics.into_result(())
}

/// Refuses to destroy a protected cluster that may have data.
pub(super) fn allows_destruction(state: &ClusterModel) -> Result<(), Diagnostics> {
    if !state.deletion_protection || !state.was_begun() {
        return Ok(());
    }
    let names: Vec<&str> = state.servers.keys().map(String::as_str).collect();
    Err(Diagnostic::error(
        "Cluster is protected",
        format!(
            "The cluster on {} cannot be destroyed while `deletion_protection` is on: all that is in it would be lost. Apply \
             `deletion_protection = false` first. If its creation failed, and it is to be finished rather than started over, `untaint` \
             it: the next apply then goes on where it stopped.",
            names.join(", ")
        ),
    )
    .at(ClusterModel::DELETION_PROTECTION)
    .into())
}

fn check_version(prior: &ClusterModel, planned: &ClusterModelDraft, diagnostics: &mut Diagnostics) {
    let Some(wanted) = planned.version.known().and_then(|text| text.parse::<K3sVersion>().ok()) else {
        return;
    };
    let steps = match planned.upgrade_path.decided() {
        // One that is not known yet may have what is missing.
        None => return,
        Some(given) => given.into_iter().flatten(),
    };
    let steps: Option<Vec<K3sVersion>> = steps.map(|step| step.known()?.parse().ok()).collect();
    let Some(steps) = steps else { return };
    let running = prior.running_versions();
    // The newest tells a way back, the oldest a step that is missing.
    let ends = [running.last(), running.first()].into_iter().flatten();
    if let Some(error) = ends
        .filter_map(|from| upgrade::path(from, &wanted, &steps).err())
        .next()
    {
        diagnostics.push(refused(&Refusal::Upgrade(error)));
    }
}

fn check_servers(prior: &ClusterModel, planned: &ClusterModelDraft, diagnostics: &mut Diagnostics) {
    let Some(servers) = planned.servers.known() else { return };
    let removed: Vec<&String> = prior
        .servers
        .keys()
        .filter(|name| !servers.contains_key(*name))
        .collect();
    // A snapshot that comes back ends the quorum of before; which servers may be left out of it, the restore decides.
    if prior.wanted_datastore() == WantedDatastore::Etcd && !restores(prior, planned) {
        let voters = Voters {
            all: prior.servers.len(),
            healthy: prior.servers.len(),
        };
        if removed.len() > voters.removable() {
            let refusal = Refusal::BelowQuorum {
                removed: removed.len(),
                voters: voters.all,
                most: voters.removable(),
            };
            diagnostics.push(refused(&refusal));
        }
    }
    for (name, server) in servers {
        let host = server.known().and_then(|server| server.host.known());
        let old_name = removed
            .iter()
            .find(|old| prior.servers.get(**old).map(|old| &old.host) == host);
        if let (Some(old_name), false) = (old_name, prior.servers.contains_key(name)) {
            let detail = format!(
                "The host is the server `{old_name}`, and a server keeps its name for as long as it is one: remove it in one apply, and \
                 add it with the other name in the next."
            );
            let path = of_server(name, Server::HOST);
            diagnostics.push(Diagnostic::error("Server cannot be renamed", detail).at(path));
        }
    }
}

/// Whether another snapshot is to come back than before.
fn restores(prior: &ClusterModel, planned: &ClusterModelDraft) -> bool {
    let Some(from) = planned.restore_from.known() else {
        return false;
    };
    prior.restore_from.as_ref().is_none_or(|before| {
        from.snapshot.known() != Some(&before.snapshot) || from.server.known() != before.server.as_ref()
    })
}

/// Makes the plan show what applying it will bring: repairs of what was changed from outside, and new values only of
/// what follows from a change.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, ClusterResource>) {
    if plan.action() == Action::Delete {
        return;
    }
    let drifted = plan.prior.as_ref().is_none_or(ClusterModel::has_drift);
    if drifted {
        plan.set(ClusterModel::DRIFT, &Vec::<String>::new());
    }
    if plan.action() != Action::Update {
        return;
    }
    plan.set_unknown(ClusterModel::STATUS);
    let rotates = plan.changed(ClusterModel::TOKEN_VERSION);
    let Some(prior) = plan.prior.clone() else { return };
    let is_unfinished = prior.kubernetes.is_null();
    let is_another = rotates || is_unfinished || plan.changed(ClusterModel::RESTORE_FROM);
    for (attribute, is_open) in [
        (ClusterModel::ID, prior.id.is_null()),
        (ClusterModel::CA_HASH, prior.ca_hash.is_null()),
        (ClusterModel::SERVER_TOKEN, is_another),
        (ClusterModel::PREVIOUS_TOKENS, is_another),
    ] {
        if is_open {
            plan.set_unknown(attribute);
        }
    }
    if !is_another && prior.server_token.is_null() {
        // A token that was given stays out of the state.
        plan.set(ClusterModel::SERVER_TOKEN, &Option::<String>::None);
    }
    show_way(plan, &prior);
    if token::changes_for_agents(plan) {
        plan.set_unknown(ClusterModel::JOIN);
    }
}

/// The way into the cluster stays as it is, but for the addresses and the version in it.
fn show_way(plan: &mut Plan<'_, '_, ClusterResource>, prior: &ClusterModel) {
    let planned = plan.planned().and_then(|planned| outputs::planned(prior, &planned));
    let outputs = planned.and_then(|planned| outputs::after(prior, &planned));
    match outputs {
        Some(outputs) => {
            plan.set(ClusterModel::KUBERNETES, &outputs.kubernetes);
            plan.set(ClusterModel::KUBECONFIG, &outputs.kubeconfig);
            plan.set(ClusterModel::JOIN, &outputs.join);
        }
        None => {
            for attribute in [ClusterModel::KUBERNETES, ClusterModel::KUBECONFIG] {
                plan.set_unknown(attribute);
            }
            show_join(plan, prior);
        }
    }
}

/// What names the cluster stays known, whatever else is not: by it, agents tell whether they have to join anew.
fn show_join(plan: &mut Plan<'_, '_, ClusterResource>, prior: &ClusterModel) {
    if prior.join.known().is_none() {
        return plan.set_unknown(ClusterModel::JOIN);
    }
    for attribute in [
        ClusterJoin::SERVERS,
        ClusterJoin::VERSION,
        ClusterJoin::EXTERNAL_CLOUD_PROVIDER,
        ClusterJoin::KUBERNETES,
        ClusterJoin::MAX_UNAVAILABLE,
    ] {
        plan.set_unknown(Path::new(ClusterModel::JOIN).attribute(attribute));
    }
}

/// Tells what should be known of a plan: an even number of servers, a host that gets another address, a database that
/// is another.
pub(super) fn warn(cx: &Context<ClusterResource>, plan: &Plan<'_, '_, ClusterResource>) {
    let (Some(planned), Action::Create | Action::Update) = (plan.planned(), plan.action()) else {
        return;
    };
    let Some(servers) = planned.servers.known() else { return };
    let is_even = servers.len().is_multiple_of(2) && decided_once::kind(&planned) == Some("etcd");
    if is_even && plan.changed(ClusterModel::SERVERS) {
        let detail = Warning::EvenCount(servers.len()).to_string();
        cx.warn(Diagnostic::warning("Even number of servers", detail).at(ClusterModel::SERVERS));
    }
    for (name, server) in servers {
        let before = plan.prior.as_ref().and_then(|prior| prior.servers.get(name));
        let now = server.known().map(|server| &server.host);
        if let (Some(before), Some(Attr::Known(now))) = (before, now)
            && before.host != *now
        {
            let path = of_server(name, Server::HOST);
            let detail = format!(
                "{name} goes from {} to {now}. If that is another machine, it joins in place of the old one, on which k3s and its data \
                 stay: do not start it in the cluster's network again before it is cleaned up.",
                before.host
            );
            cx.warn(Diagnostic::warning("Address of a server changes", detail).at(path));
        }
    }
    let endpoint = Path::new(ClusterModel::DATASTORE).attribute("endpoint");
    if plan.prior.as_ref().is_some_and(ClusterModel::was_begun) && plan.changed(endpoint.clone()) {
        let detail = "k3s moves no data to another database: it has to be there already, or the cluster will be empty. A change of the \
                      login alone is fine.";
        cx.warn(Diagnostic::warning("Address of the datastore changes", detail).at(endpoint));
    }
}

impl ClusterModel {
    /// Whether there has been a cluster, so that there can be data.
    pub(super) fn was_begun(&self) -> bool {
        self.ca_hash.known().is_some()
    }

    /// Whether the last refresh found differences.
    pub(super) fn has_drift(&self) -> bool {
        self.drift.known().is_some_and(|drift| !drift.is_empty())
    }

    /// The versions that run, as far as they are known; else the one that was wanted.
    fn running_versions(&self) -> BTreeSet<K3sVersion> {
        let servers = self.status.known().into_iter().flatten();
        let running: BTreeSet<K3sVersion> = servers
            .filter_map(|(_, server)| server.version.as_ref()?.parse().ok())
            .collect();
        if running.is_empty() {
            self.version.parse().into_iter().collect()
        } else {
            running
        }
    }
}

#[cfg(test)]
mod tests;
