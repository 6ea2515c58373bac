//! What the cluster says to a plan: before anything is changed, it is asked whether it would take the objects.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::cht::instance::credentials::{Credentials, Known};
use crate::cht::instance::desired::Desired;
use crate::cht::instance::live::{self, drift};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::plan::survey::{Survey, unsaved};
use crate::cht::instance::plan::{classes, hosts, storage};
use crate::cht::instance::record::Stage;
use crate::cht::instance::{InstanceResource, adoption, upgrade};
use crate::kubernetes::in_plan::{known_cluster, known_way};
use crate::kubernetes::{Access, Apply, Found};
use crate::provider::Clients;

/// Notes which release the instance is going to have, for the plans of what lives in it.
pub(in crate::cht::instance) async fn note_release(
    cx: &Context<InstanceResource>,
    plan: &Plan<'_, '_, InstanceResource>,
) {
    let Some(planned) = plan.planned() else { return };
    let (Some(own), Some(namespace)) = (known_way(&planned.kubernetes), planned.namespace.known()) else {
        return;
    };
    // A way that cannot be used is told of by whoever needs it.
    if let Ok(access) = Clients::access(cx, own.as_ref()).await {
        let release = planned.cht_version.known().and_then(|release| release.parse().ok());
        cx.clients().releases().note(access.cluster.host(), namespace, release);
    }
}

/// Asks the cluster, if it is known and there already, what it would say to the plan.
pub(in crate::cht::instance) async fn try_in_cluster(
    cx: &Context<InstanceResource>,
    plan: &Plan<'_, '_, InstanceResource>,
) -> Result<(), Diagnostics> {
    if plan.action() == Action::Delete || !plan.changed(Path::root()) {
        return Ok(());
    }
    let Some(model) = plan.planned_model() else {
        return Ok(());
    };
    let Some(access) = known_cluster(cx, &plan.config.kubernetes).await? else {
        return Ok(());
    };
    let prior = plan.prior.as_ref().filter(|_| plan.requires_replace().is_empty());
    hosts::check(cx, &access, &model, prior).await?;
    classes::check_ingress(cx, &access, &model, prior).await?;
    let Some((credentials, stage)) = to_try_with(cx, &access, plan, &model).await? else {
        return Ok(());
    };
    storage::check(cx, &access, &model, plan.prior.as_ref()).await?;
    if plan.prior.is_none() {
        classes::check_storage(cx, &access, &model).await?;
    }
    upgrade::check_images(&access, &model, plan.prior.as_ref()).await?;
    upgrade::outlook::check(cx, &access, &model, prior).await?;
    let desired = Desired::new(&model, &credentials, stage)?;
    let desired = as_it_would_be(&access, plan, &model, desired).await?;
    let how = if plan.prior.as_ref().is_some_and(drift::was_found) {
        Apply::Repair
    } else {
        Apply::Careful
    };
    try_objects(&access, &model, &desired, how).await
}

/// Of an adopted instance, the objects that can be tried, with what cannot be changed of them as it is.
async fn as_it_would_be(
    access: &Access,
    plan: &Plan<'_, '_, InstanceResource>,
    model: &InstanceModel,
    desired: Desired,
) -> Result<Desired, Diagnostics> {
    if !model.is_adopted() {
        return Ok(desired);
    }
    let models: Vec<&InstanceModel> = plan.prior.iter().chain([model]).collect();
    let found = live::find(access, &model.namespace, &models).await?;
    adoption::triable(model, adoption::keep_volumes(model, desired, &found), &found)
}

/// Has the cluster go through everything but the change itself.
async fn try_objects(access: &Access, model: &InstanceModel, desired: &Desired, how: Apply) -> Result<(), Diagnostics> {
    access
        .cluster
        .check_ownership(&desired.set, &Found::default())
        .await
        .map_err(access.explain("Unable to create the CHT instance"))
        .map_err(|failure| failure.at(InstanceModel::NAMESPACE))?;
    let tried = access
        .cluster
        .dry_run(&desired.set, how)
        .await
        .map_err(access.explain("Unable to try the plan in the cluster"))?;
    let mut diagnostics = Diagnostics::new();
    if !tried.skipped.is_empty() && !model.create_namespace {
        let detail = format!(
            "The namespace {} does not exist. Make it, or let the instance have one of its own with `create_namespace = \
             true`.",
            model.namespace
        );
        diagnostics.push(Diagnostic::error("Namespace not found", detail).at(InstanceModel::NAMESPACE));
    }
    for (_, error) in tried.rejected {
        diagnostics.append(access.explain("Cluster refuses the plan")(error));
    }
    diagnostics.into_result(())
}

/// What to try the objects with; none if nothing can be told of a creation yet.
async fn to_try_with(
    cx: &Context<InstanceResource>,
    access: &Access,
    plan: &Plan<'_, '_, InstanceResource>,
    model: &InstanceModel,
) -> Result<Option<(Credentials, Stage)>, Diagnostics> {
    let known = Known::of(&model.couchdb);
    if plan.prior.is_some() {
        return Ok(Some((
            known.complete().unwrap_or_else(Credentials::placeholder),
            Stage::Created,
        )));
    }
    let survey = Survey::take(access, model).await?;
    if survey.is_unfinished() {
        // Whether the creation goes on with what is there, or starts over after it is gone, cannot be told from here.
        return Ok(None);
    }
    if survey.is_finished() {
        // This may be the second half of a replacement, which the core plans like any creation.
        let is_left = unsaved::is_left(cx, &survey, model)?;
        let tell = if is_left { unsaved::warning } else { already_there };
        cx.warn(tell(&model.namespace));
        return Ok(None);
    }
    survey.allows_creation(model)?;
    if let Some(warning) = survey.warning(model) {
        cx.warn(warning);
    }
    Ok(Some((known.or_generate(), Stage::Creating)))
}

fn already_there(namespace: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT instance exists already",
        format!(
            "There is a finished instance in the namespace {namespace}. The apply takes place only if this plan destroys that \
             instance first, as a replacement does. If it belongs to another state, import it or choose another namespace."
        ),
    )
    .at(InstanceModel::NAMESPACE)
}
