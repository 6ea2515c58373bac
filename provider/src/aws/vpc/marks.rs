//! The tags of a network and its parts: by which we know what we have made, by which load balancers find subnets, and
//! those of users.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Tag;

use super::super::ec2::by_key;
use super::super::tags::{self, Tags};
use super::layout::{PRIVATE_SUBNET, PUBLIC_SUBNET};
use super::live::{Live, Part as _};
use super::model::VpcModel;

/// The name of the network, on the VPC: what a creation looks for that was killed before.
pub(super) const NETWORK: &str = "cht:network";

/// The id of the VPC, on each part.
pub(super) const VPC: &str = "cht:vpc";

/// The name of the part, on each part.
pub(super) const PART: &str = "cht:part";

/// The tags of the VPC itself.
pub(super) fn of_vpc(model: &VpcModel, defaults: &Tags) -> Tags {
    let mut tags = tags::wanted(model.tags.as_ref(), defaults);
    add(&mut tags, "Name", &model.name);
    add(&mut tags, NETWORK, &model.name);
    tags
}

/// The tags of a part.
pub(super) fn of_part(model: &VpcModel, defaults: &Tags, vpc_id: &str, part: &str) -> Tags {
    let mut tags = tags::wanted(model.tags.as_ref(), defaults);
    add(&mut tags, "Name", &format!("{}-{}", model.name, part.replace('/', "-")));
    add(&mut tags, VPC, vpc_id);
    add(&mut tags, PART, part);
    // https://docs.aws.amazon.com/eks/latest/userguide/alb-ingress.html
    let role = match part {
        part if part.starts_with(PUBLIC_SUBNET) => "kubernetes.io/role/elb",
        part if part.starts_with(PRIVATE_SUBNET) => "kubernetes.io/role/internal-elb",
        _ => return tags,
    };
    add(&mut tags, role, "1");
    for cluster in model.cluster_names.iter().flatten() {
        // A subnet that is `owned` may be deleted with the cluster by other tools.
        add(&mut tags, &format!("kubernetes.io/cluster/{cluster}"), "shared");
    }
    tags
}

/// The keys that we set and may take away again: those that follow from the configuration.
pub(super) fn own_keys(model: &VpcModel, defaults: &Tags) -> Vec<String> {
    let clusters = model.cluster_names.iter().flatten();
    let clusters = clusters.map(|cluster| format!("kubernetes.io/cluster/{cluster}"));
    let given = tags::given(model.tags.as_ref(), defaults);
    given.into_keys().chain(clusters).collect()
}

/// The tags that users have given; none if there are none. The name is an attribute of its own.
pub(super) fn users(is: &[Tag], defaults: &Tags) -> Option<Tags> {
    let mut tags = tags::of_user(&by_key(is), defaults)?;
    tags.remove("Name");
    (!tags.is_empty()).then_some(tags)
}

/// The clusters whose names are on the subnets; none if there are none.
pub(super) fn clusters(live: &Live) -> Option<BTreeSet<String>> {
    let ours = live.subnets.iter().filter(|subnet| subnet.name().is_some());
    let tags = ours.flat_map(|subnet| subnet.tags());
    let names = tags.filter_map(|tag| tag.key()?.strip_prefix("kubernetes.io/cluster/"));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

fn add(tags: &mut Tags, key: &str, value: &str) {
    tags.insert(key.to_owned(), value.to_owned());
}
