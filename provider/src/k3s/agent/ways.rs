//! The ways of an operation: to the host by SSH, and to the Nodes of its cluster by the API. Beside them, what is kept
//! of an agent outside of its state.

use std::iter;

use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::k3s::agent::AgentResource;
use crate::k3s::agent::model::AgentModel;
use crate::k3s::attributes::Archive;
use crate::k3s::host::{Host, HostError, Probed};
use crate::k3s::nodes::Nodes;
use crate::k3s::program::Program;
use crate::k3s::version::K3sVersion;
use crate::kubernetes::Kubernetes;
use crate::ssh::diagnostics::{ATTRIBUTE as SSH, Described};
use crate::ssh::{Access, Pins};

const LOOK: &str = "Unable to look at the host";

/// What is kept beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The keys of hosts that were believed the first time, by address.
    #[serde(default, skip_serializing_if = "Pins::is_empty")]
    pub(super) pins: Pins,
    /// What makes the host different from all others, by which it is known at another address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) machine_id: Option<String>,
    /// The program that was put on the host, from which another one there is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<Installed>,
    /// The archives of images that were put on the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<Archive>,
}

/// A program that was put on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Installed {
    /// Its version.
    pub(super) version: String,
    /// Its hash.
    pub(super) sha256: String,
}

/// The ways of one operation.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    pub(super) host: Host,
    /// None as long as nothing is known of the cluster but its id.
    pub(super) nodes: Option<Nodes>,
}

impl Ways {
    /// Describes the ways. The host is not called yet.
    ///
    /// # Errors
    /// Fails if the attributes do not describe a way.
    pub(super) async fn new(cx: &Context<AgentResource>, model: &AgentModel, pins: &Pins) -> Result<Self, Diagnostics> {
        let nodes = match model.is_imported() {
            true => None,
            false => Some(nodes(cx, model).await?),
        };
        Ok(Self {
            host: host(cx, model, pins)?,
            nodes,
        })
    }
}

/// The Nodes, through the first server that answers: the one that the cluster names may be down while others are up. If
/// none does, whoever asks will learn that.
async fn nodes(cx: &Context<AgentResource>, model: &AgentModel) -> Result<Nodes, Diagnostics> {
    let join = &model.cluster;
    let others = join
        .servers
        .iter()
        .map(Some)
        .filter(|server| *server != join.kubernetes.host.as_ref());
    let mut named = None;
    for server in iter::once(join.kubernetes.host.as_ref()).chain(others) {
        let way = Kubernetes {
            host: server.cloned(),
            ..join.kubernetes.clone()
        };
        let access = cx.clients().exported(&way).await?.with_cancellation(cx.cancellation());
        let nodes = Nodes::new(access.cluster.clone(), &join.cluster_id);
        match access.cluster.probe().await {
            Err(error) if error.is_unreachable() => named = named.or(Some(nodes)),
            _ => return Ok(nodes),
        }
    }
    named.ok_or_else(|| Diagnostic::bug("A cluster was asked without an address.").into())
}

/// The host as it can be worked on.
///
/// # Errors
/// Fails if the attributes do not describe a way to it.
pub(super) fn host(cx: &Context<AgentResource>, model: &AgentModel, pins: &Pins) -> Result<Host, Diagnostics> {
    let described = Described {
        host: &model.host,
        own: model.ssh.as_ref(),
        default: cx.clients().ssh(model.ssh.as_ref())?,
        host_path: &Path::new(AgentModel::HOST),
        ssh_path: &Path::new(SSH),
    };
    let access = Access::new(cx.clients().sessions(), described, pins)?;
    Ok(Host::new(
        &model.name,
        access.with_cancellation(cx.cancellation()),
        model.data_folder(),
    ))
}

/// Looks at the host of an agent. As long as that is only imported, where k3s has its data there is found out.
///
/// # Errors
/// The host does not answer.
pub(super) async fn look_at(host: &Host, model: &AgentModel) -> Result<Probed, HostError> {
    match model.is_imported() {
        true => host.probe_anywhere().await,
        false => host.probe().await,
    }
}

/// The keys of hosts on the way that were believed because nothing else is recorded of them.
///
/// # Errors
/// The host does not answer any more.
pub(super) async fn pins(host: &Host) -> Result<Pins, Diagnostics> {
    host.access().session.pins().await.map_err(host.access().explain(LOOK))
}

/// The key by which the host was believed.
///
/// # Errors
/// The host does not answer any more.
pub(super) async fn host_key(host: &Host) -> Result<String, Diagnostics> {
    let key = host
        .access()
        .session
        .connect()
        .await
        .map_err(host.access().explain(LOOK))?;
    Ok(key.line)
}

impl Private {
    /// The hash that a program of this version has to have, if it is known.
    pub(super) fn sha256<'a>(&'a self, model: &'a AgentModel, version: K3sVersion) -> Option<&'a str> {
        let pinned = model.binary.as_ref().and_then(|binary| binary.sha256.as_deref());
        let installed = self
            .program
            .as_ref()
            .filter(|program| program.version == version.to_string());
        pinned.or(installed.map(|program| program.sha256.as_str()))
    }
}

impl From<&Program> for Installed {
    fn from(program: &Program) -> Self {
        Self {
            version: program.version.to_string(),
            sha256: program.sha256.clone(),
        }
    }
}
