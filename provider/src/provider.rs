//! The provider: its configuration, and what there is.

use std::sync::Arc;

use tf_framework::context::Scope;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::provider::{DataSourceEntry, EphemeralResourceEntry, FunctionEntry, Provider, ResourceEntry};
use tf_framework::{Attr, Model};

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
use crate::aws::{Account, Accounts, Aws, AwsDraft, EksLogins, eks_logins};
use crate::cht::SizingFunction;
use crate::cht::application::creations::Creations;
use crate::cht::application::releases::Releases;
use crate::cht::credential::CredentialResource;
use crate::cht::instance::{Hosts, InstanceResource};
use crate::cht::instance_data::InstanceDataSource;
use crate::cht::monitoring_data::MonitoringDataSource;
use crate::cht::port_forward::Forwards;
use crate::cht::settings::SettingsResource;
use crate::cht::user::UserResource;
use crate::cht::values::ValuesFunction;
use crate::k3s::agent::AgentResource;
use crate::k3s::agent::limits::Limits;
use crate::k3s::cluster::ClusterResource;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::kubernetes::storage_class::StorageClassResource;
use crate::kubernetes::{Access, Clusters, KubeconfigFunction, Kubernetes, KubernetesDraft};
use crate::ssh::diagnostics::ATTRIBUTE as SSH;
use crate::ssh::{Sessions, Ssh, SshDraft};
use crate::ssh_host::SshHostDataSource;
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
use crate::vsphere::{VCenter, VCenters, VSphere, VSphereDraft};

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

/// What resources get of the provider's configuration.
#[derive(Debug)]
pub struct Clients {
    kubernetes: Attr<Kubernetes>,
    clusters: Clusters,
    forwards: Forwards,
    ssh: Attr<Ssh>,
    sessions: Sessions,
    hosts: Hosts,
    releases: Releases,
    creations: Creations,
    agents: Limits,
    vsphere: Attr<VSphere>,
    vcenters: VCenters,
    accounts: Arc<Accounts>,
    eks_logins: Arc<EksLogins>,
}

impl Clients {
    /// The cluster that a resource's own way leads to, or the default if it has none. Calls to it end with the
    /// operation.
    ///
    /// # Errors
    /// Fails if there is no way, it is not known yet, or it cannot be used.
    pub async fn access(scope: &Scope<Clients>, own: Option<&Kubernetes>) -> Result<Access, Diagnostics> {
        let clients = scope.clients();
        let default = match own {
            Some(_) => None,
            None => clients.kubernetes()?,
        };
        let access = Access::new(&clients.clusters, own, default).await?;
        Ok(access.with_cancellation(scope.cancellation()))
    }

    /// Whether AWS says that the EKS cluster does not exist any more which something was put into, by what was kept of
    /// it: then what lived in it is gone, too, and a warning says so.
    pub async fn is_gone(scope: &Scope<Clients>, own: Option<&Kubernetes>, kept: Option<&str>) -> bool {
        let clients = scope.clients();
        let way = own.or_else(|| clients.kubernetes().ok().flatten());
        let (Some(way), Some(kept)) = (way, kept) else {
            return false;
        };
        let is_gone = clients.clusters.is_gone(way, kept).await;
        if is_gone {
            scope.warn(eks_logins::gone(way));
        }
        is_gone
    }

    /// The cluster that a way leads to which another resource exports: no attribute is to blame if it fails.
    ///
    /// # Errors
    /// Fails if the way cannot be used.
    pub(crate) async fn exported(&self, way: &Kubernetes) -> Result<Access, Diagnostics> {
        Access::new(&self.clusters, None, Some(way)).await
    }

    /// The default way to a cluster, if the provider block has one.
    ///
    /// # Errors
    /// Fails if the provider block has one that is not known yet.
    fn kubernetes(&self) -> Result<Option<&Kubernetes>, Diagnostics> {
        match &self.kubernetes {
            Attr::Known(kubernetes) => Ok(Some(kubernetes)),
            Attr::Null => Ok(None),
            Attr::Unknown => Err(Diagnostic::error(
                "Way to the cluster is not known yet",
                "The provider block takes `kubernetes` from something that does not exist yet, and this resource has to be \
                 looked up now. Set `kubernetes` in the resource instead, or apply what it depends on first.",
            )
            .into()),
        }
    }

    /// The port-forwards to instances that are open in this run.
    pub(crate) fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// How hosts are logged in to where a resource, whose own way this is, does not say it.
    ///
    /// # Errors
    /// Fails if the provider block has a way that is not known yet, unless the resource says by itself how to log in.
    pub fn ssh(&self, own: Option<&Ssh>) -> Result<Option<&Ssh>, Diagnostics> {
        match &self.ssh {
            Attr::Known(ssh) => Ok(Some(ssh)),
            Attr::Null => Ok(None),
            Attr::Unknown if own.is_some_and(Ssh::has_login) => Ok(None),
            Attr::Unknown => Err(Diagnostic::error(
                "Way to the host is not known yet",
                "The provider block takes `ssh` from something that does not exist yet, and the host has to be looked at now. \
                 Set `ssh` here instead, or apply what it depends on first.",
            )
            .into()),
        }
    }

    /// Whether the provider block has a default way to hosts that is not known yet.
    pub fn is_ssh_unknown(&self) -> bool {
        self.ssh.is_unknown()
    }

    /// The connections to hosts.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The hosts that instances of this run take.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The releases that instances of this run are about to have.
    pub(crate) fn releases(&self) -> &Releases {
        &self.releases
    }

    /// What this run makes and destroys in instances, and the instances themselves.
    pub(crate) fn creations(&self) -> &Creations {
        &self.creations
    }

    /// The agents of k3s clusters that this run works on.
    pub(crate) fn agents(&self) -> &Limits {
        &self.agents
    }

    /// The vCenter of the provider block. Calls to it end with the operation.
    ///
    /// # Errors
    /// Fails if it is not known yet, or neither the provider block nor the environment says which one it is.
    pub async fn vcenter(scope: &Scope<Clients>) -> Result<VCenter, Diagnostics> {
        let clients = scope.clients();
        let unsaid = VSphere::default();
        let value = match &clients.vsphere {
            Attr::Known(value) => value,
            Attr::Null => &unsaid,
            Attr::Unknown => {
                return Err(Diagnostic::error(
                    "Way to the vCenter is not known yet",
                    "The provider block takes `vsphere` from something that does not exist yet, and the vCenter has to be asked \
                     now. Apply what it depends on first.",
                )
                .into());
            }
        };
        clients.vcenters.connect(value, scope.cancellation()).await
    }

    /// Whether the provider block has a vCenter that is not known yet.
    pub fn is_vcenter_unknown(&self) -> bool {
        self.vsphere.is_unknown()
    }

    /// The account in AWS. Calls to it end with the operation.
    ///
    /// # Errors
    /// Fails if it is not known yet, there is no region, or it is an account that is not allowed.
    pub async fn aws(scope: &Scope<Clients>) -> Result<Account, Diagnostics> {
        scope.clients().accounts.connect(scope.cancellation()).await
    }

    /// Whether the provider block has an account in AWS that is not known yet.
    pub fn is_aws_unknown(&self) -> bool {
        self.accounts.is_unknown()
    }

    /// The logins to clusters of EKS.
    pub(crate) fn eks_logins(&self) -> &EksLogins {
        &self.eks_logins
    }

    /// Whether the provider block has a default way to a cluster that is not known yet.
    pub fn is_cluster_unknown(&self) -> bool {
        self.kubernetes.is_unknown()
    }
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
        let kubernetes = known(config.kubernetes, KubernetesDraft::known);
        let ssh = known(config.ssh, SshDraft::known);
        let vsphere = known(config.vsphere, VSphereDraft::known);
        let accounts = Accounts::new(known(config.aws, AwsDraft::known));
        let eks_logins = EksLogins::new(Arc::clone(&accounts));
        Ok(Clients {
            kubernetes,
            clusters: Clusters::with_eks(eks_logins.clone()),
            forwards: Forwards::default(),
            ssh,
            sessions: Sessions::default(),
            hosts: Hosts::default(),
            releases: Releases::default(),
            creations: Creations::default(),
            agents: Limits::default(),
            vsphere,
            vcenters: VCenters::default(),
            accounts,
            eks_logins,
        })
    }

    async fn close(&self, clients: &Clients) {
        clients.vcenters.log_out().await;
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

/// A value of which everything is known: any part that is unknown makes the whole unusable for now.
fn known<D, T>(draft: Attr<D>, known: impl Fn(&D) -> Option<T>) -> Attr<T> {
    match draft {
        Attr::Unknown => Attr::Unknown,
        Attr::Null => Attr::Null,
        Attr::Known(draft) => known(&draft).map_or(Attr::Unknown, Attr::Known),
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
