//! `cht_vsphere_anti_affinity_rule`: a rule of DRS that keeps machines on different hosts of a cluster.
//!
//! API: ReconfigureComputeResource_Task. In place: all but the cluster. [`model`] has the attributes, [`plan`] what is
//! asked of the cluster before anything is made; the calls are in [`drs`](super::drs).
//!
//! A rule bears no mark of who made it. One of the same name is gone on with only if it has no other machines than
//! those that are asked for, as after a creation that was killed: then nobody else has a say in it.

mod model;
mod plan;

use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::resource::{Plan, Resource};

use self::model::{AntiAffinityRuleIdentity, AntiAffinityRuleModel};
use super::diagnostics::{explain, explained};
use super::drs::{Distribution, Rule};
use super::error::Error;
use super::reference::Reference;
use super::task::run::Runner;
use super::vcenter::VCenter;
use super::which_vcenter::{self, InVCenter};
use crate::provider::Clients;
use crate::wording::sentence;

const READ: &str = "Unable to read the anti-affinity rule";
const PUT: &str = "Unable to set the anti-affinity rule";
const REMOVE: &str = "Unable to remove the anti-affinity rule";

/// Manages one rule.
#[derive(Debug)]
pub struct AntiAffinityRuleResource;

impl Resource for AntiAffinityRuleResource {
    type Model = AntiAffinityRuleModel;
    type Clients = Clients;
    type Private = InVCenter;
    type Identity = AntiAffinityRuleIdentity;

    const TYPE_NAME: &'static str = "cht_vsphere_anti_affinity_rule";

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::check(cx, plan).await
    }

    async fn create(
        &self,
        cx: &Context<Self>,
        plan: AntiAffinityRuleModel,
    ) -> Result<AntiAffinityRuleModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::keep(cx, &vcenter).await?;
        let cluster = plan::find(&vcenter, &plan.cluster, plan.datacenter.as_deref()).await?;
        let there = distribution(&vcenter, &cluster.object, PUT).await?;
        let key = match there.rule_named(&plan.name) {
            Some(rule) if rule.machines.is_subset(&plan.virtual_machines) => {
                // As machines make it that join before they are powered on, or an apply of which nothing was saved.
                tracing::info!(name = plan.name, "the rule is there, for no other machines");
                rule.key
            }
            Some(_) => return Err(taken(&plan.name)),
            None if there.names().contains(&plan.name.as_str()) => return Err(taken(&plan.name)),
            None => None,
        };
        put(cx, &vcenter, &cluster.object, plan.rule(key)).await?;
        let there = distribution(&vcenter, &cluster.object, PUT).await?;
        let made = there.rule_named(&plan.name).and_then(|rule| rule.key);
        let made = plan.identified(&cluster.object, made.ok_or_else(vanished)?);
        cx.checkpoint(&made);
        Ok(made)
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        state: AntiAffinityRuleModel,
    ) -> Result<Option<AntiAffinityRuleModel>, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let (cluster, key) = state.place()?;
        let there = vcenter.distribution(&cluster).await.map_err(explained(READ))?;
        Ok(there.and_then(|there| Some(state.refreshed(there.rule(key)?))))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: AntiAffinityRuleModel,
        plan: AntiAffinityRuleModel,
    ) -> Result<AntiAffinityRuleModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let (cluster, key) = prior.place()?;
        let there = distribution(&vcenter, &cluster, PUT).await?;
        if plan.name != prior.name && there.names().contains(&plan.name.as_str()) {
            return Err(taken(&plan.name));
        }
        let wanted = plan.rule(Some(key));
        match there.rule(key) {
            None => Err(Diagnostics::error(
                PUT,
                "Somebody has removed it meanwhile. Plan again.",
            )),
            Some(is) if *is == wanted => Ok(plan),
            Some(_) => put(cx, &vcenter, &cluster, wanted).await.map(|()| plan),
        }
    }

    async fn delete(&self, cx: &Context<Self>, state: AntiAffinityRuleModel) -> Result<(), Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let (cluster, key) = state.place()?;
        let is_there = async || {
            let there = vcenter.distribution(&cluster).await.map_err(explained(REMOVE))?;
            Ok::<_, Diagnostics>(there.is_some_and(|there| there.rule(key).is_some()))
        };
        if !is_there().await? {
            return Ok(());
        }
        let runner = Runner {
            cx,
            vcenter: &vcenter,
            explain: &explained(REMOVE),
        };
        let what = format!("the rule {} to be removed", state.name);
        let removed = runner.run(&what, || vcenter.remove_rule(&cluster, key)).await;
        // Its machines may have gone at the same time, and the rule with them.
        if is_there().await? {
            removed?;
            let detail = "The vCenter says that the rule is removed, and still has it. Apply again.";
            return Err(Diagnostics::error(REMOVE, detail));
        }
        Ok(())
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<AntiAffinityRuleIdentity>,
    ) -> Result<AntiAffinityRuleModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::keep(cx, &vcenter).await?;
        let (ImportBy::Id(id) | ImportBy::Identity(AntiAffinityRuleIdentity { id })) = by;
        if let Some((cluster, key)) = model::place(&id) {
            let there = distribution(&vcenter, &cluster, READ).await?;
            let rule = there.rule(key).ok_or_else(|| nothing_there(&id, &there))?;
            let path = vcenter.path(&cluster).await.map_err(explained(READ))?;
            return Ok(AntiAffinityRuleModel::imported(&path, rule).identified(&cluster, key));
        }
        let (cluster, name) = id.rsplit_once('/').unwrap_or_default();
        if cluster.is_empty() {
            return Err(nothing_there(&id, &Distribution::default()));
        }
        let found = plan::find(&vcenter, cluster, None).await?;
        let there = distribution(&vcenter, &found.object, READ).await?;
        let rule = there.rule_named(name).ok_or_else(|| nothing_there(&id, &there))?;
        let key = rule.key.ok_or_else(vanished)?;
        Ok(AntiAffinityRuleModel::imported(cluster, rule).identified(&found.object, key))
    }
}

/// How a cluster that has to be there distributes its machines.
async fn distribution(vcenter: &VCenter, cluster: &Reference, summary: &str) -> Result<Distribution, Diagnostics> {
    let there = vcenter.distribution(cluster).await.map_err(explained(summary))?;
    let gone = || Error::Gone {
        object: cluster.clone(),
    };
    there.ok_or_else(|| explain(summary, &gone()))
}

/// Makes a rule, or changes the one with its key.
async fn put(
    cx: &Context<AntiAffinityRuleResource>,
    vcenter: &VCenter,
    cluster: &Reference,
    rule: Rule,
) -> Result<(), Diagnostics> {
    let runner = Runner {
        cx,
        vcenter,
        explain: &|error| blame(&error),
    };
    let what = format!("the rule {}", rule.name);
    let _joining = vcenter.joining().lock().await;
    runner.run(&what, || vcenter.put_rule(cluster, &rule)).await.map(drop)
}

/// An error at the attribute that the vCenter blames.
fn blame(error: &Error) -> Diagnostics {
    let kind = error.fault().map_or("", |fault| fault.kind.as_str());
    if kind == "DuplicateName" {
        return explain(PUT, error).at(AntiAffinityRuleModel::NAME);
    }
    if kind != "InvalidArgument" && !error.is_gone() {
        return explain(PUT, error);
    }
    let detail = format!(
        "{}.\n\nAll machines have to be in the cluster of the rule, whatever their host or resource pool.",
        sentence(&error_chain(error))
    );
    Diagnostic::error(PUT, detail)
        .at(AntiAffinityRuleModel::VIRTUAL_MACHINES)
        .into()
}

fn taken(name: &str) -> Diagnostics {
    let detail = format!(
        "The cluster has a rule `{name}` that this state does not know, and it is about something else, or about other machines. If it is \
         the one that is meant, import it, with the address of this resource: \
         `tofu import cht_vsphere_anti_affinity_rule.NAME 'CLUSTER/{name}'`. Otherwise choose another name."
    );
    Diagnostic::error("Anti-affinity rule exists already", detail)
        .at(AntiAffinityRuleModel::NAME)
        .into()
}

fn vanished() -> Diagnostics {
    let detail = "The vCenter says that the rule is there, and does not list it. Apply again.";
    Diagnostics::error(PUT, detail)
}

fn nothing_there(id: &str, there: &Distribution) -> Diagnostics {
    let names: Vec<&str> = there.rules.iter().map(|rule| rule.name.as_str()).collect();
    let detail = format!(
        "There is no rule `{id}` that keeps machines apart. Give the cluster, by name or inventory path, a slash, and the name of the rule, \
         such as `Compute/cht-servers`, or the id of the rule, such as `domain-c8/3`. The cluster has: {}.",
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    );
    Diagnostics::error("No anti-affinity rule to import", detail)
}
