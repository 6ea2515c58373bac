//! What a plan of a rule asks the vCenter: which cluster it is, and whether the rule can have an effect there.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Plan;

use super::super::diagnostics::{explained, explained_at};
use super::super::drs::{CLUSTER, Distribution};
use super::super::inventory::{Found, Kind};
use super::super::vcenter::VCenter;
use super::AntiAffinityRuleResource;
use super::model::{AntiAffinityRuleModel, AntiAffinityRuleModelDraft};
use crate::provider::Clients;

const SUMMARY: &str = "Unable to find the cluster of the rule";

/// Asks about the cluster of a planned rule. The machines may not be there yet.
pub(super) async fn check(
    cx: &Context<AntiAffinityRuleResource>,
    plan: &mut Plan<'_, '_, AntiAffinityRuleResource>,
) -> Result<(), Diagnostics> {
    let Some(planned) = plan.planned() else { return Ok(()) };
    let datacenter = match &planned.datacenter {
        Attr::Known(datacenter) => Some(datacenter.as_str()),
        Attr::Null => None,
        Attr::Unknown => return replace_if_there(plan),
    };
    let Attr::Known(cluster) = &planned.cluster else {
        return replace_if_there(plan);
    };
    if cx.clients().is_vcenter_unknown() {
        return Ok(());
    }
    let vcenter = Clients::vcenter(cx).await?;
    let found = find(&vcenter, cluster, datacenter).await?;
    let prior = plan.prior.as_ref().map(AntiAffinityRuleModel::place).transpose()?;
    if prior.is_some_and(|(cluster, _)| cluster != found.object) {
        plan.require_replace(AntiAffinityRuleModel::CLUSTER);
    }
    let distribution = vcenter.distribution(&found.object).await;
    if let Some(distribution) = distribution.map_err(explained(SUMMARY))? {
        warn(cx, &found.name, &distribution, &planned);
    }
    Ok(())
}

/// The cluster that a configuration names. Single hosts have no rules.
pub(super) async fn find(vcenter: &VCenter, cluster: &str, datacenter: Option<&str>) -> Result<Found, Diagnostics> {
    let inside = if datacenter.is_none() && cluster.starts_with('/') {
        None
    } else {
        let path = AntiAffinityRuleModel::DATACENTER.into();
        let found = vcenter.datacenter(datacenter).await;
        Some(found.map_err(explained_at(SUMMARY, &path))?)
    };
    let path = AntiAffinityRuleModel::CLUSTER.into();
    let found = vcenter.find(Kind::Cluster, inside.as_ref(), cluster).await;
    let found = found.map_err(explained_at(SUMMARY, &path))?;
    if found.object.kind == CLUSTER {
        return Ok(found);
    }
    let detail = format!("{} is a host that is in no cluster, and has no rules.", found.name);
    Err(Diagnostic::error("Host without a cluster", detail).at(path).into())
}

/// A rule whose cluster is known only later may get into another one.
fn replace_if_there(plan: &mut Plan<'_, '_, AntiAffinityRuleResource>) -> Result<(), Diagnostics> {
    if plan.prior.is_some() {
        plan.require_replace(AntiAffinityRuleModel::CLUSTER);
    }
    Ok(())
}

/// Warns of a rule that can have no effect, or that keeps machines from running.
fn warn(
    cx: &Context<AntiAffinityRuleResource>,
    cluster: &str,
    distribution: &Distribution,
    planned: &AntiAffinityRuleModelDraft,
) {
    if !distribution.is_on {
        let detail = format!(
            "DRS is off in the cluster {cluster}, so the rule has no effect: machines run where they are powered on. Switch DRS on there, \
             if the vCenter has a license for it."
        );
        cx.warn(Diagnostic::warning("Rule without effect", detail).at(AntiAffinityRuleModel::CLUSTER));
    } else if !distribution.moves_machines && planned.enabled == Attr::Known(true) {
        let detail = format!(
            "DRS does not move machines by itself in the cluster {cluster}: those that run on the same host already stay there until \
             somebody accepts its recommendations. Give machines the name of the rule in `anti_affinity_rule`: then they join it before \
             they are powered on."
        );
        cx.warn(
            Diagnostic::warning("Rule without effect on running machines", detail).at(AntiAffinityRuleModel::CLUSTER),
        );
    }
    let machines = planned.virtual_machines.known().map_or(0, |machines| machines.0.len());
    if planned.mandatory == Attr::Known(true) && machines > distribution.hosts {
        let detail = format!(
            "The cluster {cluster} has {} hosts for {machines} machines, so not all of them can run.",
            distribution.hosts
        );
        cx.warn(Diagnostic::warning("More machines than hosts", detail).at(AntiAffinityRuleModel::MANDATORY));
    }
}
