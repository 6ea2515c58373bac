//! What went wrong with an add-on, as users are told of it.

use aws_sdk_eks::types::{Addon, AddonStatus, Update};
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::custom_types::{Json, Notation};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::diagnostics::explain;
use super::super::eks::refusals;
use super::super::error::Error;
use super::super::kept::DELETED;
use super::AddonResource;
use super::model::{AddonModel, status};

/// Whether the cluster is not ready for it yet.
pub(super) fn is_for_later(error: &Error) -> bool {
    error.is_refused_with("InvalidRequestException") && refusals::said(error).contains("not in active status")
}

/// An error at the attribute that EKS blames.
pub(super) fn blame(summary: &str, error: &Error) -> Diagnostics {
    if error.is_not_found() {
        return explain(summary, error).at(AddonModel::CLUSTER_NAME);
    }
    let words = [
        ("configurationvalue", AddonModel::CONFIGURATION_VALUES),
        ("version", AddonModel::ADDON_VERSION),
        ("role", AddonModel::ROLE_ARN),
        ("addon", AddonModel::ADDON_NAME),
    ];
    refusals::blame(summary, error, &words)
}

/// What EKS says is wrong, an issue a line.
fn health(addon: &Addon) -> Vec<String> {
    let issues = addon.health().map(|health| health.issues()).unwrap_or_default();
    let lines = issues.iter().map(|issue| {
        let code = issue.code().map_or("", |code| code.as_str());
        format!("{code}: {}", issue.message().unwrap_or_default())
    });
    lines.collect()
}

/// How far an add-on is.
pub(super) fn progress(addon: &Addon) -> String {
    let mut text = format!("it is {}", status(addon));
    for line in health(addon) {
        text.push_str("; ");
        text.push_str(&line);
    }
    text
}

/// Refuses to go on with an add-on that never came to be.
pub(super) fn check(model: &AddonModel, addon: &Addon) -> Result<(), Diagnostics> {
    match addon.status() {
        Some(AddonStatus::CreateFailed | AddonStatus::UpdateFailed) => Err(unwell(model, addon)),
        _ => Ok(()),
    }
}

/// An add-on that does not run though it could.
pub(super) fn unwell(model: &AddonModel, addon: &Addon) -> Diagnostics {
    let name = &model.addon_name;
    let lines = health(addon).join("\n");
    let advice = match lines.as_str() {
        lines if lines.contains("ConfigurationConflict") => {
            "Something else has made objects of the same names in the cluster. With `resolve_conflicts = \"OVERWRITE\"` the add-on takes \
             them over."
        }
        lines if lines.contains("AccessDenied") || lines.contains("AddonPermissionFailure") => {
            "It lacks a role, or permissions of it: see `role_arn` and `policies`. Roles come by pod identity, for which the cluster needs \
             the add-on `eks-pod-identity-agent`."
        }
        lines if lines.contains("InsufficientNumberOfReplicas") => {
            "Its pods do not run: see why with `kubectl get pods -A` and `kubectl describe pod`. There may be no node that they fit on, or \
             all have taints that they do not tolerate."
        }
        _ => "Remove the cause and apply again.",
    };
    let detail = format!(
        "EKS says of the add-on `{name}`, which is {}:\n\n{lines}\n\n{advice}",
        status(addon)
    );
    Diagnostics::error("Add-on does not run", detail)
}

/// An add-on that waits for the first node.
pub(super) fn waits_for_nodes(model: &AddonModel, addon: &Addon) -> Diagnostic {
    let detail = format!(
        "The cluster `{}` has no nodes yet, so the add-on `{}` is installed and does not run: {}. It will when nodes join.",
        model.cluster_name,
        model.addon_name,
        health(addon).join("; ")
    );
    Diagnostic::warning("Add-on waits for nodes", detail)
}

/// An add-on that is not well, at a refresh.
pub(super) fn sick(model: &AddonModel, addon: &Addon) -> Option<Diagnostic> {
    let lines = health(addon);
    if lines.is_empty() {
        return None;
    }
    let detail = format!(
        "EKS says of the add-on `{}`, which is {}:\n\n{}",
        model.addon_name,
        status(addon),
        lines.join("\n")
    );
    Some(Diagnostic::warning("Add-on is not well", detail))
}

/// A change that failed.
pub(super) fn of_update(model: &AddonModel, update: &Update) -> Diagnostics {
    let errors = update.errors().iter().map(|error| {
        let code = error.error_code().map_or("", |code| code.as_str());
        format!("{code}: {}", error.error_message().unwrap_or_default())
    });
    let errors: Vec<String> = errors.collect();
    let detail = format!(
        "EKS could not change the add-on `{}`.\n\n{}\n\nRemove the cause and apply again. With `resolve_conflicts = \"OVERWRITE\"` it takes \
         over what others have changed.",
        model.addon_name,
        errors.join("\n")
    );
    Diagnostics::error(super::UPDATE, detail)
}

/// An add-on that does not go.
pub(super) fn of_deletion(model: &AddonModel, addon: &Addon) -> Diagnostics {
    let detail = format!(
        "EKS could not delete the add-on `{}`.\n\n{}\n\nRemove the cause and apply again; with `preserve` its objects stay in the cluster.",
        model.addon_name,
        health(addon).join("\n")
    );
    Diagnostics::error(super::DELETE, detail)
}

/// An add-on that cannot be given a role.
pub(super) fn without_role(model: &AddonModel) -> Diagnostics {
    let detail = format!(
        "`{}` takes no role by pod identity. Leave `role_arn` and `policies` out; what it needs is in its documentation.",
        model.addon_name
    );
    Diagnostic::error("Add-on takes no role", detail)
        .at(AddonModel::ADDON_NAME)
        .into()
}

/// It is not there any more.
pub(super) fn gone(model: &AddonModel) -> Diagnostics {
    let detail = format!(
        "Somebody has deleted the add-on `{}` of the cluster `{}` since the plan. Plan again.",
        model.addon_name, model.cluster_name
    );
    Diagnostics::error("Add-on is gone", detail)
}

/// An add-on that is gone, with the role that is left of it.
pub(super) fn left(cx: &Context<AddonResource>, mut state: AddonModel) -> AddonModel {
    let detail = format!(
        "The add-on `{}` of the cluster `{}` is not there any more, and the role that was made for it is: somebody has deleted the \
         add-on, or a deletion did not come to its end. The role is removed when the add-on is destroyed, or made anew.",
        state.addon_name, state.cluster_name
    );
    cx.warn(Diagnostic::warning("Add-on is gone", detail));
    state.status = Attr::Known(DELETED.to_owned());
    state
}

/// An add-on of somebody else.
pub(super) fn taken(model: &AddonModel) -> Diagnostics {
    let (cluster, name) = (&model.cluster_name, &model.addon_name);
    let detail = format!(
        "The cluster `{cluster}` has the add-on `{name}`, which this state does not know. Import it, with the address of this resource: \
         `tofu import cht_eks_addon.NAME '{cluster}:{name}'`."
    );
    let error = Diagnostic::error("Add-on exists already", detail);
    error.at(AddonModel::ADDON_NAME).into()
}

/// There is none to import.
pub(super) fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no add-on `{id}`. The id is the name of the cluster, a colon, and the name of the add-on, such as \
         `moh:aws-ebs-csi-driver`."
    );
    Diagnostics::error("No add-on to import", detail)
}

/// Whether two settings say the same.
pub(super) fn same_json(one: &str, other: &str) -> bool {
    one == other || matches!((Json::parse(one), Json::parse(other)), (Ok(one), Ok(other)) if one == other)
}

/// What is told of an add-on that this provider has made before.
pub(super) fn found_again(model: &AddonModel) -> Diagnostic {
    let detail = format!(
        "The cluster `{}` has the add-on `{}` already, made by this provider: an apply has made it of which nothing was saved. It is \
         brought to what is configured. If another configuration manages it, remove it from one of the two.",
        model.cluster_name, model.addon_name
    );
    Diagnostic::warning("Add-on is there already", detail).at(AddonModel::ADDON_NAME)
}
