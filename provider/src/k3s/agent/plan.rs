//! Rules for configurations and plans, and what a plan shows.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::k3s::agent::AgentResource;
use crate::k3s::agent::model::{AgentModel, AgentModelDraft};
use crate::k3s::agent::refusal::refused;
use crate::k3s::config::keys::check::Level;
use crate::k3s::join::ClusterJoinDraft;
use crate::k3s::paths;
use crate::k3s::rollout::agents::AgentRefusal;
use crate::k3s::version::K3sVersion;
use crate::k3s::version::upgrade::{UpgradeError, check_skew};
use crate::ssh::diagnostics::ATTRIBUTE as SSH;

/// Checks what concerns more than one attribute of a configuration.
pub(super) fn validate(config: &AgentModelDraft, diagnostics: &mut Diagnostics) {
    if let Attr::Known(ssh) = &config.ssh {
        ssh.validate(&Path::new(SSH), diagnostics);
    }
    if let Some(join) = config.cluster.known().and_then(ClusterJoinDraft::known)
        && let Err(error) = join.check()
    {
        diagnostics.push(invalid_cluster(&error.to_string()));
    }
    let version = config.wanted_version();
    let extra = config.extra_config.known();
    if let (Some(version), Some(extra)) = (version, extra) {
        for problem in extra.problems(Level::Agent, &version) {
            diagnostics.push(Diagnostic::error("Not an option of k3s", problem).at(AgentModel::EXTRA_CONFIG));
        }
    }
    if let (Some(version), Some(servers)) = (version, config.servers_version())
        && let Err(error) = check_skew(&version, &[servers])
    {
        for diagnostic in refused(&AgentRefusal::Skew(error)) {
            diagnostics.push(diagnostic);
        }
    }
}

/// Refuses what no agent can become, and plans a replacement where its data is elsewhere.
pub(super) fn check(plan: &mut Plan<'_, '_, AgentResource>) -> Result<(), Diagnostics> {
    let (Some(planned), Some(prior)) = (plan.planned(), plan.prior.clone()) else {
        return Ok(());
    };
    let goes_elsewhere = planned.cluster_id() != Some(&prior.cluster.cluster_id);
    if planned.cluster_id().is_some() && goes_elsewhere && !prior.is_of_others() {
        prior.may_leave_cluster()?;
    }
    let folder = planned.data_folder();
    if plan.changed(AgentModel::DATA_DIR) && folder != Some(prior.data_folder()) {
        match (prior.is_imported(), folder) {
            (true, Some(_)) => return Err(prior.has_its_data().into()),
            (true, None) => {}
            (false, _) => plan.require_replace(AgentModel::DATA_DIR),
        }
    }
    if goes_elsewhere || !plan.requires_replace().is_empty() {
        return Ok(());
    }
    let running = prior
        .running_version
        .known()
        .and_then(|text| text.parse::<K3sVersion>().ok());
    if let (Some(wanted), Some(from)) = (planned.wanted_version(), running)
        && wanted < from
    {
        let downgrade = UpgradeError::Downgrade { from, to: wanted };
        return Err(refused(&AgentRefusal::Upgrade(downgrade)));
    }
    Ok(())
}

/// Makes the plan show what applying it will bring: repairs of what was changed from outside, and the version that will
/// run.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, AgentResource>) {
    if plan.action() == Action::Delete {
        return;
    }
    if plan.prior.as_ref().is_none_or(AgentModel::has_drift) {
        plan.set(AgentModel::DRIFT, &Vec::<String>::new());
    }
    if plan.action() == Action::NoChange {
        return;
    }
    let Some(planned) = plan.planned() else { return };
    if let (Some(id), Some(name)) = (planned.cluster_id(), planned.name.known()) {
        plan.set(AgentModel::ID, &AgentModel::id_of(id, name));
    }
    plan.set(AgentModel::READY, &true);
    plan.set(AgentModel::DRIFT, &Vec::<String>::new());
    match planned.wanted_version() {
        Some(version) => plan.set(AgentModel::RUNNING_VERSION, &version.to_string()),
        None => plan.set_unknown(AgentModel::RUNNING_VERSION),
    }
}

/// Tells what applying a plan will do to pods, where the changed attributes do not say so.
pub(super) fn warn(cx: &Context<AgentResource>, plan: &Plan<'_, '_, AgentResource>) {
    let is_update = plan.action() == Action::Update && plan.requires_replace().is_empty();
    let Some(prior) = plan.prior.as_ref().filter(|prior| is_update && !prior.is_imported()) else {
        return;
    };
    let planned_id = plan.planned().and_then(|planned| planned.cluster_id().cloned());
    if planned_id.is_some_and(|id| id != prior.cluster.cluster_id) {
        let detail = format!(
            "{} leaves its cluster as if it were destroyed: its pods are moved away, and k3s is taken off the host with all of its data. Then \
             it joins the other cluster.",
            prior.name
        );
        cx.warn(Diagnostic::warning("Agent goes to another cluster", detail).at(AgentModel::CLUSTER));
    }
    if plan.changed(AgentModel::HOST) {
        let detail = format!(
            "{} goes from {} to another address. If that is another machine, its pods are moved away, k3s and the data of local volumes \
             are removed from the old one, as far as it still answers, and the new one joins in its place.",
            prior.name, prior.host
        );
        cx.warn(Diagnostic::warning("Address of an agent changes", detail).at(AgentModel::HOST));
    }
    for attribute in [AgentModel::NODE_IP, AgentModel::PROVIDER_ID] {
        // What is not given any more stays as it is.
        if plan.changed(attribute) && !plan.planned().is_some_and(|planned| planned.is_unset(attribute)) {
            let detail = format!(
                "A node has its addresses and its provider id for as long as it exists. So the pods of {} are moved away, its node is \
                 deleted, and it registers anew. Its data stays.",
                prior.name
            );
            cx.warn(Diagnostic::warning("Node registers anew", detail).at(attribute));
        }
    }
}

fn invalid_cluster(problem: &str) -> Diagnostic {
    let detail = format!("This is not the value of a cluster: {problem}.");
    Diagnostic::error("Invalid cluster of an agent", detail).at(AgentModel::CLUSTER)
}

impl AgentModel {
    /// Checks the cluster that the agent is given.
    ///
    /// # Errors
    /// No cluster exports it.
    pub(super) fn check_cluster(&self) -> Result<(), Diagnostics> {
        self.cluster
            .check()
            .map_err(|error| invalid_cluster(&error.to_string()).into())
    }

    /// Whether it was imported from a host that others have set up, which does not tell its cluster.
    pub(super) fn is_of_others(&self) -> bool {
        self.cluster.cluster_id.is_empty()
    }

    /// Checks that the agent can leave its cluster for another one.
    ///
    /// # Errors
    /// It was imported only, so that nothing is known of its cluster.
    pub(super) fn may_leave_cluster(&self) -> Result<(), Diagnostics> {
        if !self.is_imported() {
            return Ok(());
        }
        let detail = format!(
            "{} notes that it is an agent of the cluster {}, and the configuration gives another one. Apply with its own cluster first, so \
             that it can leave that in order.",
            self.host, self.cluster.cluster_id
        );
        Err(Diagnostic::error("Agent is in another cluster", detail)
            .at(AgentModel::CLUSTER)
            .into())
    }

    /// Where the agent has its data, for a configuration of an imported one that says otherwise. It is not replaced: of
    /// its cluster nothing is known, from which it would have to go.
    fn has_its_data(&self) -> Diagnostic {
        let folder = self.data_folder();
        let detail = format!(
            "k3s on {} has its data in {folder}, as the import has found. In another directory, it would begin with nothing beside what \
             it has: give `data_dir = {folder:?}`.",
            self.host
        );
        Diagnostic::error("Agent has its data elsewhere", detail).at(AgentModel::DATA_DIR)
    }

    /// Whether the last refresh found differences.
    pub(super) fn has_drift(&self) -> bool {
        self.drift.known().is_some_and(|drift| !drift.is_empty())
    }
}

impl AgentModelDraft {
    /// The id of the cluster, if it is known.
    fn cluster_id(&self) -> Option<&String> {
        self.cluster.known()?.cluster_id.known()
    }

    /// The version that is wanted, if it is known.
    fn wanted_version(&self) -> Option<K3sVersion> {
        match self.version.decided()? {
            Some(version) => version.parse().ok(),
            None => self.servers_version(),
        }
    }

    /// The folder in which k3s is to have its data, if it is known.
    fn data_folder(&self) -> Option<&str> {
        let given = self.data_dir.decided()?;
        Some(given.map_or(paths::DATA_DIR, String::as_str))
    }

    fn servers_version(&self) -> Option<K3sVersion> {
        self.cluster.known()?.version.known()?.parse().ok()
    }

    fn is_unset(&self, attribute: &str) -> bool {
        match attribute {
            AgentModel::NODE_IP => self.node_ip.is_null(),
            _ => self.provider_id.is_null(),
        }
    }
}
