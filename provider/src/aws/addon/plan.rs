//! What a plan of an add-on shows, and what it refuses.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::Plan;

use super::super::account::Account;
use super::super::diagnostics::explain;
use super::super::eks::addons::default_version;
use super::super::error::Error;
use super::super::kept::DELETED;
use super::AddonResource;
use super::model::{AddonModel, is_followed, usual_policies};
use crate::provider::Clients;

/// Makes the plan show what follows from what is configured.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, AddonResource>) {
    if plan.action() == Action::Delete {
        return;
    }
    show_role(plan);
    let Some(planned) = plan.planned() else { return };
    match (&planned.addon_version, plan.prior.clone()) {
        (Attr::Known(version), Some(prior)) if is_followed(version) => {
            if plan.changed(AddonModel::ADDON_VERSION) {
                plan.set_unknown(AddonModel::INSTALLED_VERSION);
                plan.set(AddonModel::NEWER_VERSION, &Attr::<String>::Null);
            } else if let Attr::Known(newer) = &prior.newer_version {
                plan.set(AddonModel::INSTALLED_VERSION, newer);
                plan.set(AddonModel::NEWER_VERSION, &Attr::<String>::Null);
                plan.set_unknown(AddonModel::STATUS);
            }
        }
        (Attr::Known(version), prior) if !is_followed(version) => {
            let is_installed = prior.is_some_and(|prior| prior.installed_version.known() == Some(version));
            if !is_installed {
                plan.set(AddonModel::INSTALLED_VERSION, version);
            }
        }
        _ => {}
    }
    let failed = plan.prior.as_ref().and_then(|prior| prior.status.known());
    if failed.is_some_and(|status| status == "CREATE_FAILED" || status == DELETED) {
        plan.set_unknown(AddonModel::STATUS);
        plan.require_replace(AddonModel::STATUS);
    }
}

/// A role is made where there are policies for it, and the add-on has none of its own.
fn show_role(plan: &mut Plan<'_, '_, AddonResource>) {
    let Some(planned) = plan.planned().filter(|_| plan.config.role_arn.is_null()) else {
        return;
    };
    let has_policies = match (&planned.policies, &planned.addon_name) {
        (Attr::Null, Attr::Known(name)) => usual_policies(name).is_some(),
        (Attr::Null | Attr::Unknown, _) => return,
        (Attr::Known(_), _) => true,
    };
    let is_new = plan.prior.is_none();
    if !has_policies && (is_new || plan.changed(AddonModel::POLICIES)) {
        plan.set(AddonModel::ROLE_ARN, &Attr::<String>::Null);
    } else if has_policies && !is_new && plan.changed(AddonModel::POLICIES) {
        plan.set_unknown(AddonModel::ROLE_ARN);
    }
}

/// Asks EKS whether it has the add-on, in that version, for the version of the cluster.
pub(super) async fn check(cx: &Context<AddonResource>, plan: &Plan<'_, '_, AddonResource>) -> Result<(), Diagnostics> {
    let is_due = plan.prior.is_none() || plan.changed(AddonModel::ADDON_VERSION) || !plan.requires_replace().is_empty();
    let is_due =
        is_due && !matches!(plan.action(), Action::Delete | Action::NoChange) && !cx.clients().is_aws_unknown();
    let Some(planned) = plan.planned().filter(|_| is_due) else {
        return Ok(());
    };
    let (Attr::Known(cluster), Attr::Known(name)) = (&planned.cluster_name, &planned.addon_name) else {
        return Ok(());
    };
    let account = Clients::aws(cx).await?;
    let offered = match offered(&account, cluster, name).await {
        Ok(offered) => offered,
        // A cluster that is not there yet may be made by the same apply.
        Err(Error::Denied { .. } | Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(explain("Unable to check the add-on", &error)),
    };
    let of_cluster = offered.kubernetes;
    if offered.versions.is_empty() {
        let detail = format!(
            "EKS has no add-on `{name}` for Kubernetes {of_cluster}. `aws eks describe-addon-versions` lists them."
        );
        return Err(Diagnostic::error("Add-on is not offered", detail)
            .at(AddonModel::ADDON_NAME)
            .into());
    }
    // Where the add-on is another one, its version is not that of the one before.
    let version = match plan.requires_replace().is_empty() {
        true => planned.addon_version.known(),
        false => plan.config.addon_version.known(),
    };
    let Some(version) = version.filter(|version| !is_followed(version)) else {
        return Ok(());
    };
    if offered.versions.iter().any(|offered| offered == version) {
        return Ok(());
    }
    let detail = format!(
        "EKS has no version `{version}` of `{name}` for Kubernetes {of_cluster}; it has {}. Choose one of these, or `default`.",
        offered.versions.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
    );
    Err(Diagnostic::error("Add-on is not offered", detail)
        .at(AddonModel::ADDON_VERSION)
        .into())
}

/// What EKS has of an add-on.
pub(super) struct Offered {
    /// The version of the cluster.
    kubernetes: String,
    /// Versions of the add-on for it, the latest first.
    versions: Vec<String>,
    /// The one that EKS recommends.
    default: Option<String>,
}

impl Offered {
    /// The version that a word stands for.
    pub(super) fn version(&self, word: Option<&str>) -> Option<String> {
        match word {
            Some(super::model::LATEST) => self.versions.first().cloned(),
            Some(version) if !is_followed(version) => Some(version.to_owned()),
            _ => self.default.clone().or_else(|| self.versions.first().cloned()),
        }
    }
}

/// What EKS has of an add-on for a cluster.
///
/// # Errors
/// There is no such cluster, or a call failed.
pub(super) async fn offered(account: &Account, cluster: &str, name: &str) -> Result<Offered, Error> {
    let cluster = account.describe_cluster(cluster).await?;
    let kubernetes = cluster.version().unwrap_or_default().to_owned();
    let versions = account.versions_of_addon(name, &kubernetes).await?;
    let default = default_version(&versions, &kubernetes).map(str::to_owned);
    let versions = versions.into_iter().filter_map(|version| version.addon_version);
    Ok(Offered {
        kubernetes,
        versions: versions.collect(),
        default,
    })
}
