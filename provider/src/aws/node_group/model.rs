//! The attributes of `cht_eks_node_group`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::custom_types::{Arn, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::value::Value;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::eks::node_groups::GroupId;
use super::super::rules as of_aws;
use super::rules;
use super::taints::Taint;

/// The machines where nothing else is said: Graviton, with the memory that CHT needs.
const INSTANCE_TYPE: &str = "m7g.xlarge";

/// Manages a group of machines on which the pods of an EKS cluster run: EKS makes them, lets them join, and replaces
/// them one after another when something about them changes.
///
/// What the machines are like is in a launch template of the group's own, so another type or a larger disk replaces the
/// machines one after another, and never the group. Where the group has to be replaced, let the new one be made first,
/// with another name and `create_before_destroy`: EKS moves the pods away from the old one before it goes.
///
/// A volume of EBS is in one availability zone. Where pods have such volumes, as CouchDB has, make one group for each
/// subnet with `for_each`: then each zone has machines of its own, whatever happens to the others.
///
/// Where machines are to come, the plan asks Service Quotas how many vCPUs the account may have in the region,
/// On-Demand or as spot, of machines of such types. It is an error if the group alone needs more, and a warning if it
/// does not fit beside what runs and what else the same run lets grow. It counts `desired_size`, or else `min_size`; of
/// several types the smallest; of a group that grows what it does not have. It does not count machines that are there
/// for a while only, as others are replaced, nor capacity that is reserved and not used. Whoever may not ask is told
/// nothing of it.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "45m", read = "5m", update = "3h", delete = "45m"))]
pub struct NodeGroupModel {
    /// Name of the cluster.
    #[tf(replace, validate(of_aws::cluster_name()))]
    pub cluster_name: String,
    /// Name of the group.
    #[tf(replace, validate(rules::group_name()))]
    pub node_group_name: String,
    /// ARN of the role that the machines have. Default: one is made, with what machines of EKS need.
    #[tf(optional, keep_non_null, replace)]
    pub node_role_arn: Attr<Text<Arn>>,
    /// Ids of the subnets in which the machines are. They need a way to the cluster and to the registries of images: a
    /// NAT gateway, public addresses, or endpoints.
    #[tf(replace, validate(Validator::not_empty(), Validator::each(rules::subnet_id())))]
    pub subnet_ids: BTreeSet<String>,
    /// Type of the machines, such as `m7g.xlarge`, which is the default. Several are for `SPOT`: what there is of them
    /// is taken, in this order, and changing them replaces the group.
    #[tf(
        default = Value::List(vec![Value::from(INSTANCE_TYPE)]),
        replace_if = is_for_group,
        validate(Validator::length(1..=20), Validator::unique(), Validator::each(rules::instance_type()))
    )]
    pub instance_types: Vec<String>,
    /// What the machines run: `AL2023_ARM_64_STANDARD` and its like of Amazon Linux, or `BOTTLEROCKET_ARM_64` and its
    /// like. Default: Amazon Linux 2023 for the processor of the machines.
    #[tf(optional, keep_non_null, replace, validate(rules::ami_type()))]
    pub ami_type: Attr<String>,
    /// How the machines are paid: `ON_DEMAND`, or `SPOT`, which AWS takes away again when it needs them.
    #[tf(default = "ON_DEMAND", replace, validate(Validator::one_of(["ON_DEMAND", "SPOT"])))]
    pub capacity_type: String,
    /// Size of the disk of a machine in GiB, for images, logs and what pods write outside of volumes. It is of the type
    /// gp3, and encrypted. Default: 50.
    #[tf(default = 50, validate(Validator::between(20..=16_384)))]
    pub disk_size: u16,
    /// How many machines there are.
    pub scaling_config: ScalingConfig,
    /// Labels of the nodes.
    #[tf(validate(Validator::not_empty(), rules::labels()))]
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints of the nodes, which keep pods away that do not tolerate them.
    #[tf(validate(Validator::length(1..=50)))]
    pub taints: Option<BTreeSet<Taint>>,
    /// How many machines are replaced at a time. Default: one.
    #[tf(optional, keep_non_null)]
    pub update_config: Attr<UpdateConfig>,
    /// Whether EKS replaces or restarts machines that are not well.
    #[tf(default = false)]
    pub node_repair: bool,
    /// Version of Kubernetes, such as `1.35`. Default: that of the cluster. Nodes follow it when the cluster has been
    /// raised: in the same apply if this refers to the version of the cluster, else in the next one.
    #[tf(optional, keep_non_null, validate(rules::version()))]
    pub version: Attr<String>,
    /// Whether machines are replaced even where pods cannot be moved away from them, as a PodDisruptionBudget forbids
    /// it.
    #[tf(default = false)]
    pub force_update_version: bool,
    /// Tags of the group, its launch template and its role, beside the provider's `default_tags`. Machines and their
    /// disks get them when they are replaced for another reason.
    #[tf(validate(of_aws::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// ARN of the group.
    #[tf(keep_non_null)]
    pub arn: Attr<String>,
    /// Release of the image of the machines, such as `1.35.2-20261101`.
    #[tf(depends_on(version, instance_types, disk_size))]
    pub release_version: Attr<String>,
    /// Names of the Auto Scaling groups that have the machines.
    #[tf(keep_non_null)]
    pub autoscaling_group_names: Attr<Vec<String>>,
    /// Id of the launch template that is made for the group; none if it was imported and has none of ours.
    #[tf(keep_non_null)]
    pub launch_template_id: Attr<String>,
    /// Version of the launch template that the machines have.
    #[tf(depends_on(instance_types, disk_size))]
    pub launch_template_version: Attr<String>,
    /// Version of the cluster, where it is newer than that of the nodes.
    #[tf(keep)]
    pub newer_cluster_version: Attr<String>,
    /// What EKS says of the group, such as `ACTIVE` or `DEGRADED`; `DELETED` if it is gone and what was made for it is
    /// not.
    pub status: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// How many machines there are.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct ScalingConfig {
    /// How many there are at least.
    #[tf(validate(Validator::between(0..=450)))]
    pub min_size: u16,
    /// How many there are at most.
    #[tf(validate(Validator::between(1..=450)))]
    pub max_size: u16,
    /// How many there should be. Without it, the group begins with as many as there must be at least, and then an
    /// autoscaler may decide: it is only brought back between the two limits.
    #[tf(validate(Validator::between(0..=450)))]
    pub desired_size: Option<u16>,
}

/// How many machines are replaced at a time.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[tf(at_most_one_of(max_unavailable, max_unavailable_percentage))]
pub struct UpdateConfig {
    /// So many.
    #[tf(validate(Validator::between(1..=100)))]
    pub max_unavailable: Option<u16>,
    /// So many of a hundred.
    #[tf(validate(Validator::between(1..=100)))]
    pub max_unavailable_percentage: Option<u16>,
    /// Whether others join before they go: `DEFAULT`, or `MINIMAL`, which needs no more machines than there are.
    #[tf(validate(Validator::one_of(["DEFAULT", "MINIMAL"])))]
    pub update_strategy: Option<String>,
}

/// What names a node group.
#[derive(Clone, Debug, Identity)]
pub struct NodeGroupIdentity {
    /// Name of the cluster.
    pub cluster_name: String,
    /// Name of the group.
    pub node_group_name: String,
}

impl IdentityOf<NodeGroupModel> for NodeGroupIdentity {
    fn of(group: &NodeGroupModel) -> Option<Self> {
        Some(NodeGroupIdentity {
            cluster_name: group.cluster_name.clone(),
            node_group_name: group.node_group_name.clone(),
        })
    }
}

impl NodeGroupModel {
    /// What names it.
    pub(super) fn id(&self) -> GroupId<'_> {
        GroupId {
            cluster: &self.cluster_name,
            name: &self.node_group_name,
        }
    }

    /// The type of its machines, if there is only one: then the launch template says it.
    pub(super) fn only_type(&self) -> Option<&str> {
        match self.instance_types.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// Whether types of machines are in the group itself, which cannot be given others, and not in its launch template.
fn is_for_group(prior: &Value, planned: &Value) -> bool {
    let is_one = |value: &Value| matches!(value, Value::List(types) if types.len() == 1);
    !is_one(prior) || !is_one(planned)
}
