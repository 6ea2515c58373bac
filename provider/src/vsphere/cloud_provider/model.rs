//! The attributes of `cht_vsphere_cloud_provider`, in schema order.

use tf_framework::custom_types::{Cidr, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::in_cluster;
use super::super::in_cluster::login::VCenterLogin;
use super::objects;
use crate::kubernetes::Kubernetes;

/// Manages the cloud provider of vSphere in a Kubernetes cluster (cloud-provider-vsphere): it gives nodes their
/// addresses and zones, and removes those whose machines are gone.
///
/// The cluster must have been told to wait for it: `cloud_provider = "external"` of `cht_k3s_cluster`, with the
/// `provider_id` of each node. Creation ends when all nodes are known to it. Plans log in to the vCenter as `vcenter`
/// says, and look for its datacenters and for the machine of each node there, so that a wrong password, datacenter or
/// UUID is an error before anything is installed, and a missing privilege a warning.
///
/// The user in `vcenter` needs the role ReadOnly on the datacenters, with propagation, and nothing else. Its password
/// is in a Secret, and in no other object.
///
/// `kubernetes` can be handed on: what takes `cht_vsphere_cloud_provider.NAME.kubernetes`, such as
/// `cht_vsphere_csi_driver`, is made after it, and destroyed before it.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "20m", read = "5m", update = "20m", delete = "10m"))]
pub struct CloudProviderModel {
    /// The way to the cluster; the provider's `kubernetes` where it is not given. Changing it changes how the cluster
    /// is reached, not which cluster it is.
    pub kubernetes: Option<Kubernetes>,
    /// The vCenter, and a user for this purpose alone.
    pub vcenter: VCenterLogin,
    /// Version to install. Its minor version has to be that of Kubernetes. Default: the first release with the minor
    /// version that the cluster has at the time of the installation, or the newest that this provider knows, `v1.36.0`,
    /// if the cluster is newer. It stays when Kubernetes is upgraded: plans warn when the cluster has another minor
    /// version.
    #[tf(optional, keep, validate(in_cluster::version()))]
    pub version: Attr<String>,
    /// Registry that the image is pulled from, with a path if need be, for sites without the internet. It has the image
    /// by its name in `registry.k8s.io`: `cloud-pv-vsphere/cloud-provider-vsphere`.
    #[tf(default = "registry.k8s.io", validate(in_cluster::registry()))]
    pub image_registry: String,
    /// Category of tags that says which region a machine is in.
    #[tf(requires(zone_category), validate(Validator::not_empty()))]
    pub region_category: Option<String>,
    /// Category of tags that says which zone a machine is in.
    #[tf(requires(region_category), validate(Validator::not_empty()))]
    pub zone_category: Option<String>,
    /// Which of a machine's addresses are those of the node. Default: the first ones.
    pub node_addresses: Option<NodeAddresses>,
    /// Families of addresses that nodes have, the first one first: `ipv4`, `ipv6`. Default: `ipv4`.
    #[tf(validate(
        Validator::not_empty(),
        Validator::unique(),
        Validator::each(Validator::one_of(["ipv4", "ipv6"]))
    ))]
    pub ip_families: Option<Vec<String>>,
    /// Whether nodes stay whose machines are not found.
    #[tf(default = false)]
    pub skip_node_deletion: bool,
    /// What differs in the cluster from what is configured, one line for each difference. The next apply repairs it.
    #[tf(keep_non_null)]
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// Which addresses of machines are those of nodes.
#[derive(Clone, Debug, Default, Model)]
pub struct NodeAddresses {
    /// Network that internal addresses are from, such as `10.20.0.0/24`.
    pub internal_cidr: Option<Text<Cidr>>,
    /// Network that external addresses are from.
    pub external_cidr: Option<Text<Cidr>>,
    /// Network that internal addresses are not from.
    pub exclude_internal_cidr: Option<Text<Cidr>>,
    /// Network that external addresses are not from.
    pub exclude_external_cidr: Option<Text<Cidr>>,
    /// Network in the vCenter whose card has the internal address.
    #[tf(validate(Validator::not_empty()))]
    pub internal_network: Option<String>,
    /// Network in the vCenter whose card has the external address.
    #[tf(validate(Validator::not_empty()))]
    pub external_network: Option<String>,
}

/// What names the cloud provider in its cluster, which has only one.
#[derive(Clone, Debug, Identity)]
pub struct CloudProviderIdentity {
    /// Name of its DaemonSet: always `vsphere-cloud-controller-manager`.
    pub name: String,
}

impl IdentityOf<CloudProviderModel> for CloudProviderIdentity {
    fn of(_: &CloudProviderModel) -> Option<Self> {
        let name = objects::NAME.to_owned();
        Some(CloudProviderIdentity { name })
    }
}
