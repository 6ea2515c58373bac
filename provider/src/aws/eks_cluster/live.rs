//! What there is of a cluster: what EKS says of it, of its access entries and its add-ons, and how long logs are kept.

use std::collections::BTreeMap;

use aws_sdk_eks::types::{AccessEntry, Addon, Cluster, ClusterStatus};
use futures::future::try_join_all;

use super::super::account::Account;
use super::super::eks::access::{EntryId, Policies};
use super::super::eks::addons::AddonId;
use super::super::error::{Error, found};
use super::model::{EksClusterModel, log_group};

/// A cluster with what belongs to it, as far as a model speaks of it.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) cluster: Cluster,
    /// For how many days logs are kept; nothing if there is no log group.
    pub(super) log_retention: Option<u16>,
    /// By the ARN of the user or role.
    pub(super) entries: BTreeMap<String, Entry>,
    /// By name.
    pub(super) addons: BTreeMap<String, Addon>,
}

/// An access entry with its policies.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) entry: AccessEntry,
    pub(super) policies: Policies,
}

impl Live {
    /// What there is of a cluster that a model is about; nothing if there is no cluster.
    pub(super) async fn read(account: &Account, model: &EksClusterModel) -> Result<Option<Self>, Error> {
        let Some(cluster) = account.find_cluster(&model.name).await? else {
            return Ok(None);
        };
        let mut live = Self::of(cluster);
        if live.is_usable() {
            let (name, access) = (model.name.as_str(), model.access.iter().flatten());
            let entries: Vec<_> = access
                .map(|(_, access)| entry(account, name, &access.principal_arn))
                .collect();
            let addons: Vec<_> = model
                .addons
                .keys()
                .map(|addon| installed(account, name, addon))
                .collect();
            let (entries, addons) = futures::try_join!(try_join_all(entries), try_join_all(addons))?;
            live.entries = entries.into_iter().flatten().collect();
            live.addons = addons.into_iter().flatten().collect();
        }
        if model.log_group().is_some() {
            live.log_retention = account.log_retention(&log_group(&model.name)).await?;
        }
        Ok(Some(live))
    }

    /// A cluster of which nothing else is known.
    pub(super) fn of(cluster: Cluster) -> Self {
        Live {
            cluster,
            log_retention: None,
            entries: BTreeMap::new(),
            addons: BTreeMap::new(),
        }
    }

    /// Whether there is an API server, and what belongs to it can be asked about.
    pub(super) fn is_usable(&self) -> bool {
        is_usable(&self.cluster)
    }
}

/// Whether a cluster has an API server.
pub(super) fn is_usable(cluster: &Cluster) -> bool {
    matches!(cluster.status(), Some(ClusterStatus::Active | ClusterStatus::Updating))
}

/// An access entry; nothing if it is not there.
pub(super) async fn entry(account: &Account, cluster: &str, principal: &str) -> Result<Option<(String, Entry)>, Error> {
    let id = EntryId { cluster, principal };
    let Some(entry) = account.access_entry(id).await? else {
        return Ok(None);
    };
    let policies = found(account.access_policies(id).await)?;
    Ok(policies.map(|policies| (principal.to_owned(), Entry { entry, policies })))
}

async fn installed(account: &Account, cluster: &str, name: &str) -> Result<Option<(String, Addon)>, Error> {
    let found = account.addon(AddonId { cluster, name }).await?;
    Ok(found.map(|addon| (name.to_owned(), addon)))
}
