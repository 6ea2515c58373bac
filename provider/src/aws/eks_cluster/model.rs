//! The attributes of `cht_eks_cluster`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::custom_types::{Arn, Cidr};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::access_entry::PolicyScope;
use super::super::access_entry::rules::{group, policies, principal};
use super::super::kept::DELETED;
use super::super::{logs, rules};
use super::defaults::{addons, log_types, node_pools, raised};
use crate::kubernetes::Kubernetes;

/// What the control plane can log.
pub(super) const LOG_TYPES: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/// Manages a cluster of EKS: its control plane with the role, the log group, the access and the add-ons that belong to
/// it. Nodes are node groups of their own.
///
/// It is usable as soon as it is made: `kubernetes` leads into it, for everything that lives there, and holds no
/// secret. Who may do what in it is said by `access`; whoever makes the cluster has no rights in it by that alone.
///
/// A new `version` is the next minor version, one at a time: first the cluster, then its node groups. The endpoint and
/// everything else that others take from it stays known meanwhile. If AWS upgrades the cluster by itself, because the
/// support of its version has ended, plans say so and leave it as it is.
///
/// Add-ons that run without nodes, or have to be there before the first one joins, are in `addons`: the network, the
/// proxy and the agent for pod identity. What needs nodes, such as `coredns` and `aws-ebs-csi-driver`, waits for them
/// as a `cht_eks_addon`; an add-on in `addons` is never waited for longer than EKS needs without nodes.
///
/// Before it is destroyed its node groups have to be gone, and `deletion_protection` off.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "40m", read = "5m", update = "60m", delete = "30m"))]
pub struct EksClusterModel {
    /// Name of the cluster: 1 to 100 letters, digits, `-` or `_`. Changing it replaces the cluster.
    #[tf(replace, validate(rules::cluster_name()))]
    pub name: String,
    /// Version of Kubernetes, such as `1.35`. One that is lower than that of the cluster leaves it as it is, unless
    /// `allow_rollback` is on.
    #[tf(
        modify = raised,
        validate(Validator::matches("^1\\.[1-9][0-9]$", "a minor version of Kubernetes such as `1.35`"))
    )]
    pub version: String,
    /// Whether a `version` that is one lower brings the cluster back to it, as EKS can within seven days of the
    /// upgrade. Node groups have to be back before.
    #[tf(default = false)]
    pub allow_rollback: bool,
    /// ARN of the role by which the cluster works in the account. Default: one is made for it, and removed with it.
    /// Changing it replaces the cluster.
    #[tf(optional, keep_non_null, replace_if_configured, validate(Validator::notation::<Arn>()))]
    pub role_arn: Attr<String>,
    /// Where its API servers are, and from where they can be reached.
    pub vpc_config: VpcConfig,
    /// Networks inside of the cluster. Default: EKS chooses them.
    #[tf(optional, keep_non_null)]
    pub kubernetes_network_config: Attr<NetworkConfig>,
    /// What the control plane logs: `api`, `audit`, `authenticator`, `controllerManager`, `scheduler`. Default: the
    /// first three.
    #[tf(default = log_types(), validate(Validator::each(Validator::one_of(LOG_TYPES))))]
    pub enabled_cluster_log_types: BTreeSet<String>,
    /// For how many days logs are kept; 0 is for ever. The log group, `/aws/eks/<name>/cluster`, is made before the
    /// cluster, and removed with it.
    #[tf(default = 90, validate(Validator::one_of_numbers(logs::RETENTIONS.map(i64::from))))]
    pub log_retention_in_days: u16,
    /// ARN of the key in KMS with which secrets are encrypted. It can be given later, and never be taken away or
    /// changed.
    #[tf(validate(Validator::notation::<Arn>()))]
    pub encryption_key_arn: Option<String>,
    /// Who may do what in the cluster, by names of your choice. Entries that are not here, such as those of
    /// `cht_eks_access_entry` and of nodes, are left alone.
    #[tf(validate(Validator::not_empty()))]
    pub access: Option<BTreeMap<String, Access>>,
    /// EKS runs nodes, volumes and load balancers by itself (Auto Mode), if it is given. It has machines of its own
    /// choice for which EKS is paid in addition.
    pub auto_mode: Option<AutoMode>,
    /// What happens when standard support of the version ends: with `STANDARD`, EKS upgrades the cluster by itself;
    /// with `EXTENDED` it stays for another year, and costs about six times as much.
    #[tf(default = "STANDARD", validate(Validator::one_of(["STANDARD", "EXTENDED"])))]
    pub support_type: String,
    /// Whether AWS may move traffic away from an availability zone that fails.
    #[tf(default = true)]
    pub zonal_shift: bool,
    /// Whether plans and EKS refuse to delete the cluster. It holds as soon as the cluster is ready.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Add-ons by name. Default: `vpc-cni`, `kube-proxy` and `eks-pod-identity-agent`. With nodes of Auto Mode alone
    /// none is needed.
    #[tf(default = addons())]
    pub addons: BTreeMap<String, Addon>,
    /// Tags of the cluster and what belongs to it, beside the provider's `default_tags`.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// ARN of the cluster.
    #[tf(keep_non_null)]
    pub arn: Attr<String>,
    /// How it is: `ACTIVE`, or `CREATING`, `UPDATING`, `DELETING`, `FAILED` or `PENDING`; `DELETED` if it is gone and
    /// what was made for it is not.
    #[tf(keep_non_null)]
    pub status: Attr<String>,
    /// What is wrong with it, one line for each issue.
    pub health_issues: Attr<Vec<String>>,
    /// Version of what EKS adds to Kubernetes, such as `eks.4`.
    #[tf(depends_on(version))]
    pub platform_version: Attr<String>,
    /// Address of the API server.
    #[tf(keep_non_null)]
    pub endpoint: Attr<String>,
    /// Certificate of the API server's authority, in PEM and base64, as kubeconfigs hold it.
    #[tf(keep_non_null)]
    pub certificate_authority_data: Attr<String>,
    /// Id of the VPC.
    #[tf(keep_non_null)]
    pub vpc_id: Attr<String>,
    /// Id of the security group that nodes and API servers share.
    #[tf(keep_non_null)]
    pub cluster_security_group_id: Attr<String>,
    /// Issuer of the tokens of service accounts, for roles that trust it.
    #[tf(keep_non_null)]
    pub oidc_issuer: Attr<String>,
    /// The way into the cluster, for the attribute `kubernetes` of resources that live in it. It holds no secret:
    /// tokens are made by the provider at each use.
    #[tf(keep_non_null)]
    pub kubernetes: Attr<Kubernetes>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// Where API servers are, and from where they can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct VpcConfig {
    /// Ids of subnets in two availability zones at least, in which API servers have addresses. Those of other zones
    /// cannot be taken later.
    #[tf(validate(Validator::length(2..=16), Validator::each(Validator::not_empty())))]
    pub subnet_ids: BTreeSet<String>,
    /// Ids of further security groups of these addresses.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::not_empty())))]
    pub security_group_ids: Option<BTreeSet<String>>,
    /// Whether they can be reached from inside of the VPC, as its nodes do.
    #[tf(default = true)]
    pub endpoint_private_access: bool,
    /// Whether they can be reached from outside, from `public_access_cidrs`.
    #[tf(default = true)]
    pub endpoint_public_access: bool,
    /// Networks from which they can be reached from outside. They have to be given as long as
    /// `endpoint_public_access` is on; `0.0.0.0/0` is everybody.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::notation::<Cidr>())))]
    pub public_access_cidrs: Option<BTreeSet<String>>,
}

/// Networks inside of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct NetworkConfig {
    /// Network of the addresses of services, private and from /12 to /24. Default: `10.100.0.0/16` or `172.20.0.0/16`,
    /// whichever is not in the VPC.
    #[tf(optional, keep_non_null, replace_if_configured, validate(Validator::notation::<Cidr>()))]
    pub service_ipv4_cidr: Attr<String>,
    /// Addresses of pods and services: `ipv4` or `ipv6`. Default: `ipv4`.
    #[tf(optional, keep_non_null, replace_if_configured, validate(Validator::one_of(["ipv4", "ipv6"])))]
    pub ip_family: Attr<String>,
}

/// What one user or role of IAM may do.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct Access {
    /// ARN of the user or role. For somebody who assumes a role it is that of the role, and not of the session.
    #[tf(validate(principal()))]
    pub principal_arn: String,
    /// What may be done: policies of AWS by name, such as `AmazonEKSClusterAdminPolicy`, `AmazonEKSEditPolicy` or
    /// `AmazonEKSViewPolicy`, or by ARN.
    #[tf(validate(policies()))]
    pub policies: Option<BTreeMap<String, PolicyScope>>,
    /// Groups in Kubernetes, to which roles can be given there.
    #[tf(validate(Validator::not_empty(), Validator::each(group())))]
    pub kubernetes_groups: Option<BTreeSet<String>>,
}

/// What EKS runs by itself.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct AutoMode {
    /// Pools of nodes that EKS has ready: `general-purpose`, which is for amd64 only, and `system`. Default: both.
    #[tf(default = node_pools(), validate(Validator::each(Validator::one_of(["general-purpose", "system"]))))]
    pub node_pools: BTreeSet<String>,
    /// ARN of the role of the nodes. Default: one is made for them, and removed with the cluster.
    #[tf(optional, keep_non_null, validate(Validator::notation::<Arn>()))]
    pub node_role_arn: Attr<String>,
}

/// An add-on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct Addon {
    /// Its version, such as `v1.20.4-eksbuild.1`. Default: what EKS chooses for the version of Kubernetes, again at
    /// each upgrade of the cluster.
    #[tf(optional, keep_non_null, validate(Validator::not_empty()))]
    pub version: Attr<String>,
    /// Its configuration, as JSON.
    #[tf(validate(Validator::not_empty()))]
    pub configuration_values: Option<String>,
}

/// What names a cluster.
#[derive(Clone, Debug, Identity)]
pub struct EksClusterIdentity {
    /// Name of the cluster.
    pub name: String,
}

impl IdentityOf<EksClusterModel> for EksClusterIdentity {
    fn of(cluster: &EksClusterModel) -> Option<Self> {
        Some(EksClusterIdentity {
            name: cluster.name.clone(),
        })
    }
}

impl EksClusterModel {
    /// The log group in which EKS writes.
    pub(super) fn log_group(&self) -> Option<String> {
        let logs = !self.enabled_cluster_log_types.is_empty();
        logs.then(|| log_group(&self.name))
    }

    /// The same as if EKS had not begun to make it.
    pub(super) fn not_begun(self) -> Self {
        EksClusterModel {
            arn: Attr::Null,
            status: Attr::Known(DELETED.to_owned()),
            health_issues: Attr::Known(Vec::new()),
            platform_version: Attr::Null,
            endpoint: Attr::Null,
            certificate_authority_data: Attr::Null,
            vpc_id: Attr::Null,
            cluster_security_group_id: Attr::Null,
            oidc_issuer: Attr::Null,
            kubernetes: Attr::Null,
            ..self
        }
    }

    /// Whether EKS has begun to make it.
    pub(super) fn was_begun(&self) -> bool {
        self.arn.known().is_some()
    }
}

/// The log group in which EKS writes what happens in a cluster.
pub(super) fn log_group(name: &str) -> String {
    format!("/aws/eks/{name}/cluster")
}
