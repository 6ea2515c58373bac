//! What EKS is asked about clusters, and what it answers.
//!
//! API: [DescribeCluster](https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html),
//! [DescribeClusterVersions](https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html).
//! Parts have the calls about what belongs to a cluster.

use aws_sdk_eks::types::{Cluster, ClusterVersionInformation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) mod access;
pub(super) mod addons;
pub(super) mod clusters;
pub(super) mod node_groups;
pub(super) mod pod_identity;
pub(super) mod refusals;
pub(super) mod seen;
mod tags;
pub(super) mod updates;

use super::account::Account;
use super::error::{Call, Error};
use crate::kubernetes::EksEndpoint;

const SERVICE: &str = "eks";

impl Account {
    /// A cluster by its name.
    ///
    /// # Errors
    /// There is none, or the call failed.
    pub(super) async fn describe_cluster(&self, name: &str) -> Result<Cluster, Error> {
        let call = self.call(SERVICE, "DescribeCluster");
        let sent = self.eks().describe_cluster().name(name).send();
        let answer = self.run(&call, sent).await;
        let cluster = answer.as_ref().ok().and_then(|answer| answer.cluster.as_ref());
        self.seen_clusters().note(name, cluster);
        answer?.cluster.ok_or(Error::Lacks {
            call,
            what: "the cluster",
        })
    }

    /// Where the API server of a cluster is.
    ///
    /// # Errors
    /// As [`Account::describe_cluster`], and if the cluster has none yet.
    pub(super) async fn cluster_endpoint(&self, name: &str) -> Result<EksEndpoint, Error> {
        let cluster = self.recent_cluster(name).await?;
        endpoint(&cluster).ok_or_else(|| Error::Lacks {
            call: self.call(SERVICE, "DescribeCluster"),
            what: "an endpoint, which the cluster has when it is ready",
        })
    }

    /// The versions of Kubernetes that EKS has, those that are not supported any more only on demand.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn cluster_versions(&self, include_all: bool) -> Result<Vec<ClusterVersionInformation>, Error> {
        let call: Call = self.call(SERVICE, "DescribeClusterVersions");
        let mut versions = Vec::new();
        let mut token = None;
        loop {
            let sent = self
                .eks()
                .describe_cluster_versions()
                .include_all(include_all)
                .set_next_token(token)
                .send();
            let page = self.run(&call, sent).await?;
            versions.extend(page.cluster_versions.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(versions);
            }
        }
    }
}

/// Where the API server is, if the cluster has one yet.
fn endpoint(cluster: &Cluster) -> Option<EksEndpoint> {
    let host = cluster.endpoint().filter(|host| !host.is_empty())?;
    Some(EksEndpoint {
        host: host.to_owned(),
        cluster_ca_certificate: ca_certificate(cluster)?,
        arn: cluster.arn()?.to_owned(),
    })
}

/// The certificate of the API server's authority, in PEM.
pub(super) fn ca_certificate(cluster: &Cluster) -> Option<String> {
    let data = cluster.certificate_authority()?.data()?;
    String::from_utf8(STANDARD.decode(data).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::Certificate;

    use super::*;

    #[test]
    fn a_cluster_that_is_being_made_has_no_endpoint() {
        let making = Cluster::builder().name("moh").build();
        assert_eq!(endpoint(&making), None);
        let made = Cluster::builder()
            .arn("arn:aws:eks:af-south-1:123456789012:cluster/moh")
            .endpoint("https://ABC.gr7.af-south-1.eks.amazonaws.com")
            .certificate_authority(Certificate::builder().data(STANDARD.encode("-----BEGIN")).build())
            .build();
        assert_eq!(endpoint(&made).unwrap().cluster_ca_certificate, "-----BEGIN");
    }
}
