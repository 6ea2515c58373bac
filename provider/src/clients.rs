//! What resources get of the provider's configuration: the ways to clusters, hosts, vCenters and accounts, and what the
//! operations of one run share.

use std::collections::BTreeMap;
use std::sync::Arc;

use tf_framework::Attr;
use tf_framework::context::Scope;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::aws::{Account, Accounts, AwsDraft, EksLogins, eks_logins};
use crate::cht::application::creations::Creations;
use crate::cht::application::releases::Releases;
use crate::cht::instance::{Disks, Hosts};
use crate::cht::port_forward::Forwards;
use crate::k3s::agent::limits::Limits;
use crate::kubernetes::{Access, Clusters, Kubernetes, KubernetesDraft};
use crate::provider::ProviderModelDraft;
use crate::ssh::{Sessions, Ssh, SshDraft};
use crate::vsphere::{self, MachineClaims, VCenter, VCenters, VSphere, VSphereDraft};

/// What resources get of the provider's configuration.
#[derive(Debug)]
pub struct Clients {
    kubernetes: Attr<Kubernetes>,
    clusters: Clusters,
    forwards: Forwards,
    ssh: Attr<Ssh>,
    sessions: Sessions,
    hosts: Hosts,
    disks: Disks,
    releases: Releases,
    creations: Creations,
    agents: Limits,
    vsphere: Attr<VSphere>,
    vcenters: VCenters,
    machines: MachineClaims,
    accounts: Arc<Accounts>,
    eks_logins: Arc<EksLogins>,
}

impl Clients {
    /// What follows from the configuration. Nothing is called yet.
    pub(crate) fn of(config: ProviderModelDraft) -> Self {
        let accounts = Accounts::new(known(config.aws, AwsDraft::known));
        let eks_logins = EksLogins::new(Arc::clone(&accounts));
        Clients {
            kubernetes: known(config.kubernetes, KubernetesDraft::known),
            clusters: Clusters::with_eks(eks_logins.clone()),
            forwards: Forwards::default(),
            ssh: known(config.ssh, SshDraft::known),
            sessions: Sessions::default(),
            hosts: Hosts::default(),
            disks: Disks::default(),
            releases: Releases::default(),
            creations: Creations::default(),
            agents: Limits::default(),
            vsphere: known(config.vsphere, VSphereDraft::known),
            vcenters: VCenters::default(),
            machines: MachineClaims::default(),
            accounts,
            eks_logins,
        }
    }

    /// Gives sessions back, at the end of the process.
    pub(crate) async fn log_out(&self) {
        self.vcenters.log_out().await;
    }

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

    /// The disks that instances of this run take.
    pub(crate) fn disks(&self) -> &Disks {
        &self.disks
    }

    /// The releases that instances of this run are about to have.
    pub(crate) fn releases(&self) -> &Releases {
        &self.releases
    }

    /// What this run makes and destroys in instances, and the instances themselves.
    pub(crate) fn creations(&self) -> &Creations {
        &self.creations
    }

    /// What the virtual machines of this run take from each other.
    pub(crate) fn machines(&self) -> &MachineClaims {
        &self.machines
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

    /// The names of the storage policies in the vCenter of the provider block, as far as its user may see them. None
    /// where nobody tells: the block has no vCenter, or it does not answer. Whoever asks needs the vCenter for nothing
    /// else.
    pub(crate) async fn storage_policies(scope: &Scope<Clients>) -> Option<Vec<String>> {
        let vcenter = Self::vcenter_to_ask(scope).await?;
        told("storage policies", vcenter.storage_policies().await)
    }

    /// The names of the datastores in that vCenter by their URLs, likewise.
    pub(crate) async fn datastores_by_url(scope: &Scope<Clients>) -> Option<BTreeMap<String, String>> {
        let vcenter = Self::vcenter_to_ask(scope).await?;
        told("datastores", vcenter.datastores_by_url().await)
    }

    /// Which of the nodes with these provider ids run on hosts in that vCenter that do not reach a datastore, likewise.
    pub(crate) async fn out_of_reach<'n>(
        scope: &Scope<Clients>,
        datastore_url: &str,
        nodes: &[&'n str],
    ) -> Option<Vec<&'n str>> {
        let vcenter = Self::vcenter_to_ask(scope).await?;
        told("hosts of nodes", vcenter.out_of_reach(datastore_url, nodes).await)
    }

    async fn vcenter_to_ask(scope: &Scope<Clients>) -> Option<VCenter> {
        scope.clients().vsphere.known()?;
        Self::vcenter(scope).await.ok()
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

/// What a vCenter tells, unless it does not.
fn told<T>(what: &str, answer: Result<T, vsphere::error::Error>) -> Option<T> {
    answer
        .inspect_err(|error| tracing::info!(%error, what, "the vCenter does not tell all"))
        .ok()
}

/// A value of which everything is known: any part that is unknown makes the whole unusable for now.
fn known<D, T>(draft: Attr<D>, known: impl Fn(&D) -> Option<T>) -> Attr<T> {
    match draft {
        Attr::Unknown => Attr::Unknown,
        Attr::Null => Attr::Null,
        Attr::Known(draft) => known(&draft).map_or(Attr::Unknown, Attr::Known),
    }
}
