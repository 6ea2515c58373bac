//! What EKS is asked for: a new group, other settings, other machines.

use std::collections::HashMap;

use aws_sdk_eks::operation::create_nodegroup::builders::CreateNodegroupInputBuilder;
use aws_sdk_eks::operation::update_nodegroup_config::builders::UpdateNodegroupConfigInputBuilder;
use aws_sdk_eks::operation::update_nodegroup_version::builders::UpdateNodegroupVersionInputBuilder;
use aws_sdk_eks::types::{
    LaunchTemplateSpecification, NodeRepairConfig, Nodegroup, NodegroupScalingConfig, NodegroupUpdateConfig,
    UpdateLabelsPayload, UpdateTaintsPayload,
};

use super::super::tags::Tags;
use super::live::desired;
use super::model::{NodeGroupModel, UpdateConfig};
use super::taints::Taint;

/// A new group.
pub(super) fn creation(model: &NodeGroupModel, tags: Tags) -> CreateNodegroupInputBuilder {
    let sizes = &model.scaling_config;
    let scaling = NodegroupScalingConfig::builder()
        .min_size(sizes.min_size.into())
        .max_size(sizes.max_size.into())
        .desired_size(sizes.desired_size.unwrap_or(sizes.min_size).into())
        .build();
    let taints = model.taints.iter().flatten().map(Taint::for_eks);
    let labels = model.labels.clone().map(|labels| labels.into_iter().collect());
    // One type is in the launch template, where it can be changed.
    let types = model.only_type().is_none().then(|| model.instance_types.clone());
    CreateNodegroupInputBuilder::default()
        .cluster_name(&model.cluster_name)
        .nodegroup_name(&model.node_group_name)
        .set_node_role(model.node_role_arn.known().map(|arn| arn.as_str().to_owned()))
        .set_subnets(Some(model.subnet_ids.iter().cloned().collect()))
        .set_instance_types(types)
        .set_ami_type(model.ami_type.known().map(|kind| kind.as_str().into()))
        .capacity_type(model.capacity_type.as_str().into())
        .scaling_config(scaling)
        .set_labels(labels)
        .set_taints(model.taints.is_some().then(|| taints.collect()))
        .set_update_config(model.update_config.known().map(update_config))
        .node_repair_config(NodeRepairConfig::builder().enabled(model.node_repair).build())
        .set_version(model.version.known().cloned())
        .set_launch_template(template(model))
        .set_tags(Some(tags.into_iter().collect()))
}

/// Other settings, if some differ.
pub(super) fn settings(model: &NodeGroupModel, is: &Nodegroup) -> Option<UpdateNodegroupConfigInputBuilder> {
    let scaling = scaling(model, is);
    let labels = labels(model, is);
    let taints = taints(model, is);
    let update = model.update_config.known().filter(|wanted| differs(wanted, is));
    let has_repair = is.node_repair_config().and_then(|repair| repair.enabled());
    let is_other_repair = has_repair.unwrap_or_default() != model.node_repair;
    if scaling.is_none() && labels.is_none() && taints.is_none() && update.is_none() && !is_other_repair {
        return None;
    }
    let repair = is_other_repair.then(|| NodeRepairConfig::builder().enabled(model.node_repair).build());
    Some(
        UpdateNodegroupConfigInputBuilder::default()
            .cluster_name(&model.cluster_name)
            .nodegroup_name(&model.node_group_name)
            .set_scaling_config(scaling)
            .set_labels(labels)
            .set_taints(taints)
            .set_update_config(update.map(update_config))
            .set_node_repair_config(repair),
    )
}

/// Other machines, if their version or their launch template differs.
pub(super) fn roll(model: &NodeGroupModel, is: &Nodegroup) -> Option<UpdateNodegroupVersionInputBuilder> {
    let version = model.version.known().map(String::as_str);
    let template = template(model);
    let has = is.launch_template().and_then(|template| template.version());
    let is_other_template = template.as_ref().is_some_and(|template| template.version() != has);
    if version.is_none_or(|version| is.version() == Some(version)) && !is_other_template {
        return None;
    }
    Some(
        UpdateNodegroupVersionInputBuilder::default()
            .cluster_name(&model.cluster_name)
            .nodegroup_name(&model.node_group_name)
            // Else EKS would take that of the cluster.
            .set_version(version.or(is.version()).map(str::to_owned))
            .set_launch_template(template)
            .force(model.force_update_version),
    )
}

fn template(model: &NodeGroupModel) -> Option<LaunchTemplateSpecification> {
    let id = model.launch_template_id.known()?;
    let template = LaunchTemplateSpecification::builder().id(id);
    Some(
        template
            .set_version(model.launch_template_version.known().cloned())
            .build(),
    )
}

fn update_config(config: &UpdateConfig) -> NodegroupUpdateConfig {
    let says_number = config.max_unavailable.is_some() || config.max_unavailable_percentage.is_some();
    let number = config.max_unavailable.or((!says_number).then_some(1));
    NodegroupUpdateConfig::builder()
        .set_max_unavailable(number.map(Into::into))
        .set_max_unavailable_percentage(config.max_unavailable_percentage.map(Into::into))
        .set_update_strategy(config.update_strategy.as_deref().map(Into::into))
        .build()
}

fn differs(wanted: &UpdateConfig, is: &Nodegroup) -> bool {
    let wanted = update_config(wanted);
    is.update_config().is_none_or(|is| {
        let strategy = wanted.update_strategy().map_or("DEFAULT", |strategy| strategy.as_str());
        is.max_unavailable() != wanted.max_unavailable()
            || is.max_unavailable_percentage() != wanted.max_unavailable_percentage()
            || is.update_strategy().map_or("DEFAULT", |strategy| strategy.as_str()) != strategy
    })
}

/// The numbers of machines. How many there should be is left alone if nothing is said of it, and it can stay.
fn scaling(model: &NodeGroupModel, is: &Nodegroup) -> Option<NodegroupScalingConfig> {
    let sizes = &model.scaling_config;
    let (least, most) = (i32::from(sizes.min_size), i32::from(sizes.max_size));
    let has = desired(is);
    let wanted = match sizes.desired_size {
        Some(size) => Some(size.into()),
        None => has.map(|has| has.max(least).min(most)),
    };
    let other = wanted.filter(|wanted| has != Some(*wanted));
    let limits = is.scaling_config().map(|is| (is.min_size(), is.max_size()));
    if other.is_none() && limits == Some((Some(least), Some(most))) {
        return None;
    }
    let scaling = NodegroupScalingConfig::builder().min_size(least).max_size(most);
    Some(scaling.set_desired_size(other).build())
}

fn labels(model: &NodeGroupModel, is: &Nodegroup) -> Option<UpdateLabelsPayload> {
    let empty = HashMap::new();
    let has = is.labels().unwrap_or(&empty);
    let wanted = model.labels.clone().unwrap_or_default();
    let surplus: Vec<String> = has.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
    let missing: HashMap<String, String> = wanted
        .into_iter()
        .filter(|(key, value)| has.get(key) != Some(value))
        .collect();
    if missing.is_empty() && surplus.is_empty() {
        return None;
    }
    let payload = UpdateLabelsPayload::builder()
        .set_add_or_update_labels((!missing.is_empty()).then_some(missing))
        .set_remove_labels((!surplus.is_empty()).then_some(surplus));
    Some(payload.build())
}

/// EKS knows a taint by its key and its effect.
fn taints(model: &NodeGroupModel, is: &Nodegroup) -> Option<UpdateTaintsPayload> {
    let has: Vec<Taint> = is.taints().iter().filter_map(Taint::of_eks).collect();
    let wanted: Vec<&Taint> = model.taints.iter().flatten().collect();
    let is_same = |one: &Taint, other: &Taint| one.key == other.key && *one.effect == *other.effect;
    let missing = wanted.iter().filter(|taint| !has.iter().any(|is| is.means(taint)));
    let missing: Vec<_> = missing.map(|taint| taint.for_eks()).collect();
    let surplus = has.iter().filter(|is| !wanted.iter().any(|taint| is_same(taint, is)));
    let surplus: Vec<_> = surplus.map(Taint::for_eks).collect();
    if missing.is_empty() && surplus.is_empty() {
        return None;
    }
    let payload = UpdateTaintsPayload::builder()
        .set_add_or_update_taints((!missing.is_empty()).then_some(missing))
        .set_remove_taints((!surplus.is_empty()).then_some(surplus));
    Some(payload.build())
}
