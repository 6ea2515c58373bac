//! The provider: its configuration, and what there is.

use tf_framework::context::Scope;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::provider::{DataSourceEntry, FunctionEntry, Provider, ResourceEntry};
use tf_framework::{Attr, Model};

use crate::cht::SizingFunction;
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
use crate::kubernetes::{Access, Clusters, KubeconfigFunction, Kubernetes};
use crate::ssh::diagnostics::ATTRIBUTE as SSH;
use crate::ssh::{Sessions, Ssh};
use crate::ssh_host::SshHostDataSource;

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
    agents: Limits,
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

    /// The agents of k3s clusters that this run works on.
    pub(crate) fn agents(&self) -> &Limits {
        &self.agents
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
        let kubernetes = match config.kubernetes {
            Attr::Unknown => Attr::Unknown,
            Attr::Null => Attr::Null,
            // Any part that is unknown makes the whole unusable for now.
            Attr::Known(draft) => draft.known().map_or(Attr::Unknown, Attr::Known),
        };
        let ssh = match config.ssh {
            Attr::Unknown => Attr::Unknown,
            Attr::Null => Attr::Null,
            Attr::Known(draft) => draft.known().map_or(Attr::Unknown, Attr::Known),
        };
        Ok(Clients {
            kubernetes,
            clusters: Clusters::default(),
            forwards: Forwards::default(),
            ssh,
            sessions: Sessions::default(),
            hosts: Hosts::default(),
            releases: Releases::default(),
            agents: Limits::default(),
        })
    }

    fn resources(&self) -> Vec<ResourceEntry<Clients>> {
        vec![
            ResourceEntry::new(CredentialResource),
            ResourceEntry::new(InstanceResource),
            ResourceEntry::new(AgentResource),
            ResourceEntry::new(ClusterResource),
            ResourceEntry::new(SettingsResource),
            ResourceEntry::new(UserResource),
        ]
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Clients>> {
        vec![
            DataSourceEntry::new(InstanceDataSource),
            DataSourceEntry::new(MonitoringDataSource),
            DataSourceEntry::new(SshHostDataSource),
        ]
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
