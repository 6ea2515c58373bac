//! Brings a machine into the rule that keeps it on another host than others, before it is powered on: which host that
//! is, is decided then.
//!
//! A vCenter takes no rule with less than two machines. So the first machine of a rule only says that it wants to be
//! in it, and has nobody to be kept apart from; the second one makes the rule, and later ones join it. Who said so is
//! known as long as the process lives: if that is killed, `cht_vsphere_anti_affinity_rule` brings all of them
//! together.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::diagnostics::explained;
use super::super::drs::{CLUSTER, Rule};
use super::super::machine::Machine;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::model::VirtualMachineModel;
use super::steps::Work;
use super::tasks::Tasks;

const SUMMARY: &str = "Unable to keep the virtual machine apart";

impl Work<'_> {
    /// Brings a machine that is off into its rule, if it is to be in one.
    pub(super) async fn join_rule(&self, machine: &Machine) -> Result<(), Diagnostics> {
        let Some(name) = &self.model.anti_affinity_rule else {
            return Ok(());
        };
        let vcenter = self.tasks.vcenter;
        let cluster = cluster(vcenter, &self.placement.pool).await?;
        let cluster = cluster.filter(|owner| owner.kind == CLUSTER).ok_or_else(no_cluster)?;
        let mut joining = vcenter.joining().lock().await;
        let members = joining.entry((cluster.id.clone(), name.clone())).or_default();
        members.insert(machine.object.id.clone());
        let there = vcenter.distribution(&cluster).await.map_err(explained(SUMMARY))?;
        let there = there.unwrap_or_default();
        let rule = match there.rule_named(name) {
            Some(rule) if rule.machines.contains(&machine.object.id) => return Ok(()),
            Some(rule) => {
                let mut rule = rule.clone();
                rule.machines.insert(machine.object.id.clone());
                rule
            }
            None if there.names().contains(&name.as_str()) => return Err(something_else(name)),
            None if members.len() < 2 => return Ok(()),
            None => Rule {
                key: None,
                name: name.clone(),
                is_enabled: true,
                is_mandatory: false,
                machines: members.clone(),
            },
        };
        let what = format!("{} to be in the rule {name}", machine.name);
        self.tasks
            .run(&what, || vcenter.put_rule(&cluster, &rule))
            .await
            .map(drop)
    }
}

/// Removes the rule of a machine that is gone if no machine is left in it: such a rule does nothing, and nobody could
/// make it.
pub(super) async fn remove_empty_rule(
    tasks: Tasks<'_>,
    state: &VirtualMachineModel,
    machine: &Machine,
) -> Result<(), Diagnostics> {
    let (Some(name), Some(pool)) = (&state.anti_affinity_rule, &machine.pool) else {
        return Ok(());
    };
    let vcenter = tasks.vcenter;
    let Some(cluster) = cluster(vcenter, pool).await? else {
        return Ok(());
    };
    let _joining = vcenter.joining().lock().await;
    let there = vcenter.distribution(&cluster).await.map_err(explained(SUMMARY))?;
    let there = there.unwrap_or_default();
    let empty = there.rule_named(name).filter(|rule| rule.machines.is_empty());
    let Some(key) = empty.and_then(|rule| rule.key) else {
        return Ok(());
    };
    let what = format!("the rule {name} to be removed");
    tasks.run(&what, || vcenter.remove_rule(&cluster, key)).await.map(drop)
}

/// The cluster of a resource pool, or the host that is in none; nothing if the pool is gone.
async fn cluster(vcenter: &VCenter, pool: &Reference) -> Result<Option<Reference>, Diagnostics> {
    let read = vcenter.read(pool, &["owner"]).await.map_err(explained(SUMMARY))?;
    match read {
        Some(read) => read.reference("owner").map_err(explained(SUMMARY)),
        None => Ok(None),
    }
}

fn no_cluster() -> Diagnostics {
    let detail =
        "The machine is placed on a host that is in no cluster, and has no rules. Leave `anti_affinity_rule` out.";
    refused(detail)
}

fn something_else(name: &str) -> Diagnostics {
    let detail = format!("The cluster has a rule `{name}` that does something else. Choose another name.");
    refused(&detail)
}

fn refused(detail: &str) -> Diagnostics {
    Diagnostic::error(SUMMARY, detail)
        .at(VirtualMachineModel::ANTI_AFFINITY_RULE)
        .into()
}
