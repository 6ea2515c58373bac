//! `cht_k3s_agent`: one host of a k3s cluster that runs pods.
//!
//! - [`model`] has the attributes, [`settings`] says what the host is told of them, [`plan`] what a plan refuses and
//!   shows.
//! - [`trial`] asks a new host what it says to a plan.
//! - [`ways`] leads to the host and to the Nodes, [`look`] is what was seen there, [`refusal`] what stands in the way.
//! - [`steps`] brings the agent to what is wanted, after what [`prepare`] does; [`up`] waits for it, [`limits`] has the
//!   turns of the agents of a cluster.
//! - [`leave`] takes an agent out of its cluster, [`moves`] from one host or cluster to another.
//!
//! What is done next is decided by [`rollout::agents`](crate::k3s::rollout::agents), from what is seen alone. The
//! memory is on the host (the marker) and on the Node (what is ours of its labels and taints).
//!
//! In place: everything but `name` and `data_dir`, which replace. A host at another address is the same agent, be it
//! the same machine or another: what address leads to which machine is not known before the apply. Another cluster is
//! left and joined in one update: where `cluster` is not known in a plan, it mostly turns out to be the same one, and
//! the core takes no update that becomes a replacement.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::model::ToValue as _;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy, Timeouts};

use crate::k3s::agent::leave::Leaving;
use crate::k3s::agent::look::Seen;
use crate::k3s::agent::model::{AgentIdentity, AgentModel};
use crate::k3s::agent::steps::{Converged, Task};
use crate::k3s::agent::ways::{Installed, Private, Ways};
use crate::k3s::attributes::{archives, known_images};
use crate::k3s::config::Role;
use crate::k3s::host::Host;
use crate::k3s::join::ClusterJoin;
use crate::k3s::probe::{HostState, NodeState, UnitPhase};
use crate::kubernetes::Kubernetes;
use crate::provider::Clients;
use crate::wording::sentence;

mod leave;
pub mod limits;
mod look;
mod model;
mod moves;
mod plan;
mod prepare;
mod refusal;
mod settings;
mod steps;
#[cfg(test)]
mod tests;
mod trial;
mod up;
mod ways;

/// Manages one agent.
#[derive(Debug)]
pub struct AgentResource;

impl Resource for AgentResource {
    type Model = AgentModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = AgentIdentity;

    const TYPE_NAME: &'static str = "cht_k3s_agent";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(plan)?;
        plan::warn(cx, plan);
        trial::try_on_host(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: AgentModel) -> Result<AgentModel, Diagnostics> {
        let private = Private::default();
        let ways = Ways::new(cx, &plan, &private.pins).await?;
        // A creation that fails is begun anew, or, once it is untainted, goes on as an update.
        let begun = || cx.checkpoint(&plan);
        let task = Task::new(cx, &plan, &ways, &private, Some(&begun)).await?;
        let look = task.arrive().await?;
        refusal::check_creation(&task.seen(&look))?;
        cx.set_private(&Private {
            machine_id: look.probed.state.machine.machine_id.clone(),
            pins: ways::pins(&ways.host).await?,
            ..private.clone()
        })?;
        let converged = task.converge().await?;
        let made = finished(cx, &ways.host, plan.clone(), &converged, &private).await?;
        cx.checkpoint(&made);
        // Last of all: a creation that is killed before is continued by the next, one that is finished is not.
        if let Some(marker) = &converged.look.probed.state.marker {
            let mut marker = marker.clone();
            marker.creating = false;
            ways.host
                .mark(&marker)
                .await
                .map_err(|error| ways.host.diagnose(error))?;
        }
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, mut state: AgentModel) -> Result<Option<AgentModel>, Diagnostics> {
        let private = cx.private()?;
        let ways = Ways::new(cx, &state, &private.pins).await?;
        let (probed, nodes) = tokio::join!(ways::look_at(&ways.host, &state), find_node(cx, &state, &ways));
        let probed = match probed {
            Ok(probed) => probed,
            Err(error) => {
                // The way in the state may be what is wrong, and a configuration with another one must not be kept out.
                let detail = format!(
                    "{}.\n\nWhat was known of the agent {} is kept.",
                    sentence(&error_chain(&error)),
                    state.name
                );
                cx.warn(Diagnostic::warning("Host could not be looked at", detail).at(AgentModel::HOST));
                return Ok(Some(state));
            }
        };
        state.host_key = Attr::Known(ways::host_key(&ways.host).await?);
        if state.is_imported() {
            state.note_folder(&probed.state);
            return Ok(Some(state));
        }
        let (images, missing) = known_images(state.images.as_ref(), &private.images).await;
        missing.into_result(())?;
        let seen = Seen {
            model: &state,
            version: state.wanted_version()?,
            state: &probed.state,
            nodes: nodes.as_deref(),
            images: &images,
            private: &private,
            is_known: true,
        };
        if seen.has_nothing() && nodes.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let drift = seen.drift();
        state.store(&probed.state, nodes.as_deref());
        state.drift = Attr::Known(drift);
        Ok(Some(state))
    }

    async fn update(&self, cx: &Context<Self>, prior: AgentModel, plan: AgentModel) -> Result<AgentModel, Diagnostics> {
        if is_only_noted(&prior, &plan) {
            return Ok(plan);
        }
        let private = cx.private()?;
        let ways = Ways::new(cx, &plan, &private.pins).await?;
        let task = Task::new(cx, &plan, &ways, &private, None).await?;
        moves::leave_old_place(&prior, &task).await?;
        let converged = task.converge().await?;
        finished(cx, &ways.host, plan.clone(), &converged, &private).await
    }

    async fn delete(&self, cx: &Context<Self>, state: AgentModel) -> Result<(), Diagnostics> {
        let private = cx.private()?;
        let leaving = Leaving {
            cx,
            model: &state,
            ways: &Ways::new(cx, &state, &private.pins).await?,
            private: &private,
        };
        leaving.leave().await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<AgentIdentity>) -> Result<AgentModel, Diagnostics> {
        let (name, host) = match by {
            ImportBy::Id(id) => id
                .split_once('@')
                .map(|(name, host)| (name.to_owned(), host.to_owned())),
            ImportBy::Identity(AgentIdentity { name, host, .. }) => host.map(|host| (name, host)),
        }
        .filter(|(name, host)| !name.is_empty() && !host.is_empty())
        .ok_or_else(|| {
            Diagnostics::error(
                "Invalid import of an agent",
                "Give the name of the node and the address of its host, as in `worker-1@10.20.0.21`.",
            )
        })?;
        let mut model = AgentModel::imported(name, host);
        let host = ways::host(cx, &model, &Private::default().pins)?;
        let probed = ways::look_at(&host, &model).await;
        let probed = probed.map_err(|error| host.diagnose(error))?;
        model.note_folder(&probed.state);
        cx.set_private(&Private {
            pins: ways::pins(&host).await?,
            machine_id: probed.state.machine.machine_id.clone(),
            ..Private::default()
        })?;
        let state = probed.state;
        let is_agents = state.agent_unit.is_some() && state.server_unit.is_none() && state.datastore.is_none();
        let marker = match state.marker {
            // k3s' own script has set it up: to which cluster it belongs is told by its Node when it is applied.
            None if is_agents && !state.has_foreign_marker => return Ok(model),
            marker => marker.filter(|marker| marker.node == model.name && marker.role == Role::Agent.command()),
        };
        let marker = marker.ok_or_else(|| {
            Diagnostics::error(
                "No agent to import",
                format!(
                    "{} is not the agent `{}` of a k3s cluster. The id is the name of the node and the address of its host, such as \
                     `worker-1@10.20.0.21`.",
                    model.host, model.name
                ),
            )
        })?;
        model.id = Attr::Known(AgentModel::id_of(&marker.cluster, &model.name));
        model.cluster.cluster_id = marker.cluster;
        Ok(model)
    }
}

/// Whether a change is one of what happens later, which neither host nor cluster knows.
fn is_only_noted(prior: &AgentModel, plan: &AgentModel) -> bool {
    let noted = AgentModel {
        drain: plan.drain.clone(),
        on_destroy: plan.on_destroy.clone(),
        ssh: plan.ssh.clone(),
        timeouts: plan.timeouts.clone(),
        ..prior.clone()
    };
    noted.to_value() == plan.to_value()
}

/// The Node, if there is one, in a list; none if nobody answers.
async fn find_node(cx: &Context<AgentResource>, state: &AgentModel, ways: &Ways) -> Option<Vec<NodeState>> {
    match ways.nodes.as_ref()?.find(&state.name).await {
        Ok(node) => Some(node.into_iter().collect()),
        Err(error) => {
            let detail = format!(
                "{}.\n\nOf the agent {}, only its host was looked at.",
                sentence(&error_chain(&error)),
                state.name
            );
            cx.warn(Diagnostic::warning("Cluster could not be asked for the node", detail));
            None
        }
    }
}

/// The agent as it is now, and what is kept beside it.
async fn finished(
    cx: &Context<AgentResource>,
    host: &Host,
    mut model: AgentModel,
    converged: &Converged,
    private: &Private,
) -> Result<AgentModel, Diagnostics> {
    let state = &converged.look.probed.state;
    let installed = converged.program.as_ref().map(Installed::from);
    cx.set_private(&Private {
        pins: ways::pins(host).await?,
        machine_id: state.machine.machine_id.clone(),
        program: installed.or(private.program.clone()),
        images: archives(model.images.as_ref(), &converged.images),
    })?;
    model.id = Attr::Known(AgentModel::id_of(&model.cluster.cluster_id, &model.name));
    model.host_key = Attr::Known(ways::host_key(host).await?);
    model.store(state, Some(&converged.look.nodes));
    model.drift = Attr::Known(Vec::new());
    Ok(model)
}

impl AgentModel {
    /// Takes over what was seen. What nobody told stays as it was.
    fn store(&mut self, state: &HostState, nodes: Option<&[NodeState]>) {
        let node = nodes.map(|nodes| nodes.iter().find(|node| node.name == self.name));
        match node {
            Some(node) => {
                self.ready = Attr::Known(node.is_some_and(|node| node.ready));
                self.running_version = node
                    .and_then(|node| node.version)
                    .map(|version| version.to_string())
                    .into();
            }
            None if state.phase(Role::Agent) != UnitPhase::Running => self.ready = Attr::Known(false),
            None => {}
        }
    }

    /// An agent of which no more is known than its name and its host.
    fn imported(name: String, host: String) -> Self {
        Self {
            cluster: ClusterJoin {
                cluster_id: String::new(),
                servers: Vec::new(),
                ca_hash: String::new(),
                token: String::new().into(),
                version: String::new(),
                external_cloud_provider: false,
                kubernetes: Kubernetes::default(),
                max_unavailable: 1,
            },
            name,
            host,
            ssh: None,
            version: None,
            node_ip: None,
            node_external_ip: None,
            labels: None,
            taints: None,
            provider_id: None,
            kubelet_args: None,
            kube_proxy_args: None,
            docker: false,
            selinux: false,
            data_dir: None,
            registries: None,
            proxy: None,
            images: None,
            extra_config: None,
            binary: None,
            drain: None,
            on_destroy: None,
            id: Attr::Null,
            ready: Attr::Null,
            running_version: Attr::Null,
            host_key: Attr::Null,
            drift: Attr::Null,
            timeouts: Timeouts::default(),
        }
    }
}
