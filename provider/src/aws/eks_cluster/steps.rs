//! Makes a cluster, and brings it to what is wanted, whatever it is now: the same for a creation, for one that was
//! interrupted, and for a change.
//!
//! Everything is looked for before it is made: `create` makes the cluster itself, `change` carries changes out.

mod change;
mod create;

use aws_sdk_eks::types::{Cluster, ClusterStatus};
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use self::change::Begin;
use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::clusters::{issues, tags_of};
use super::super::tags::{self, Tags};
use super::live::Live;
use super::model::EksClusterModel;
use super::requests::{aspects, protection};
use super::roles::Roles;
use super::{EksClusterResource, access, addons};

pub(super) const SUMMARY: &str = "Unable to make the EKS cluster";
const CHANGE: &str = "Unable to change the EKS cluster";

/// Work on one cluster.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) cx: &'a Context<EksClusterResource>,
    pub(super) account: &'a Account,
    pub(super) model: &'a EksClusterModel,
    /// The keys of tags that we have set.
    pub(super) own_keys: &'a [String],
}

impl Work<'_> {
    /// Makes the cluster, or goes on with the one that a creation has left which was killed.
    pub(super) async fn make(&self) -> Result<EksClusterModel, Diagnostics> {
        let found = self.find().await?;
        let found = match found {
            Some(cluster) if cluster.status() != Some(&ClusterStatus::Deleting) => Some(self.adopted(cluster)?),
            _ => None,
        };
        // What is made now is removed with what is in the state.
        self.cx.checkpoint(self.model);
        self.keep_logs().await?;
        let roles = Roles::ensure(self.account, self.model).await?;
        let cluster = match found {
            Some(cluster) => cluster,
            None => self.create(&roles).await?,
        };
        self.save(&Live::of(cluster));
        self.converge(None, &roles).await
    }

    /// Brings a cluster that is there to what is planned.
    pub(super) async fn change(&self, prior: &EksClusterModel) -> Result<EksClusterModel, Diagnostics> {
        self.keep_logs().await?;
        let roles = Roles::ensure(self.account, self.model).await?;
        self.converge(Some(prior), &roles).await
    }

    async fn converge(&self, prior: Option<&EksClusterModel>, roles: &Roles) -> Result<EksClusterModel, Diagnostics> {
        let cluster = self.wait_until_active().await?;
        self.save(&Live::of(cluster));
        let live = self.read().await?;
        let is = self.model.clone().observed(&live, self.account.region());
        if is.deletion_protection && !self.model.deletion_protection {
            self.carry_out(&Begin::Aspect(&protection(self.model))).await?;
        }
        for aspect in aspects(&is, self.model, roles) {
            self.carry_out(&Begin::Aspect(&aspect)).await?;
        }
        if let (None, Some(key)) = (&is.encryption_key_arn, &self.model.encryption_key_arn) {
            self.carry_out(&Begin::Encryption(key)).await?;
        }
        if is.version != self.model.version {
            self.carry_out(&Begin::Version(&self.model.version)).await?;
        }
        self.set_tags(&live.cluster).await?;
        access::settle(self, prior, &live).await?;
        addons::settle(self, prior, &live).await?;
        if self.model.deletion_protection && !is.deletion_protection {
            self.carry_out(&Begin::Aspect(&protection(self.model))).await?;
        }
        let live = self.read().await?;
        let mut made = self.model.clone().observed(&live, self.account.region());
        // EKS raises it whenever it likes, and what was planned has to be answered: the next refresh tells.
        if let Attr::Known(planned) = &self.model.platform_version {
            made.platform_version = Attr::Known(planned.clone());
        }
        Ok(made)
    }

    async fn find(&self) -> Result<Option<Cluster>, Diagnostics> {
        let found = self.account.find_cluster(&self.model.name).await;
        found.map_err(explained(SUMMARY))
    }

    async fn read(&self) -> Result<Live, Diagnostics> {
        let live = Live::read(self.account, self.model).await.map_err(explained(SUMMARY))?;
        live.ok_or_else(|| gone(&self.model.name))
    }

    /// Saves what EKS says of the cluster. What is not asked about yet is saved as it is planned.
    fn save(&self, live: &Live) {
        let saved = self.model.clone().observed_alone(live, self.account.region());
        self.cx.checkpoint(&saved);
    }

    /// The log group that EKS writes into: one that EKS makes itself would keep everything, and stay.
    async fn keep_logs(&self) -> Result<(), Diagnostics> {
        let Some(name) = self.model.log_group() else {
            return Ok(());
        };
        let days = self.model.log_retention_in_days;
        let kept = self.account.ensure_log_group(&name, days, &self.tags()).await;
        kept.map_err(|error| explain(SUMMARY, &error).at(EksClusterModel::LOG_RETENTION_IN_DAYS))
    }

    async fn set_tags(&self, cluster: &Cluster) -> Result<(), Diagnostics> {
        let Some(arn) = cluster.arn() else { return Ok(()) };
        let (is, wanted) = (tags_of(cluster), self.tags());
        let set = self.account.set_eks_tags(arn, &is, &wanted, self.own_keys);
        set.await.map_err(explained(CHANGE))
    }

    /// The tags of the cluster and what belongs to it.
    pub(super) fn tags(&self) -> Tags {
        tags::wanted(self.model.tags.as_ref(), &self.account.default_tags())
    }
}

/// How a cluster is, with what is wrong.
pub(super) fn status(cluster: &Cluster) -> String {
    let status = cluster.status().map_or("unknown", ClusterStatus::as_str);
    let issues = issues(cluster);
    match issues.is_empty() {
        true => status.to_owned(),
        false => format!("{status}: {}", issues.join("; ")),
    }
}

fn gone(name: &str) -> Diagnostics {
    let detail = format!("Somebody has deleted the cluster `{name}` meanwhile. Plan again.");
    Diagnostics::error("EKS cluster is gone", detail)
}
