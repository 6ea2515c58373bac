//! What went wrong with a node group, as users are told of it.

use std::fmt::Write as _;

use aws_sdk_eks::types::{Nodegroup, NodegroupStatus, Update};
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::diagnostics::explain;
use super::super::eks::refusals;
use super::super::error::Error;
use super::super::kept::DELETED;
use super::NodeGroupResource;
use super::live::{issues, status};
use super::model::NodeGroupModel;

/// An error at the attribute that EKS blames.
pub(super) fn blame(summary: &str, error: &Error) -> Diagnostics {
    if error.is_not_found() {
        return explain(summary, error).at(NodeGroupModel::CLUSTER_NAME);
    }
    let words = [
        ("noderole", NodeGroupModel::NODE_ROLE_ARN),
        ("subnet", NodeGroupModel::SUBNET_IDS),
        ("ami type", NodeGroupModel::AMI_TYPE),
        ("instance type", NodeGroupModel::INSTANCE_TYPES),
        ("label", NodeGroupModel::LABELS),
        ("taint", NodeGroupModel::TAINTS),
        ("size", NodeGroupModel::SCALING_CONFIG),
        ("version", NodeGroupModel::VERSION),
    ];
    refusals::blame(summary, error, &words)
}

/// How far a group is.
pub(super) fn progress(group: &Nodegroup) -> String {
    let mut text = format!("it is {}", status(group));
    let said = health(group);
    if !said.is_empty() {
        let _ = write!(text, "; {}", said.join("; "));
    }
    text
}

/// What EKS says is wrong, an issue a line.
pub(super) fn health(group: &Nodegroup) -> Vec<String> {
    let lines = issues(group).iter().map(|issue| {
        let code = issue.code().map_or("", |code| code.as_str());
        let about = match issue.resource_ids() {
            [] => String::new(),
            ids => format!(" ({})", ids.join(", ")),
        };
        format!("{code}: {}{about}", issue.message().unwrap_or_default())
    });
    lines.collect()
}

/// A group that never came to be: what EKS says, what was found to be wrong, and what nobody was allowed to look at.
pub(super) fn of_creation(
    model: &NodeGroupModel,
    group: &Nodegroup,
    causes: &[String],
    denied: &[String],
) -> Diagnostics {
    let mut detail = format!(
        "EKS has given up making the node group `{}`.\n\n{}\n\n",
        model.node_group_name,
        health(group).join("\n")
    );
    detail.push_str(match causes {
        [] => {
            "What commonly is behind it was looked at, and is in order. See what a machine says itself: `aws ec2 get-console-output \
             --latest --instance-id …`."
        }
        _ => "This was found to be wrong:",
    });
    for cause in causes {
        let _ = write!(detail, "\n- {cause}");
    }
    if !denied.is_empty() {
        let _ = write!(
            detail,
            "\n\nNot looked at, as it is not allowed: {}.",
            denied.join(", ")
        );
    }
    detail.push_str("\n\nRemove the cause and apply again: the group is made anew.");
    Diagnostics::error("Nodes did not join the cluster", detail)
}

/// A group that does not go.
pub(super) fn of_deletion(model: &NodeGroupModel, group: &Nodegroup) -> Diagnostics {
    let detail = format!(
        "EKS could not delete the node group `{}`.\n\n{}\n\nRemove the cause and apply again.",
        model.node_group_name,
        health(group).join("\n")
    );
    Diagnostics::error(super::DELETE, detail)
}

/// A change that failed. EKS has brought the group back to what it was, as far as it could.
pub(super) fn of_update(model: &NodeGroupModel, update: &Update) -> Diagnostics {
    let errors = update.errors().iter().map(|error| {
        let code = error.error_code().map_or("", |code| code.as_str());
        let about = match error.resource_ids() {
            [] => String::new(),
            ids => format!(" ({})", ids.join(", ")),
        };
        format!("{code}: {}{about}", error.error_message().unwrap_or_default())
    });
    let errors: Vec<String> = errors.collect();
    let advice = match errors.iter().any(|error| error.starts_with("PodEvictionFailure")) {
        true => {
            "Pods could not be moved away within 15 minutes: a PodDisruptionBudget forbids it, as for the only pod of CouchDB, or there \
             is no other machine for them, such as in the zone of their volume. `kubectl get pdb -A` shows those with no disruption \
             allowed. Give the group room for one more machine, or let the pods go, and apply again. With `force_update_version` they \
             are ended without being asked."
        }
        false => "Remove the cause and apply again.",
    };
    let detail = format!(
        "EKS could not change the node group `{}`.\n\n{}\n\n{advice}",
        model.node_group_name,
        errors.join("\n")
    );
    Diagnostics::error(super::UPDATE, detail)
}

/// It is not there any more.
pub(super) fn gone(model: &NodeGroupModel) -> Diagnostics {
    let detail = format!(
        "Somebody has deleted the node group `{}` of the cluster `{}` since the plan. Plan again.",
        model.node_group_name, model.cluster_name
    );
    Diagnostics::error("Node group is gone", detail)
}

/// A group that is gone, with what is left beside it.
pub(super) fn left(cx: &Context<NodeGroupResource>, mut state: NodeGroupModel) -> NodeGroupModel {
    let detail = format!(
        "The node group `{}` of the cluster `{}` is not there any more, and the launch template or the role that was made for it is: \
         somebody has deleted the group, or a deletion did not come to its end. They are removed when the group is destroyed, or made \
         anew.",
        state.node_group_name, state.cluster_name
    );
    cx.warn(Diagnostic::warning("Node group is gone", detail));
    state.status = Attr::Known(DELETED.to_owned());
    state
}

/// A group of somebody else.
pub(super) fn taken(model: &NodeGroupModel) -> Diagnostics {
    let (cluster, name) = (&model.cluster_name, &model.node_group_name);
    let detail = format!(
        "The cluster `{cluster}` has a node group `{name}` that this state does not know. If it is the one that is meant, import it, with \
         the address of this resource: `tofu import cht_eks_node_group.NAME '{cluster}:{name}'`. Otherwise choose another name."
    );
    let error = Diagnostic::error("Node group exists already", detail);
    error.at(NodeGroupModel::NODE_GROUP_NAME).into()
}

/// A group that a creation has left.
pub(super) fn found_again(model: &NodeGroupModel) -> Diagnostic {
    let (cluster, name) = (&model.cluster_name, &model.node_group_name);
    let detail = format!(
        "The cluster `{cluster}` has the node group `{name}` already, made by this provider: an apply has made it of which nothing was \
         saved. It is brought to what is configured. If another configuration manages it, remove it from one of the two."
    );
    Diagnostic::warning("Node group is there already", detail).at(NodeGroupModel::NODE_GROUP_NAME)
}

/// A group that is not well, though it is there.
pub(super) fn degraded(model: &NodeGroupModel, group: &Nodegroup) -> Option<Diagnostic> {
    let lines = health(group);
    if lines.is_empty() || group.status() == Some(&NodegroupStatus::Deleting) {
        return None;
    }
    let detail = format!(
        "EKS says of the node group `{}`, which is {}:\n\n{}",
        model.node_group_name,
        status(group),
        lines.join("\n")
    );
    Some(Diagnostic::warning("Node group is not well", detail))
}

/// There is none to import.
pub(super) fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no node group `{id}`. The id is the name of the cluster, a colon, and the name of the group, such as `moh:workers`."
    );
    Diagnostics::error("No node group to import", detail)
}
