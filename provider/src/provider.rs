//! The provider: its configuration, and what there is.

use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;
use tf_framework::provider::{DataSourceEntry, EphemeralResourceEntry, FunctionEntry, Provider, ResourceEntry};
use tf_framework::{Attr, Model};

use crate::aws::Aws;
use crate::aws::access_entry::AccessEntryResource;
use crate::aws::addon::AddonResource;
use crate::aws::caller_identity_data::CallerIdentityDataSource;
use crate::aws::certificate::CertificateResource;
use crate::aws::dns_alias::DnsAliasResource;
use crate::aws::eks_cluster::EksClusterResource;
use crate::aws::eks_cluster_data::EksClusterDataSource;
use crate::aws::eks_cluster_versions_data::EksClusterVersionsDataSource;
use crate::aws::eks_token_ephemeral::EksTokenResource;
use crate::aws::load_balancer_controller::LoadBalancerControllerResource;
use crate::aws::node_group::NodeGroupResource;
use crate::aws::snapshot::SnapshotResource;
use crate::aws::snapshot_data::SnapshotDataSource;
use crate::aws::snapshot_policy::SnapshotPolicyResource;
use crate::aws::volume::VolumeResource;
use crate::aws::vpc::VpcResource;
use crate::cht::SizingFunction;
use crate::cht::credential::CredentialResource;
use crate::cht::instance::InstanceResource;
use crate::cht::instance_data::InstanceDataSource;
use crate::cht::monitoring_data::MonitoringDataSource;
use crate::cht::settings::SettingsResource;
use crate::cht::user::UserResource;
use crate::cht::values::ValuesFunction;
use crate::k3s::agent::AgentResource;
use crate::k3s::cluster::ClusterResource;
use crate::k3s::snapshots_data::EtcdSnapshotsDataSource;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::kubernetes::storage_class::StorageClassResource;
use crate::kubernetes::{KubeconfigFunction, Kubernetes};
use crate::ssh::Ssh;
use crate::ssh::diagnostics::ATTRIBUTE as SSH;
use crate::ssh_host::SshHostDataSource;
use crate::vsphere::VSphere;
use crate::vsphere::anti_affinity_rule::AntiAffinityRuleResource;
use crate::vsphere::cloud_provider::CloudProviderResource;
use crate::vsphere::cluster_data::ClusterDataSource;
use crate::vsphere::csi_driver::CsiDriverResource;
use crate::vsphere::datacenter_data::DatacenterDataSource;
use crate::vsphere::datastore_data::DatastoreDataSource;
use crate::vsphere::network_data::NetworkDataSource;
use crate::vsphere::permission::PermissionResource;
use crate::vsphere::resource_pool_data::ResourcePoolDataSource;
use crate::vsphere::role::RoleResource;
use crate::vsphere::template_data::TemplateDataSource;
use crate::vsphere::virtual_machine::VirtualMachineResource;
use crate::vsphere::virtual_machine_data::VirtualMachineDataSource;

pub use crate::clients::Clients;

/// The provider `cht`.
#[derive(Debug)]
pub struct ChtProvider;

/// Whole environments for the [Community Health Toolkit](https://communityhealthtoolkit.org) (CHT).
///
/// OpenTofu 1.10 or later is needed, or Terraform 1.11 or later. Write-only arguments, by which passwords stay out of
/// the state, need OpenTofu 1.11.
#[derive(Model)]
pub struct ProviderModel {
    /// The way to the cluster for resources that do not have one of their own. It is meant for clusters that exist
    /// already: where the cluster is made in the same configuration, hand the value that it exports to the resources
    /// instead.
    pub kubernetes: Option<Kubernetes>,
    /// How hosts are logged in to, for resources that do not say it themselves. What stands here is stored nowhere, so
    /// it is the place for the private key.
    pub ssh: Option<Ssh>,
    /// The vCenter, for resources of vSphere. What stands here is stored nowhere.
    pub vsphere: Option<VSphere>,
    /// The account and the region in AWS, for resources of AWS and for clusters of EKS. Credentials are found where
    /// AWS's own tools find them, and only if something of AWS is used.
    pub aws: Option<Aws>,
}

impl Provider for ChtProvider {
    type Model = ProviderModel;
    type Clients = Clients;

    const NAME: &'static str = "cht";
    const ADDRESS: &'static str = "registry.opentofu.org/medic/cht";

    fn validate(&self, config: &ProviderModelDraft, diagnostics: &mut Diagnostics) {
        if let Attr::Known(kubernetes) = &config.kubernetes {
            kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        }
        if let Attr::Known(ssh) = &config.ssh {
            ssh.validate(&Path::new(SSH), diagnostics);
        }
    }

    async fn configure(&self, config: ProviderModelDraft) -> Result<Clients, Diagnostics> {
        Ok(Clients::of(config))
    }

    async fn close(&self, clients: &Clients) {
        clients.log_out().await;
    }

    fn resources(&self) -> Vec<ResourceEntry<Clients>> {
        vec![
            ResourceEntry::new(CertificateResource),
            ResourceEntry::new(CredentialResource),
            ResourceEntry::new(DnsAliasResource),
            ResourceEntry::new(SnapshotResource),
            ResourceEntry::new(VolumeResource),
            ResourceEntry::new(AccessEntryResource),
            ResourceEntry::new(AddonResource),
            ResourceEntry::new(EksClusterResource),
            ResourceEntry::new(LoadBalancerControllerResource),
            ResourceEntry::new(NodeGroupResource),
            ResourceEntry::new(InstanceResource),
            ResourceEntry::new(AgentResource),
            ResourceEntry::new(ClusterResource),
            ResourceEntry::new(SettingsResource),
            ResourceEntry::new(SnapshotPolicyResource),
            ResourceEntry::new(StorageClassResource),
            ResourceEntry::new(UserResource),
            ResourceEntry::new(VpcResource),
            ResourceEntry::new(AntiAffinityRuleResource),
            ResourceEntry::new(CloudProviderResource),
            ResourceEntry::new(CsiDriverResource),
            ResourceEntry::new(PermissionResource),
            ResourceEntry::new(RoleResource),
            ResourceEntry::new(VirtualMachineResource),
        ]
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Clients>> {
        vec![
            DataSourceEntry::new(CallerIdentityDataSource),
            DataSourceEntry::new(SnapshotDataSource),
            DataSourceEntry::new(EksClusterDataSource),
            DataSourceEntry::new(EksClusterVersionsDataSource),
            DataSourceEntry::new(InstanceDataSource),
            DataSourceEntry::new(EtcdSnapshotsDataSource),
            DataSourceEntry::new(MonitoringDataSource),
            DataSourceEntry::new(SshHostDataSource),
            DataSourceEntry::new(ClusterDataSource),
            DataSourceEntry::new(DatacenterDataSource),
            DataSourceEntry::new(DatastoreDataSource),
            DataSourceEntry::new(NetworkDataSource),
            DataSourceEntry::new(ResourcePoolDataSource),
            DataSourceEntry::new(TemplateDataSource),
            DataSourceEntry::new(VirtualMachineDataSource),
        ]
    }

    fn ephemeral_resources(&self) -> Vec<EphemeralResourceEntry<Clients>> {
        vec![EphemeralResourceEntry::new(EksTokenResource)]
    }

    fn functions(&self) -> Vec<FunctionEntry> {
        vec![
            FunctionEntry::new::<KubeconfigFunction>(),
            FunctionEntry::new::<SizingFunction>(),
            FunctionEntry::new::<ValuesFunction>(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_such_that_a_core_accepts_them() {
        assert_eq!(ChtProvider.lint(), Vec::<String>::new());
    }
}
