//! The tags of a volume: its name, those by which a cluster and its CSI driver know it, and those of users.

use super::super::tags::{self, Tags};
use super::model::VolumeModel;

/// The name, for people.
pub(super) const NAME: &str = "Name";

/// Without it, a driver with AWS's policy `AmazonEBSCSIDriverPolicyV2` may not touch the volume.
const DRIVER: &str = "ebs.csi.aws.com/cluster";

/// The cluster whose driver may touch it, for the policy `AmazonEBSCSIDriverEKSClusterScopedPolicy`.
const DRIVER_CLUSTER: &str = "ebs.csi.aws.com/cluster-name";

/// The cluster, as earlier drivers and cloud providers know it.
const CLUSTER: &str = "KubernetesCluster";

/// The same.
const OWNED: &str = "kubernetes.io/cluster/";

/// All tags that a volume is to have.
pub(super) fn wanted(model: &VolumeModel, defaults: &Tags) -> Tags {
    let mut tags = tags::wanted(model.tags.as_ref(), defaults);
    tags.extend(own(model));
    tags
}

/// Those that follow from the configuration, beside the tags of users.
fn own(model: &VolumeModel) -> Tags {
    let mut tags = Tags::from([
        (NAME.to_owned(), model.name.clone()),
        (DRIVER.to_owned(), "true".to_owned()),
    ]);
    if let Some(cluster) = &model.cluster_name {
        tags.insert(DRIVER_CLUSTER.to_owned(), cluster.clone());
        tags.insert(CLUSTER.to_owned(), cluster.clone());
        tags.insert(format!("{OWNED}{cluster}"), "owned".to_owned());
    }
    tags
}

/// Which of them are not there, one line for each. The name and the tags of users are attributes of their own.
pub(super) fn missing(model: &VolumeModel, defaults: &Tags, is: &Tags) -> Vec<String> {
    let mut wanted = tags::wanted(None, defaults);
    wanted.extend(own(model));
    wanted.remove(NAME);
    wanted.retain(|key, _| model.tags.as_ref().is_none_or(|tags| !tags.contains_key(key)));
    let missing = tags::missing(&wanted, is);
    missing
        .iter()
        .map(|(key, value)| format!("the tag {key} is not {value}"))
        .collect()
}

/// The tags that users have given; none if there are none.
pub(super) fn users(is: &Tags, defaults: &Tags) -> Option<Tags> {
    let mut tags = tags::of_user(is, defaults)?;
    tags.retain(|key, _| !key.starts_with(OWNED) && ![NAME, DRIVER, DRIVER_CLUSTER, CLUSTER].contains(&key.as_str()));
    (!tags.is_empty()).then_some(tags)
}

/// The cluster that a volume is tagged for.
pub(super) fn cluster(is: &Tags) -> Option<String> {
    is.get(DRIVER_CLUSTER).or_else(|| is.get(CLUSTER)).cloned()
}
