//! What EKS is asked for: a new group, other settings, other machines.

use std::collections::{BTreeSet, HashMap};

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

/// Whether a group is what is asked for, in all that cannot be changed.
pub(super) fn is_of(model: &NodeGroupModel, is: &Nodegroup) -> bool {
    let subnets: BTreeSet<&String> = is.subnets().iter().collect();
    let image = model.ami_type.known().map(String::as_str);
    let role = model.node_role_arn.known().map(|arn| arn.as_str());
    let types = if model.only_type().is_some() {
        &[][..]
    } else {
        &model.instance_types
    };
    subnets == model.subnet_ids.iter().collect()
        && is
            .capacity_type()
            .is_none_or(|kind| kind.as_str() == model.capacity_type)
        && image.is_none_or(|image| is.ami_type().is_some_and(|kind| kind.as_str() == image))
        && role.is_none_or(|role| is.node_role() == Some(role))
        && is.instance_types() == types
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

#[cfg(test)]
mod tests {
    use super::*;

    fn group(min: i32, max: i32, desired: i32) -> Nodegroup {
        let scaling = NodegroupScalingConfig::builder()
            .min_size(min)
            .max_size(max)
            .desired_size(desired);
        Nodegroup::builder().scaling_config(scaling.build()).build()
    }

    fn model(min: u16, max: u16, desired: Option<u16>) -> NodeGroupModel {
        let mut model = NodeGroupModel::imported("moh".to_owned(), "workers".to_owned());
        model.scaling_config.min_size = min;
        model.scaling_config.max_size = max;
        model.scaling_config.desired_size = desired;
        model
    }

    #[test]
    fn how_many_there_should_be_is_only_brought_between_the_limits() {
        let asked = |model: &NodeGroupModel, is: &Nodegroup| {
            let scaling = scaling(model, is)?;
            Some((scaling.min_size(), scaling.max_size(), scaling.desired_size()))
        };
        assert_eq!(asked(&model(1, 5, None), &group(1, 5, 4)), None);
        assert_eq!(
            asked(&model(2, 5, None), &group(1, 5, 4)),
            Some((Some(2), Some(5), None))
        );
        assert_eq!(
            asked(&model(1, 3, None), &group(1, 5, 4)),
            Some((Some(1), Some(3), Some(3)))
        );
        assert_eq!(
            asked(&model(3, 5, None), &group(1, 5, 1)),
            Some((Some(3), Some(5), Some(3)))
        );
        assert_eq!(
            asked(&model(1, 5, Some(2)), &group(1, 5, 4)),
            Some((Some(1), Some(5), Some(2)))
        );
    }

    #[test]
    fn only_what_differs_is_asked_for() {
        let mut wanted = model(1, 2, None);
        let labels = [("kept", "1"), ("old", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let is = Nodegroup::builder()
            .scaling_config(
                NodegroupScalingConfig::builder()
                    .min_size(1)
                    .max_size(2)
                    .desired_size(1)
                    .build(),
            )
            .set_labels(Some(HashMap::from(labels)))
            .version("1.35")
            .build();
        wanted.labels = Some([("kept".to_owned(), "1".to_owned()), ("new".to_owned(), "3".to_owned())].into());
        let change = settings(&wanted, &is).unwrap();
        let labels = change.get_labels().clone().unwrap();
        assert_eq!(labels.add_or_update_labels().unwrap().len(), 1);
        assert_eq!(labels.remove_labels(), ["old"]);
        assert_eq!((change.get_scaling_config(), change.get_taints()), (&None, &None));
        assert!(roll(&wanted, &is).is_none());
        wanted.version = tf_framework::Attr::Known("1.36".to_owned());
        assert_eq!(roll(&wanted, &is).unwrap().get_version().as_deref(), Some("1.36"));
    }
}
