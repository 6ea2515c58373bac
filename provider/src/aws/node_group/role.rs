//! The role of the machines, where one is made for them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::account::Account;
use super::super::iam::{RoleSpec, Trust};
use super::super::short_name::short_name;
use super::super::tags;
use super::model::NodeGroupModel;

/// What machines of EKS need: to be nodes, to fetch images, and to give addresses to pods.
pub(super) const POLICIES: [&str; 3] = [
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
];

/// The role as it should be. Names of roles count in all regions.
pub(super) fn spec(account: &Account, model: &NodeGroupModel) -> RoleSpec {
    let (cluster, group, region) = (&model.cluster_name, &model.node_group_name, account.region());
    RoleSpec {
        name: short_name(&format!("cht-{region}-{cluster}-{group}-nodes"), 64),
        purpose: format!("eks-node-group/{region}/{cluster}/{group}"),
        description: format!("Machines of the node group {group} of the EKS cluster {cluster}"),
        trust: Trust::Service("ec2"),
        managed: BTreeSet::from(POLICIES.map(str::to_owned)),
        inline: BTreeMap::new(),
        tags: tags::given(model.tags.as_ref(), &account.default_tags()),
    }
}
