//! What a plan shows, and what the cluster and the vCenter say to it. All of that is only looked up, so it only leads
//! to errors and warnings; where the cluster is not known yet, nothing is asked.

use secrecy::SecretString;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::super::in_cluster::check::{self, Subject, When};
use super::super::in_cluster::privileges::Program;
use super::super::in_cluster::{has_drift, how, without_password};
use super::model::CsiDriverModel;
use super::{CsiDriverResource, objects, snapshots, versions};
use crate::kubernetes::Access;
use crate::kubernetes::in_plan::known_cluster;

/// Makes the plan show that what differs will be repaired.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, CsiDriverResource>) {
    if plan.planned().is_some() && plan.prior.as_ref().is_none_or(|prior| has_drift(&prior.drift)) {
        plan.set(CsiDriverModel::DRIFT, &Vec::<String>::new());
    }
}

/// Refuses what cannot work, and warns of what may not.
pub(super) async fn check(
    cx: &Context<CsiDriverResource>,
    plan: &Plan<'_, '_, CsiDriverResource>,
) -> Result<(), Diagnostics> {
    if plan.action() == Action::Delete {
        return Ok(());
    }
    let config = plan.config.vcenter.known();
    if plan.prior.is_none() && config.is_some_and(|config| config.has_no_password()) {
        return Err(without_password());
    }
    warn_of_another_id(cx, plan);
    let Some(planned) = plan.planned() else { return Ok(()) };
    let Some(access) = known_cluster(cx, &plan.config.kubernetes).await? else {
        return Ok(());
    };
    let probe = access.cluster.probe().await;
    let probe = probe.map_err(access.explain("Unable to reach the cluster"))?;
    let by_default = versions::for_kubernetes(&probe.version);
    let version = match planned.version.known() {
        Some(version) => version.clone(),
        None => by_default?.to_owned(),
    };
    if let Some(warning) = versions::mismatch(&version, &probe.version) {
        cx.warn(warning);
    }
    let Some(mut model) = plan.planned_model().filter(|_| plan.changed(Path::root())) else {
        return Ok(());
    };
    model.version = Attr::Known(version);
    if let Some(prior) = &plan.prior {
        snapshots::refuse_left(&access, prior, Some(&model)).await?;
    }
    try_objects(&access, plan, model.clone()).await?;
    let password = config.and_then(|config| config.given_password());
    match password.filter(|_| plan.changed(check::ATTRIBUTE)) {
        Some(password) => {
            check::check(
                cx,
                &access,
                Subject {
                    program: Program::CsiDriver,
                    login: &model.vcenter,
                    when: When::Plan,
                },
                password.clone(),
            )
            .await
        }
        None => Ok(()),
    }
}

/// Volumes are known to the vCenter by the cluster's id, which only the driver's next full synchronization changes.
fn warn_of_another_id(cx: &Context<CsiDriverResource>, plan: &Plan<'_, '_, CsiDriverResource>) {
    if plan.prior.is_some() && plan.changed(CsiDriverModel::CLUSTER_ID) {
        let detail = "The vCenter knows the volumes of this cluster by the earlier id. Make sure that no other cluster has the new one: \
                      both would take away each other's volumes.";
        cx.warn(Diagnostic::warning("Cluster gets another id", detail).at(CsiDriverModel::CLUSTER_ID));
    }
}

async fn try_objects(
    access: &Access,
    plan: &Plan<'_, '_, CsiDriverResource>,
    mut model: CsiDriverModel,
) -> Result<(), Diagnostics> {
    let how = how(plan.prior.as_ref().map(|prior| &prior.drift));
    if model.replicas.known().is_none() {
        model.replicas = Attr::Known(1);
    }
    // The cluster takes any password.
    let set = objects::set(&model, &SecretString::from("to be set"))?;
    objects::component(access).try_out(&set, how).await
}
