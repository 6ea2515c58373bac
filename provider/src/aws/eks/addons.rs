//! Add-ons: software that EKS puts into a cluster and looks after, and the calls about it.
//!
//! API: [CreateAddon](https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html),
//! [UpdateAddon](https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html),
//! [DescribeAddonVersions](https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html) and what
//! belongs to them. Requests with a token are repeated with the same one by the client, and so are not done twice.

use aws_sdk_eks::operation::create_addon::builders::CreateAddonInputBuilder;
use aws_sdk_eks::operation::update_addon::builders::UpdateAddonInputBuilder;
use aws_sdk_eks::types::{Addon, AddonVersionInfo, Update};

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::{Error, found, gone};

/// What names an add-on: its cluster, and its name.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct AddonId<'a> {
    /// Name of the cluster.
    pub(in crate::aws) cluster: &'a str,
    /// Name of the add-on.
    pub(in crate::aws) name: &'a str,
}

impl Account {
    /// An add-on; nothing if it is not there, or its cluster is not.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn addon(&self, id: AddonId<'_>) -> Result<Option<Addon>, Error> {
        let sent = self.eks().describe_addon().cluster_name(id.cluster).addon_name(id.name);
        let answer = found(self.run(&self.call(SERVICE, "DescribeAddon"), sent.send()).await)?;
        Ok(answer.and_then(|answer| answer.addon))
    }

    /// Makes an add-on.
    ///
    /// # Errors
    /// There is one, or the call failed.
    pub(in crate::aws) async fn create_addon(&self, new: CreateAddonInputBuilder) -> Result<(), Error> {
        let call = self.call(SERVICE, "CreateAddon");
        self.run(&call, new.send_with(self.eks())).await.map(drop)
    }

    /// Begins to change an add-on: the id of the update.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_addon(&self, change: UpdateAddonInputBuilder) -> Result<String, Error> {
        let call = self.call(SERVICE, "UpdateAddon");
        let answer = self.run(&call, change.send_with(self.eks())).await?;
        answer.update.and_then(|update| update.id).ok_or(Error::Lacks {
            call,
            what: "the id of the update",
        })
    }

    /// How far a change of an add-on is.
    ///
    /// # Errors
    /// There is none, or the call failed.
    pub(in crate::aws) async fn addon_update(&self, id: AddonId<'_>, update: &str) -> Result<Update, Error> {
        let call = self.call(SERVICE, "DescribeUpdate");
        let sent = self
            .eks()
            .describe_update()
            .name(id.cluster)
            .addon_name(id.name)
            .update_id(update)
            .send();
        self.run(&call, sent).await?.update.ok_or(Error::Lacks {
            call,
            what: "the update",
        })
    }

    /// Begins to delete an add-on, if it is there; with what it has in the cluster, unless that is to stay.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_addon(&self, id: AddonId<'_>, preserve: bool) -> Result<(), Error> {
        let sent = self.eks().delete_addon().cluster_name(id.cluster).addon_name(id.name);
        let call = self.call(SERVICE, "DeleteAddon");
        gone(self.run(&call, sent.preserve(preserve).send()).await)
    }

    /// The versions of an add-on that go with a version of Kubernetes, the latest first; none if it is not offered.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn versions_of_addon(
        &self,
        name: &str,
        kubernetes: &str,
    ) -> Result<Vec<AddonVersionInfo>, Error> {
        let call = self.call(SERVICE, "DescribeAddonVersions");
        let mut versions = Vec::new();
        let mut token = None;
        loop {
            let asked = self.eks().describe_addon_versions().addon_name(name);
            let asked = asked.kubernetes_version(kubernetes).set_next_token(token);
            let page = match self.run(&call, asked.send()).await {
                Ok(page) => page,
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let addons = page.addons.unwrap_or_default().into_iter();
            versions.extend(addons.flat_map(|addon| addon.addon_versions.unwrap_or_default()));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(versions);
            }
        }
    }

    /// The service accounts of a version of an add-on that can be given roles by pod identity.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn accounts_of_addon(&self, name: &str, version: &str) -> Result<Vec<String>, Error> {
        let asked = self.eks().describe_addon_configuration();
        let sent = asked.addon_name(name).addon_version(version).send();
        let answer = self
            .run(&self.call(SERVICE, "DescribeAddonConfiguration"), sent)
            .await?;
        let accounts = answer.pod_identity_configuration.unwrap_or_default().into_iter();
        Ok(accounts.filter_map(|account| account.service_account).collect())
    }

    /// The role of an association of pod identity; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn role_of_association(&self, cluster: &str, arn: &str) -> Result<Option<String>, Error> {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        let association = self.pod_identity_by_id(cluster, id).await?;
        Ok(association.and_then(|association| association.role_arn))
    }
}

/// The version that EKS chooses by itself for a version of Kubernetes.
pub(in crate::aws) fn default_version<'a>(versions: &'a [AddonVersionInfo], kubernetes: &str) -> Option<&'a str> {
    let is_default = |version: &&AddonVersionInfo| {
        let mut goes_with = version.compatibilities().iter();
        goes_with.any(|with| with.default_version() && with.cluster_version() == Some(kubernetes))
    };
    versions
        .iter()
        .find(is_default)
        .and_then(|version| version.addon_version())
}
