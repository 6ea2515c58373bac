//! What a cluster exports: the way into it, and what agents need.

use secrecy::SecretString;
use tf_framework::Attr;

use crate::k3s::cluster::model::{ClusterModel, ClusterModelDraft, Server, ServerDraft, Upgrade};
use crate::k3s::join::ClusterJoin;
use crate::k3s::kubeconfig;
use crate::k3s::token::{Bearer, Token};
use crate::kubernetes::Kubernetes;

/// How many agents are changed at the same time where nothing else is said.
const MAX_UNAVAILABLE: i64 = 1;

/// What follows from the credentials of a cluster and its attributes.
#[derive(Clone)]
pub(super) struct Outputs {
    pub(super) kubernetes: Kubernetes,
    pub(super) kubeconfig: SecretString,
    pub(super) join: ClusterJoin,
}

/// What the servers of a cluster have, from which its outputs are made.
pub(super) struct Found<'a> {
    /// The kubeconfig of the administrator, as it is on a server.
    pub(super) kubeconfig: &'a SecretString,
    /// The token of agents.
    pub(super) agent_token: &'a Token,
    /// The hash of the cluster's authority.
    pub(super) ca_hash: &'a str,
    /// The address that clients were given before.
    pub(super) address: Option<&'a str>,
}

/// The outputs of a cluster with these attributes; none if the kubeconfig is none, or if there is no server.
pub(super) fn of(model: &ClusterModel, found: &Found<'_>) -> Option<Outputs> {
    let address = model.address_for_clients(found.address)?;
    let kubernetes = kubeconfig::kubernetes(found.kubeconfig, &address).ok()?;
    let join = ClusterJoin {
        cluster_id: model.id.known()?.clone(),
        servers: Vec::new(),
        ca_hash: found.ca_hash.to_owned(),
        token: found.agent_token.secure(found.ca_hash, Bearer::Node),
        version: String::new(),
        external_cloud_provider: false,
        kubernetes: kubernetes.clone(),
        max_unavailable: MAX_UNAVAILABLE,
    };
    outputs(model, kubernetes, join)
}

/// The cluster with those planned attributes from which its outputs follow; none while one of them is unknown. What the
/// cloud provider calls a server's machine is not among them, which is unknown until the machine is made.
pub(super) fn planned(prior: &ClusterModel, planned: &ClusterModelDraft) -> Option<ClusterModel> {
    let servers = planned.servers.known()?.iter();
    let servers = servers.map(|(name, server)| Some((name.clone(), addresses(server.known()?)?)));
    let upgrade = match planned.upgrade.decided()? {
        Some(upgrade) => Some(Upgrade {
            max_unavailable: upgrade.max_unavailable.decided()?.copied(),
            ..Upgrade::default()
        }),
        None => None,
    };
    Some(ClusterModel {
        version: planned.version.known()?.clone(),
        servers: servers.collect::<Option<_>>()?,
        endpoint: planned.endpoint.decided()?.cloned(),
        https_listen_port: planned.https_listen_port.known().copied()?,
        cloud_provider: planned.cloud_provider.decided()?.cloned(),
        upgrade,
        ..prior.clone()
    })
}

/// The outputs that a cluster will have after a change: the credentials are as before.
pub(super) fn after(prior: &ClusterModel, planned: &ClusterModel) -> Option<Outputs> {
    let before = prior.kubernetes.known()?;
    let kubernetes = Kubernetes {
        host: Some(planned.address_for_clients(before.host.as_deref())?),
        ..before.clone()
    };
    outputs(planned, kubernetes, prior.join.known()?.clone())
}

/// The outputs with the way into the cluster by another address.
pub(super) fn at(model: &ClusterModel, address: String) -> Option<Outputs> {
    let kubernetes = Kubernetes {
        host: Some(address),
        ..model.kubernetes.known()?.clone()
    };
    outputs(model, kubernetes, model.join.known()?.clone())
}

/// What agents need after a change that leaves the way into the cluster as it is, and gives them another token.
pub(super) fn join(planned: &ClusterModel, prior: &ClusterJoin, agent_token: &Token) -> Option<ClusterJoin> {
    let kubernetes = planned.kubernetes.known()?.clone();
    let join = ClusterJoin {
        token: agent_token.secure(&prior.ca_hash, Bearer::Node),
        ..prior.clone()
    };
    outputs(planned, kubernetes, join).map(|outputs| outputs.join)
}

/// The outputs with this way into the cluster. Of `join`, what names the cluster and lets agents into it is kept.
fn outputs(model: &ClusterModel, kubernetes: Kubernetes, join: ClusterJoin) -> Option<Outputs> {
    let max_unavailable = model
        .upgrade
        .as_ref()
        .and_then(|upgrade: &Upgrade| upgrade.max_unavailable);
    Some(Outputs {
        kubeconfig: kubernetes.to_kubeconfig()?,
        join: ClusterJoin {
            servers: model.addresses_for_agents(),
            version: model.version.clone(),
            external_cloud_provider: model.has_external_cloud_provider(),
            max_unavailable: max_unavailable.unwrap_or(MAX_UNAVAILABLE),
            kubernetes: kubernetes.clone(),
            ..join
        },
        kubernetes,
    })
}

/// A server of which only is said how it is reached.
fn addresses(planned: &ServerDraft) -> Option<Server> {
    let node_ip = match planned.node_ip.decided()? {
        Some(node_ip) => Some(node_ip.iter().map(|ip| ip.known().cloned()).collect::<Option<_>>()?),
        None => None,
    };
    Some(Server {
        host: planned.host.known()?.clone(),
        node_ip,
        ssh: None,
        node_external_ip: None,
        labels: None,
        taints: None,
        provider_id: None,
        extra_config: None,
    })
}

impl Outputs {
    /// Puts them into the model.
    pub(super) fn store(self, model: &mut ClusterModel) {
        model.kubernetes = Attr::Known(self.kubernetes);
        model.kubeconfig = Attr::Known(self.kubeconfig);
        model.join = Attr::Known(self.join);
    }
}
