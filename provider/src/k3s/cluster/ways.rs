//! The ways to the servers, and what is kept beside the state of a cluster.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tf_framework::context::{Context, Scope};
use tf_framework::diagnostics::{Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::k3s::attributes::Archive;
use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::{ClusterModel, Server};
use crate::k3s::fleet::Looked;
use crate::k3s::host::Host;
use crate::k3s::token::TokenHashes;
use crate::provider::Clients;
use crate::ssh::diagnostics::{ATTRIBUTE as SSH, Described};
use crate::ssh::{Access, HostKey, Pins};

/// What is kept beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The id of the cluster. It goes to the planning of the second half of a replacement, which knows no state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// Whether the token was given, so that it is not for the state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_given_token: bool,
    /// The keys of hosts that were believed the first time, by address.
    #[serde(default, skip_serializing_if = "Pins::is_empty")]
    pub(super) pins: Pins,
    /// The kubeconfig from which the outputs were made. Another one is read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kubeconfig: Option<Source>,
    /// The hash of the servers' token, by which a token that somebody else has changed is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_sha256: Option<String>,
    /// By what the servers' token is known, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_hashes: Option<TokenHashes>,
    /// The archives of images that were put on the servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<Archive>,
    /// Whether somebody else has set the servers up, and they carry no marks of this provider yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) adopted: bool,
}

/// A kubeconfig, of which each server has one of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// The server that has it.
    pub(super) server: String,
    /// The hash of it.
    pub(super) sha256: String,
}

/// The hosts of a cluster, by name.
pub(super) type Hosts = BTreeMap<String, Host>;

/// The servers of a model, and those that there were before and are not in it any more.
///
/// # Errors
/// Fails if the attributes do not describe a way to one.
pub(super) fn hosts(
    scope: &Scope<Clients>,
    model: &ClusterModel,
    prior: Option<&ClusterModel>,
    pins: &Pins,
) -> Result<Hosts, Diagnostics> {
    let mut hosts = Hosts::new();
    let mut diagnostics = Diagnostics::new();
    let before = prior.into_iter().flat_map(|prior| &prior.servers);
    let gone = before.filter(|(name, _)| !model.servers.contains_key(*name));
    for (name, server) in model.servers.iter().chain(gone) {
        match host(scope, model, name, server, pins) {
            Ok(host) => {
                hosts.insert(name.clone(), host);
            }
            Err(failure) => diagnostics.append(failure),
        }
    }
    diagnostics.into_result(hosts)
}

/// A server as it can be worked on.
fn host(
    scope: &Scope<Clients>,
    model: &ClusterModel,
    name: &str,
    server: &Server,
    pins: &Pins,
) -> Result<Host, Diagnostics> {
    let of_server = |attribute| Path::new(ClusterModel::SERVERS).key(name).attribute(attribute);
    // What the server says hides what the cluster says.
    let (own, ssh_path) = match (&server.ssh, &model.ssh) {
        (Some(own), of_cluster) => (Some(own.clone().over(of_cluster.as_ref())), of_server(Server::SSH)),
        (None, of_cluster) => (of_cluster.clone(), Path::new(SSH)),
    };
    let described = Described {
        host: &server.host,
        own: own.as_ref(),
        default: scope.clients().ssh(own.as_ref())?,
        host_path: &of_server(Server::HOST),
        ssh_path: &ssh_path,
    };
    let access = Access::new(scope.clients().sessions(), described, pins)?;
    let access = access.with_cancellation(scope.cancellation());
    Ok(Host::new(name, access, model.data_directory()))
}

/// Keeps the id, and the keys of the hosts that answered and were believed the first time.
///
/// # Errors
/// Fails if what is kept cannot be read or written.
pub(super) async fn keep_known(
    cx: &Context<ClusterResource>,
    id: &str,
    hosts: &Hosts,
    looked: &Looked,
) -> Result<(), Diagnostics> {
    let mut private = cx.private()?;
    private.id = Some(id.to_owned());
    for (name, host) in hosts.iter().filter(|(name, _)| looked.state(name).is_some()) {
        match host.access().session.pins().await {
            Ok(pins) => private.pins.extend(pins),
            Err(error) => {
                tracing::warn!(host = %name, error = %error_chain(&error), "the key of a host could not be noted");
            }
        }
    }
    keep(cx, &private)
}

/// Keeps something beside the state, if it is new.
///
/// # Errors
/// Fails if what is kept cannot be read or written.
pub(super) fn keep(cx: &Context<ClusterResource>, private: &Private) -> Result<(), Diagnostics> {
    if cx.private()? == *private {
        return Ok(());
    }
    cx.set_private(private)
}

/// The keys of the hosts that answered, by name.
pub(super) async fn keys(hosts: &Hosts, looked: &Looked) -> BTreeMap<String, HostKey> {
    let mut keys = BTreeMap::new();
    for (name, host) in hosts.iter().filter(|(name, _)| looked.state(name).is_some()) {
        // The connection is there already.
        if let Ok(key) = host.access().session.connect().await {
            keys.insert(name.clone(), key);
        }
    }
    keys
}
