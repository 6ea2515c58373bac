//! What tells a cluster from any other, as it is kept beside states: the UID of the namespace `kube-system`, which the
//! API server makes when it starts for the first time, and for a cluster of EKS its ARN.

use k8s_openapi::api::core::v1::Namespace;

use super::client::Cluster;
use super::error::Error;
use super::object::ObjectKey;

/// Between the two.
const AND: char = '@';

impl Cluster {
    /// What tells the cluster from any other. None if these credentials may not read it.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn identity(&self) -> Result<Option<String>, Error> {
        let looked = self.look_at(&ObjectKey::cluster::<Namespace>("kube-system")).await?;
        let uid = looked.known().flatten().map(|live| live.uid().to_owned());
        let uid = uid.filter(|uid| !uid.is_empty());
        Ok(uid.map(|uid| match self.eks_arn() {
            Some(arn) => format!("{uid}{AND}{arn}"),
            None => uid,
        }))
    }
}

/// Whether two identities are of one cluster.
pub fn is_same(one: &str, other: &str) -> bool {
    let uid = |identity: &str| identity.split(AND).next().unwrap_or_default().to_owned();
    uid(one) == uid(other)
}

/// The ARN of the cluster, if it is one of EKS.
pub(super) fn arn(identity: &str) -> Option<&str> {
    identity.split_once(AND).map(|(_, arn)| arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_the_same_whichever_way_leads_there() {
        let by_name = "0a1b@arn:aws:eks:af-south-1:123456789012:cluster/moh";
        assert!(is_same(by_name, "0a1b"), "by its address");
        assert!(
            !is_same(by_name, "0a1c@arn:aws:eks:af-south-1:123456789012:cluster/moh"),
            "made anew"
        );
        assert_eq!(arn(by_name), Some("arn:aws:eks:af-south-1:123456789012:cluster/moh"));
        assert_eq!(arn("0a1b"), None);
    }
}
