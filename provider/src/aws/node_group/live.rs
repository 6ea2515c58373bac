//! What there is of a node group, and what that is in the words of its attributes.

use std::collections::BTreeSet;

use aws_sdk_eks::types::{Issue, Nodegroup, NodegroupScalingConfig};
use tf_framework::{Attr, Timeouts};

use super::super::account::Account;
use super::super::error::Error;
use super::super::tags::{self, Tags};
use super::model::{NodeGroupModel, ScalingConfig, UpdateConfig};
use super::taints::Taint;
use super::template::Contents;

/// A node group, with what its launch template says.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) group: Nodegroup,
    /// Nothing if the version is the one that is known already.
    contents: Option<Contents>,
}

impl Live {
    /// Reads a node group; nothing if it is not there.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn read(account: &Account, model: &NodeGroupModel) -> Result<Option<Self>, Error> {
        match account.node_group(model.id()).await? {
            Some(group) => Ok(Some(Self::of(account, model, group).await?)),
            None => Ok(None),
        }
    }

    /// With what the launch template of a group says.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn of(account: &Account, model: &NodeGroupModel, group: Nodegroup) -> Result<Self, Error> {
        let template = group.launch_template();
        let named = template.and_then(|template| Some((template.id()?, template.version()?)));
        let contents = match named {
            // What a version says never changes.
            Some((id, version)) if is(&model.launch_template_id, id) && is(&model.launch_template_version, version) => {
                None
            }
            Some((id, version)) => {
                let versions = account.launch_template_versions(id, Some(version)).await?;
                versions.first().map(Contents::of_version)
            }
            None => None,
        };
        Ok(Live { group, contents })
    }

    /// The tags.
    pub(super) fn tags(&self) -> Tags {
        tags_of(&self.group)
    }
}

/// The tags of a group.
pub(super) fn tags_of(group: &Nodegroup) -> Tags {
    group.tags().cloned().unwrap_or_default().into_iter().collect()
}

/// The status of a group.
pub(super) fn status(group: &Nodegroup) -> &str {
    group.status().map_or("", |status| status.as_str())
}

/// What EKS says is wrong with a group.
pub(super) fn issues(group: &Nodegroup) -> &[Issue] {
    group.health().map(|health| health.issues()).unwrap_or_default()
}

/// How many machines there should be.
pub(super) fn desired(group: &Nodegroup) -> Option<i32> {
    group.scaling_config().and_then(NodegroupScalingConfig::desired_size)
}

impl NodeGroupModel {
    /// With what there is.
    pub(super) fn observed(mut self, live: &Live) -> Self {
        let group = &live.group;
        let text = |text: Option<&str>| -> Attr<String> { text.map(str::to_owned).into() };
        if let Some(arn) = group.node_role().and_then(|arn| arn.parse().ok()) {
            self.node_role_arn = Attr::Known(arn);
        }
        self.subnet_ids = group.subnets().iter().cloned().collect();
        self.observe_machines(live);
        self.ami_type = text(group.ami_type().map(|kind| kind.as_str()));
        if let Some(kind) = group.capacity_type() {
            self.capacity_type = kind.as_str().to_owned();
        }
        if let Some(scaling) = group.scaling_config() {
            self.scaling_config = observed_scaling(&self.scaling_config, scaling);
        }
        let labels = group.labels().cloned().unwrap_or_default();
        self.labels = (!labels.is_empty()).then(|| labels.into_iter().collect());
        self.taints = self.observed_taints(group);
        self.update_config = self.observed_update_config(group);
        let repair = group.node_repair_config().and_then(|repair| repair.enabled());
        self.node_repair = repair.unwrap_or_default();
        self.version = text(group.version());
        self.tags = tags::observed(self.tags.as_ref(), &live.tags());
        self.arn = text(group.nodegroup_arn());
        self.release_version = text(group.release_version());
        let groups = group.resources().map(|resources| resources.auto_scaling_groups());
        let names = groups.unwrap_or_default().iter().filter_map(|group| group.name.clone());
        self.autoscaling_group_names = Attr::Known(names.collect());
        self.launch_template_id = match self.launch_template_id {
            Attr::Unknown => Attr::Null,
            known => known,
        };
        let template = group.launch_template().and_then(|template| template.version());
        self.launch_template_version = text(template);
        self.newer_cluster_version = match self.newer_cluster_version {
            Attr::Unknown => Attr::Null,
            known => known,
        };
        self.status = text(Some(status(group)));
        self
    }

    /// A group of which only what EKS knows is known.
    pub(super) fn imported(cluster_name: String, node_group_name: String) -> Self {
        NodeGroupModel {
            cluster_name,
            node_group_name,
            node_role_arn: Attr::Null,
            subnet_ids: BTreeSet::new(),
            instance_types: Vec::new(),
            ami_type: Attr::Null,
            capacity_type: "ON_DEMAND".to_owned(),
            // What EKS gives where nobody says otherwise.
            disk_size: 20,
            scaling_config: ScalingConfig {
                min_size: 0,
                max_size: 1,
                desired_size: None,
            },
            labels: None,
            taints: None,
            update_config: Attr::Null,
            node_repair: false,
            version: Attr::Null,
            force_update_version: false,
            tags: None,
            arn: Attr::Null,
            release_version: Attr::Null,
            autoscaling_group_names: Attr::Null,
            launch_template_id: Attr::Null,
            launch_template_version: Attr::Null,
            newer_cluster_version: Attr::Null,
            status: Attr::Null,
            timeouts: Timeouts::default(),
        }
    }

    fn observe_machines(&mut self, live: &Live) {
        let group = &live.group;
        let contents = live.contents.clone().unwrap_or_default();
        let is_templated = group.launch_template().is_some();
        // What a template says counts, whatever is told beside it.
        let is_in_template = is_templated && live.contents.is_none() && self.only_type().is_some();
        let types = group.instance_types();
        if let Some(only) = contents.instance_type {
            self.instance_types = vec![only];
        } else if !types.is_empty() && !is_in_template {
            self.instance_types = types.to_vec();
        }
        let size = group.disk_size().filter(|_| !is_templated);
        if let Some(size) = contents.disk_size.or(size.and_then(|size| u16::try_from(size).ok())) {
            self.disk_size = size;
        }
    }

    /// The taints, each as it is written in the configuration.
    fn observed_taints(&self, group: &Nodegroup) -> Option<BTreeSet<Taint>> {
        let written = |taint: Taint| {
            let own = self.taints.iter().flatten().find(|own| own.means(&taint));
            own.cloned().unwrap_or(taint)
        };
        let taints: BTreeSet<Taint> = group.taints().iter().filter_map(Taint::of_eks).map(written).collect();
        (!taints.is_empty()).then_some(taints)
    }

    /// What is said of updates, without what EKS adds where nothing is said.
    fn observed_update_config(&self, group: &Nodegroup) -> Attr<UpdateConfig> {
        let Some(is) = group.update_config() else {
            return Attr::Null;
        };
        let size = |size: Option<i32>| size.and_then(|size| u16::try_from(size).ok());
        let own = self.update_config.known();
        let says_number =
            own.is_none_or(|own| own.max_unavailable.is_some() || own.max_unavailable_percentage.is_some());
        let says_strategy = own.is_some_and(|own| own.update_strategy.is_some());
        let strategy = is.update_strategy().map(|strategy| strategy.as_str().to_owned());
        Attr::Known(UpdateConfig {
            max_unavailable: size(is.max_unavailable()).filter(|number| says_number || *number != 1),
            max_unavailable_percentage: size(is.max_unavailable_percentage()),
            update_strategy: strategy.filter(|strategy| says_strategy || strategy != "DEFAULT"),
        })
    }
}

fn observed_scaling(own: &ScalingConfig, is: &NodegroupScalingConfig) -> ScalingConfig {
    let size = |size: Option<i32>| size.and_then(|size| u16::try_from(size).ok());
    ScalingConfig {
        min_size: size(is.min_size()).unwrap_or(own.min_size),
        max_size: size(is.max_size()).unwrap_or(own.max_size),
        desired_size: own.desired_size.and(size(is.desired_size())),
    }
}

fn is(known: &Attr<String>, value: &str) -> bool {
    known.known().is_some_and(|known| known == value)
}
