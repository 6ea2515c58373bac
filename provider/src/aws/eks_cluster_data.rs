//! `data.cht_eks_cluster`: a cluster of EKS, and the way into it.
//!
//! API: [DescribeCluster](https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html).

use std::collections::BTreeMap;

use aws_sdk_eks::types::{Cluster, ClusterIssue};
use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use super::account::Account;
use super::diagnostics::explained;
use super::{rules, time};
use crate::kubernetes::{Eks, Kubernetes};
use crate::provider::Clients;

/// Looks up a cluster of EKS, and the way into it for what lives there.
///
/// The value `kubernetes` holds no secret: tokens are made by the provider at each use.
#[derive(Clone, Model)]
pub struct EksClusterDataModel {
    /// Name of the cluster.
    #[tf(validate(rules::cluster_name()))]
    pub name: String,
    /// ARN of the cluster.
    pub arn: Attr<String>,
    /// How it is: `ACTIVE`, or `CREATING`, `UPDATING`, `DELETING`, `FAILED` or `PENDING`.
    pub status: Attr<String>,
    /// What is wrong with it, one line for each issue.
    pub health_issues: Attr<Vec<String>>,
    /// Version of Kubernetes, such as `1.35`.
    pub version: Attr<String>,
    /// Version of what EKS adds to Kubernetes, such as `eks.4`.
    pub platform_version: Attr<String>,
    /// Which versions it may have: with `STANDARD`, EKS upgrades it by itself when the standard support of its version
    /// ends; with `EXTENDED`, it stays and costs more.
    pub support_type: Attr<String>,
    /// Address of the API server; null as long as there is none.
    pub endpoint: Attr<String>,
    /// Certificate of the API server's authority, in PEM and base64, as kubeconfigs hold it.
    pub certificate_authority_data: Attr<String>,
    /// ARN of the role of the cluster.
    pub role_arn: Attr<String>,
    /// Id of the VPC.
    pub vpc_id: Attr<String>,
    /// Ids of the subnets in which its API servers have addresses.
    pub subnet_ids: Attr<Vec<String>>,
    /// Id of the security group that nodes and API servers share.
    pub cluster_security_group_id: Attr<String>,
    /// Networks from which the public endpoint can be reached; empty if there is no public one.
    pub public_access_cidrs: Attr<Vec<String>>,
    /// Whether API servers can be reached from inside the VPC.
    pub endpoint_private_access: Attr<bool>,
    /// How permissions are given: by `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication_mode: Attr<String>,
    /// Issuer of the tokens of service accounts, for roles that trust it.
    pub oidc_issuer: Attr<String>,
    /// Network of the addresses of services.
    pub service_ipv4_cidr: Attr<String>,
    /// Whether EKS refuses to delete it.
    pub deletion_protection: Attr<bool>,
    /// When it was made, in RFC 3339.
    pub created_at: Attr<String>,
    /// Its tags.
    pub tags: Attr<BTreeMap<String, String>>,
    /// The way to the cluster, for the attribute `kubernetes` of resources that live in it; null as long as it has no
    /// endpoint.
    pub kubernetes: Attr<Kubernetes>,
}

/// Looks up one cluster.
#[derive(Debug)]
pub struct EksClusterDataSource;

impl DataSource for EksClusterDataSource {
    type Model = EksClusterDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_eks_cluster";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        config: EksClusterDataModel,
    ) -> Result<EksClusterDataModel, Diagnostics> {
        let account = Clients::aws(scope).await?;
        let described = account.describe_cluster(&config.name).await;
        let cluster = described.map_err(|error| {
            let is_name = error.is_not_found();
            let failure = explained("Unable to look up the EKS cluster")(error);
            if is_name {
                failure.at(EksClusterDataModel::NAME)
            } else {
                failure
            }
        })?;
        Ok(observed(config.name, &cluster, &account))
    }
}

fn observed(name: String, cluster: &Cluster, account: &Account) -> EksClusterDataModel {
    let network = cluster.resources_vpc_config();
    let issues = cluster.health().map(|health| health.issues()).unwrap_or_default();
    let is_public = network.is_some_and(|network| network.endpoint_public_access());
    let cidrs = network.map(|network| network.public_access_cidrs()).unwrap_or_default();
    let oidc = cluster.identity().and_then(|identity| identity.oidc());
    EksClusterDataModel {
        arn: text(cluster.arn()),
        status: text(cluster.status().map(|status| status.as_str())),
        health_issues: Attr::Known(issues.iter().map(issue).collect()),
        version: text(cluster.version()),
        platform_version: text(cluster.platform_version()),
        support_type: text(
            cluster
                .upgrade_policy()
                .and_then(|policy| policy.support_type())
                .map(|support| support.as_str()),
        ),
        endpoint: text(cluster.endpoint()),
        certificate_authority_data: text(cluster.certificate_authority().and_then(|authority| authority.data())),
        role_arn: text(cluster.role_arn()),
        vpc_id: text(network.and_then(|network| network.vpc_id())),
        subnet_ids: Attr::Known(network.map(|network| network.subnet_ids().to_vec()).unwrap_or_default()),
        cluster_security_group_id: text(network.and_then(|network| network.cluster_security_group_id())),
        public_access_cidrs: Attr::Known(if is_public { cidrs.to_vec() } else { Vec::new() }),
        endpoint_private_access: Attr::Known(network.is_some_and(|network| network.endpoint_private_access())),
        authentication_mode: text(
            cluster
                .access_config()
                .and_then(|access| access.authentication_mode())
                .map(|mode| mode.as_str()),
        ),
        oidc_issuer: text(oidc.and_then(|oidc| oidc.issuer())),
        service_ipv4_cidr: text(
            cluster
                .kubernetes_network_config()
                .and_then(|network| network.service_ipv4_cidr()),
        ),
        deletion_protection: Attr::Known(cluster.deletion_protection().unwrap_or_default()),
        created_at: text(cluster.created_at().and_then(time::rfc3339).as_deref()),
        tags: Attr::Known(cluster.tags().cloned().unwrap_or_default().into_iter().collect()),
        kubernetes: way(&name, cluster, account.region()),
        name,
    }
}

/// The way into the cluster, if it has an endpoint.
pub(super) fn way(name: &str, cluster: &Cluster, region: &str) -> Attr<Kubernetes> {
    if cluster.endpoint().is_none() {
        return Attr::Null;
    }
    Attr::Known(Kubernetes {
        eks: Some(Eks {
            cluster_name: name.to_owned(),
            region: Some(region.to_owned()),
            role_arn: None,
        }),
        ..Kubernetes::default()
    })
}

fn issue(issue: &ClusterIssue) -> String {
    let code = issue.code().map(|code| code.as_str()).unwrap_or("Other");
    let message = issue.message().unwrap_or_default();
    let resources = issue.resource_ids().join(", ");
    let about = if resources.is_empty() {
        String::new()
    } else {
        format!(" ({resources})")
    };
    format!("{code}: {message}{about}")
}

fn text(value: Option<&str>) -> Attr<String> {
    value.map_or(Attr::Null, |value| Attr::Known(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::ClusterIssueCode;

    use super::*;

    #[test]
    fn an_issue_names_what_it_is_about() {
        let missing = ClusterIssue::builder()
            .code(ClusterIssueCode::Ec2SubnetNotFound)
            .message("a subnet is not there")
            .resource_ids("subnet-1")
            .build();
        assert_eq!(issue(&missing), "Ec2SubnetNotFound: a subnet is not there (subnet-1)");
    }
}
