//! What a plan of a node group shows, and what it refuses without asking AWS.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan};

use super::super::kept::DELETED;
use super::NodeGroupResource;
use super::machines;
use super::model::{NodeGroupModel, ScalingConfig};

/// Checks what concerns several attributes.
pub(super) fn validate(config: &Draft<NodeGroupResource>, diagnostics: &mut Diagnostics) {
    if let Some(types) = known(&config.instance_types) {
        let image = config.ami_type.known().map(String::as_str);
        if let Some(error) = machines::mismatch(&types, image) {
            diagnostics.push(error);
        }
    }
    let Attr::Known(scaling) = &config.scaling_config else {
        return;
    };
    let path = |attribute| Path::new(NodeGroupModel::SCALING_CONFIG).attribute(attribute);
    let (min, max, desired) = (
        scaling.min_size.known(),
        scaling.max_size.known(),
        scaling.desired_size.known(),
    );
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let detail =
            format!("There are {min} machines at least, and {max} at most. Raise `max_size`, or lower `min_size`.");
        diagnostics.push(Diagnostic::error("Sizes contradict each other", detail).at(path(ScalingConfig::MIN_SIZE)));
    }
    let Some(desired) = desired else { return };
    if min.is_some_and(|min| desired < min) || max.is_some_and(|max| desired > max) {
        let detail = format!(
            "There should be {desired} machines, which is not between `min_size` and `max_size`. Change one of them, or leave \
             `desired_size` out: then an autoscaler may decide."
        );
        diagnostics
            .push(Diagnostic::error("Sizes contradict each other", detail).at(path(ScalingConfig::DESIRED_SIZE)));
    }
}

/// Makes the plan show what follows from what is configured.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, NodeGroupResource>) {
    if plan.action() == Action::Delete {
        return;
    }
    show_image(plan);
    let Some(prior) = plan.prior.clone() else { return };
    // Nodes that never joined are of no use; EKS does not try again. Of one that is gone, only the rest is there.
    if matches!(
        prior.status.known().map(String::as_str),
        Some("CREATE_FAILED" | DELETED)
    ) {
        plan.set_unknown(NodeGroupModel::STATUS);
        plan.require_replace(NodeGroupModel::STATUS);
    }
    if let (true, Attr::Known(newer)) = (plan.config.version.is_null(), &prior.newer_cluster_version) {
        plan.set(NodeGroupModel::VERSION, newer);
        plan.set(NodeGroupModel::NEWER_CLUSTER_VERSION, &Attr::<String>::Null);
        for follows in [NodeGroupModel::RELEASE_VERSION, NodeGroupModel::STATUS] {
            plan.set_unknown(follows);
        }
    }
    if prior.launch_template_id.is_null() {
        // What is in the group itself cannot be changed.
        for attribute in [NodeGroupModel::INSTANCE_TYPES, NodeGroupModel::DISK_SIZE] {
            if plan.changed(attribute) {
                plan.require_replace(attribute);
            }
        }
    }
}

/// The image follows from the machines where none is asked for.
fn show_image(plan: &mut Plan<'_, '_, NodeGroupResource>) {
    if !plan.config.ami_type.is_null() {
        return;
    }
    let Some(planned) = plan.planned() else { return };
    let prior = plan.prior.as_ref().and_then(|prior| prior.ami_type.known().cloned());
    let image = known(&planned.instance_types).and_then(|types| machines::image(&types, prior.as_deref()));
    match image {
        Some(image) if prior.as_ref() == Some(&image) => {}
        Some(image) => plan.set(NodeGroupModel::AMI_TYPE, &image),
        None if plan.changed(NodeGroupModel::INSTANCE_TYPES) => plan.set_unknown(NodeGroupModel::AMI_TYPE),
        None => {}
    }
}

/// A list, if all of it is known.
pub(super) fn known(list: &Attr<Vec<Attr<String>>>) -> Option<Vec<String>> {
    list.known()?.iter().map(|element| element.known().cloned()).collect()
}

/// Whether a version of Kubernetes comes after another.
pub(super) fn is_newer(version: &str, than: &Attr<String>) -> bool {
    than.known().is_some_and(|than| minor(version) > minor(than))
}

/// The second number of a version.
pub(super) fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}
