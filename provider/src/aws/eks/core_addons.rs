//! What is asked of EKS about the add-ons that come with a cluster, beside the calls for all add-ons in `addons`.
//!
//! API: [CreateAddon](https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html) and what belongs to it.

use aws_sdk_eks::types::{AddonVersionInfo, ResolveConflicts};

use super::SERVICE;
use super::addons::AddonId;
use crate::aws::account::Account;
use crate::aws::error::Error;
use crate::aws::tags::Tags;

/// An add-on as it should be.
#[derive(Clone, Debug)]
pub(in crate::aws) struct AddonSpec<'a> {
    /// Name of the cluster.
    pub(in crate::aws) cluster: &'a str,
    /// Its name.
    pub(in crate::aws) name: &'a str,
    /// Its version; EKS chooses if it is not said.
    pub(in crate::aws) version: Option<String>,
    /// Its configuration, as JSON.
    pub(in crate::aws) configuration: Option<String>,
    /// The tags, of a new one.
    pub(in crate::aws) tags: Tags,
}

impl<'a> AddonSpec<'a> {
    /// What names it.
    pub(in crate::aws) fn id(&self) -> AddonId<'a> {
        AddonId {
            cluster: self.cluster,
            name: self.name,
        }
    }
}

impl Account {
    /// Begins to make an add-on. What it finds in the cluster under its names becomes its own.
    ///
    /// # Errors
    /// There is one, or the call failed.
    pub(in crate::aws) async fn create_core_addon(&self, spec: AddonSpec<'_>) -> Result<(), Error> {
        let sent = self
            .eks()
            .create_addon()
            .cluster_name(spec.cluster)
            .addon_name(spec.name)
            .set_addon_version(spec.version)
            .set_configuration_values(spec.configuration)
            .resolve_conflicts(ResolveConflicts::Overwrite)
            .set_tags(Some(spec.tags.into_iter().collect()))
            .send();
        self.run(&self.call(SERVICE, "CreateAddon"), sent).await.map(drop)
    }

    /// Begins to change an add-on. Without a configuration it has its defaults again.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_core_addon(&self, spec: AddonSpec<'_>) -> Result<(), Error> {
        let sent = self
            .eks()
            .update_addon()
            .cluster_name(spec.cluster)
            .addon_name(spec.name)
            .set_addon_version(spec.version)
            .configuration_values(spec.configuration.unwrap_or_else(|| "{}".to_owned()))
            .resolve_conflicts(ResolveConflicts::Overwrite)
            .send();
        self.run(&self.call(SERVICE, "UpdateAddon"), sent).await.map(drop)
    }

    /// The version of an add-on that EKS chooses for a version of Kubernetes.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn default_addon_version(
        &self,
        name: &str,
        kubernetes: &str,
    ) -> Result<Option<String>, Error> {
        let asked = self.eks().describe_addon_versions().addon_name(name);
        let sent = asked.kubernetes_version(kubernetes).send();
        let answer = self.run(&self.call(SERVICE, "DescribeAddonVersions"), sent).await?;
        let addons = answer.addons.unwrap_or_default();
        let mut versions = addons.iter().flat_map(|addon| addon.addon_versions());
        let default = versions.find(|version| is_default(version, kubernetes));
        Ok(default.and_then(|version| version.addon_version()).map(str::to_owned))
    }
}

fn is_default(version: &AddonVersionInfo, kubernetes: &str) -> bool {
    let mut goes_with = version.compatibilities().iter();
    goes_with.any(|with| with.default_version() && with.cluster_version() == Some(kubernetes))
}
