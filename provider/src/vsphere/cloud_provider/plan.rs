//! What a plan shows, and what the cluster and the vCenter say to it. All of that is only looked up, so it only leads
//! to errors and warnings; where the cluster is not known yet, nothing is asked.

use secrecy::SecretString;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::super::in_cluster::check::{self, Subject, When};
use super::super::in_cluster::privileges::Program;
use super::super::in_cluster::{has_drift, how, without_password};
use super::CloudProviderResource;
use super::model::CloudProviderModel;
use super::{objects, versions};
use crate::kubernetes::Access;
use crate::kubernetes::in_plan::known_cluster;

/// Makes the plan show that what differs will be repaired.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, CloudProviderResource>) {
    if plan.planned().is_some() && plan.prior.as_ref().is_none_or(|prior| has_drift(&prior.drift)) {
        plan.set(CloudProviderModel::DRIFT, &Vec::<String>::new());
    }
}

/// Refuses what cannot work, and warns of what may not.
pub(super) async fn check(
    cx: &Context<CloudProviderResource>,
    plan: &Plan<'_, '_, CloudProviderResource>,
) -> Result<(), Diagnostics> {
    if plan.action() == Action::Delete {
        return Ok(());
    }
    let config = plan.config.vcenter.known();
    if plan.prior.is_none() && config.is_some_and(|config| config.has_no_password()) {
        return Err(without_password());
    }
    let Some(planned) = plan.planned() else { return Ok(()) };
    let Some(access) = known_cluster(cx, &plan.config.kubernetes).await? else {
        return Ok(());
    };
    let probe = access.cluster.probe().await;
    let probe = probe.map_err(access.explain("Unable to reach the cluster"))?;
    let version = match planned.version.known() {
        Some(version) => version.clone(),
        None => versions::for_kubernetes(&probe.version)?,
    };
    if let Some(warning) = versions::mismatch(&version, &probe.version) {
        cx.warn(warning);
    }
    let Some(mut model) = plan.planned_model().filter(|_| plan.changed(Path::root())) else {
        return Ok(());
    };
    model.version = Attr::Known(version);
    try_objects(&access, plan, &model).await?;
    let password = config.and_then(|config| config.given_password());
    match password.filter(|_| plan.changed(check::ATTRIBUTE)) {
        Some(password) => {
            check::check(
                cx,
                &access,
                Subject {
                    program: Program::CloudProvider,
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

async fn try_objects(
    access: &Access,
    plan: &Plan<'_, '_, CloudProviderResource>,
    model: &CloudProviderModel,
) -> Result<(), Diagnostics> {
    let how = how(plan.prior.as_ref().map(|prior| &prior.drift));
    // The cluster takes any password.
    let set = objects::set(model, &SecretString::from("to be set"))?;
    objects::component(access).try_out(&set, how).await
}
