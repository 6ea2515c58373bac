//! The ways to the servers: what the attributes say of each, and by which keys hosts were believed the first time.

use serde::{Deserialize, Serialize};
use tf_framework::context::Scope;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;

use crate::k3s::cluster::model::{ClusterModel, Server};
use crate::k3s::host::Host;
use crate::provider::Clients;
use crate::ssh::diagnostics::{ATTRIBUTE as SSH, Described};
use crate::ssh::{Access, Pins};

/// What is kept beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The keys of hosts that were believed the first time, by address.
    #[serde(default, skip_serializing_if = "Pins::is_empty")]
    pub(super) pins: Pins,
    /// The hash of the kubeconfig from which the outputs were made. Another one is read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kubeconfig_sha256: Option<String>,
    /// The hash of the servers' token, from which another one in their files is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_sha256: Option<String>,
}

/// A server as it can be worked on.
///
/// # Errors
/// Fails if the attributes do not describe a way to it.
pub(super) fn host(
    scope: &Scope<Clients>,
    model: &ClusterModel,
    name: &str,
    server: &Server,
    pins: &Pins,
) -> Result<Host, Diagnostics> {
    let of_server = |attribute| Path::new(ClusterModel::SERVERS).key(name).attribute(attribute);
    // What the server says hides what the cluster says.
    let own = match (&server.ssh, &model.ssh) {
        (Some(own), of_cluster) => Some(own.clone().over(of_cluster.as_ref())),
        (None, of_cluster) => of_cluster.clone(),
    };
    let ssh_path = match &server.ssh {
        Some(_) => of_server(Server::SSH),
        None => Path::new(SSH),
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
