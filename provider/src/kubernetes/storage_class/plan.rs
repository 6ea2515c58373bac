//! What the cluster says to a plan, before anything is changed.

use k8s_openapi::api::storage::v1::StorageClass;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::StorageClassResource;
use super::model::{self, StorageClassModel};
use super::preset::Preset;
use crate::kubernetes::in_plan::known_cluster;
use crate::kubernetes::{Access, Apply, Found, Kind};

const SUMMARY: &str = "Unable to try the plan in the cluster";

/// Shows what makes the volumes where a preset says it, and replaces a class whose volumes would be made otherwise.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, StorageClassResource>) {
    if let (Attr::Known(name), true) = (&plan.config.preset, plan.config.storage_provisioner.is_null())
        && let Some(preset) = Preset::named(name)
    {
        plan.set(StorageClassModel::STORAGE_PROVISIONER, &preset.provisioner.to_owned());
    }
    let (Some(prior), Some(planned)) = (&plan.prior, plan.planned()) else {
        return;
    };
    let is = model::told(prior.preset.as_deref(), prior.parameters.as_ref());
    let is_same = match plan.planned_model() {
        Some(planned) => model::told(planned.preset.as_deref(), planned.parameters.as_ref()) == is,
        None => !planned.parameters.is_unknown() && !planned.preset.is_unknown(),
    };
    if !is_same && plan.changed(StorageClassModel::PARAMETERS) {
        plan.require_replace(StorageClassModel::PARAMETERS);
    } else if !is_same {
        plan.require_replace(StorageClassModel::PRESET);
    }
}

/// Asks the cluster, if it is known and there already, what it would say to the class.
pub(super) async fn try_in_cluster(
    cx: &Context<StorageClassResource>,
    plan: &Plan<'_, '_, StorageClassResource>,
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
    if model.default && plan.prior.as_ref().is_none_or(|prior| !prior.default) {
        warn_of_other_defaults(cx, &access, &model).await?;
    }
    if !plan.requires_replace().is_empty() {
        // The class that is there is in the way until it has been destroyed.
        return Ok(());
    }
    let set = model.set()?;
    let how = if plan.prior.is_some() {
        Apply::Repair
    } else {
        let checked = access.cluster.check_ownership(&set, &Found::default()).await;
        checked
            .map_err(access.explain("Unable to create the storage class"))
            .map_err(|failure| failure.at(StorageClassModel::NAME))?;
        Apply::Careful
    };
    let tried = access
        .cluster
        .dry_run(&set, how)
        .await
        .map_err(access.explain(SUMMARY))?;
    let mut diagnostics = Diagnostics::new();
    for (_, error) in tried.rejected {
        // The second half of a replacement is planned like any creation, while the class is still there.
        if plan.prior.is_some() || !error.is_immutable_field() {
            diagnostics.append(access.explain("Cluster refuses the plan")(error));
        }
    }
    diagnostics.into_result(())
}

/// Warns of classes that are for claims without a class as well: the newest of them is taken.
async fn warn_of_other_defaults(
    cx: &Context<StorageClassResource>,
    access: &Access,
    class: &StorageClassModel,
) -> Result<(), Diagnostics> {
    let looked = access.cluster.look_at_all(Kind::cluster::<StorageClass>()).await;
    let Some(live) = looked.map_err(access.explain(SUMMARY))?.known() else {
        return Ok(());
    };
    let others = live.iter().filter(|live| model::is_default(live));
    let mut others: Vec<&str> = others
        .map(|live| live.key().name.as_str())
        .filter(|name| *name != class.name)
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    others.sort_unstable();
    let detail = format!(
        "The cluster has another default class: {}. Of several, claims that name no class get the one that was made last. Take the \
         annotation `storageclass.kubernetes.io/is-default-class` from the others; k3s makes no class of its own with \
         `local-storage` among its disabled components.",
        others.join(", ")
    );
    cx.warn(Diagnostic::warning("Several default storage classes", detail).at(StorageClassModel::DEFAULT));
    Ok(())
}
