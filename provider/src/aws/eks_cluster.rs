//! `cht_eks_cluster`: the control plane of a cluster in EKS, with what belongs to it.
//!
//! - [`model`] has the attributes, `defaults` and [`plan`] what a plan shows and refuses, `version` which steps a
//!   cluster can take.
//! - `live` reads what there is, `observed` makes attributes of it; `requests` is what EKS is asked for.
//! - [`steps`] makes a cluster and changes it, with `roles` before it, and `access` and `addons` in it; `removal` takes
//!   it away.
//!
//! The memory is in AWS. A cluster has a tag that says that no state is known to have it yet; as long as that is there,
//! a creation that was killed is continued by the next one. Roles and log groups say by tags that they are ours.
//!
//! API: CreateCluster, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig, DeleteCluster. In place:
//! everything but the name, the role and the networks inside.

mod access;
mod addons;
mod defaults;
mod live;
mod model;
mod observed;
mod plan;
mod removal;
mod requests;
mod roles;
mod steps;
mod version;

use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Plan, Resource};

use self::live::Live;
use self::model::{EksClusterIdentity, EksClusterModel};
use self::steps::Work;
use super::account::Account;
use super::creation::{self, NEW};
use super::diagnostics::explained;
use super::eks::clusters::{is_new, tags_of};
use super::kept::Kept;
use super::tags::{self, Tags};
use crate::provider::Clients;

const READ: &str = "Unable to read the EKS cluster";

/// Manages one cluster.
#[derive(Debug)]
pub struct EksClusterResource;

impl Resource for EksClusterResource {
    type Model = EksClusterModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = EksClusterIdentity;

    const TYPE_NAME: &'static str = "cht_eks_cluster";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::shape(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: EksClusterModel) -> Result<EksClusterModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        work(cx, &account, &plan, &[]).make().await
    }

    async fn read(&self, cx: &Context<Self>, state: EksClusterModel) -> Result<Option<EksClusterModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        match Live::read(&account, &state).await.map_err(explained(READ))? {
            // What was made for it is there, or it is not known whose it is.
            None if !state.was_begun() => Ok(Some(state)),
            Some(live) if !state.was_begun() && !is_new(&live.cluster) => Ok(Some(state)),
            None => {
                let has_left = removal::has_left(&account, &state).await.map_err(explained(READ))?;
                cx.warn(gone(&state, has_left));
                Ok(has_left.then(|| state.not_begun()))
            }
            Some(live) => {
                note_saved(&account, &live).await;
                Ok(Some(state.observed(&live, account.region())))
            }
        }
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: EksClusterModel,
        plan: EksClusterModel,
    ) -> Result<EksClusterModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let work = work(cx, &account, &plan, &private.tag_keys);
        let made = match prior.was_begun() {
            true => work.change(&prior).await?,
            false => work.make().await?,
        };
        keep(cx, &account, &made).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: EksClusterModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        removal::remove(&work(cx, &account, &state, &private.tag_keys)).await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<EksClusterIdentity>,
    ) -> Result<EksClusterModel, Diagnostics> {
        let (ImportBy::Id(name) | ImportBy::Identity(EksClusterIdentity { name })) = by;
        let account = Clients::aws(cx).await?;
        let found = account.find_cluster(&name).await;
        let found = found.map_err(explained("Unable to import the EKS cluster"))?;
        let cluster = found.ok_or_else(|| nothing_there(&account, &name))?;
        let mode = cluster.access_config().and_then(|access| access.authentication_mode());
        if mode.is_some_and(|mode| mode.as_str() == "CONFIG_MAP") {
            return Err(by_config_map(&name));
        }
        let model = EksClusterModel::imported(&cluster, name, &account.default_tags());
        let live = Live::read(&account, &model).await.map_err(explained(READ))?;
        let model = match live {
            Some(live) => model.observed(&live, account.region()),
            None => model,
        };
        keep(cx, &account, &model).await?;
        Ok(model)
    }
}

fn work<'a>(
    cx: &'a Context<EksClusterResource>,
    account: &'a Account,
    model: &'a EksClusterModel,
    own_keys: &'a [String],
) -> Work<'a> {
    Work {
        cx,
        account,
        model,
        own_keys,
    }
}

/// Remembers where the cluster is, and which tags are ours.
async fn keep(cx: &Context<EksClusterResource>, account: &Account, model: &EksClusterModel) -> Result<(), Diagnostics> {
    let tags = tags::wanted(model.tags.as_ref(), &account.default_tags());
    cx.set_private(&Kept::of(account, tags).await?)
}

/// A state has the cluster now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, live: &Live) {
    if let (Some(arn), true) = (live.cluster.arn(), is_new(&live.cluster)) {
        let is = tags_of(&live.cluster);
        let unmarked = account.set_eks_tags(arn, &is, &Tags::new(), &[NEW.to_owned()]).await;
        creation::noted("cluster", unmarked);
    }
}

/// Only the state knows that what is left is ours, so it has that until it is removed, or used again.
fn gone(state: &EksClusterModel, has_left: bool) -> Diagnostic {
    let left = if has_left {
        " Its role or its log group, which were made here, are there still: the next apply makes the cluster anew with them, and the next \
         destroy removes them."
    } else {
        ""
    };
    let detail = format!(
        "The cluster `{}` was deleted by somebody else, or by a deletion that did not come to its end, and what lived in it is gone with \
         it.{left}",
        state.name
    );
    Diagnostic::warning("EKS cluster is gone", detail)
}

fn nothing_there(account: &Account, name: &str) -> Diagnostics {
    let detail = format!(
        "EKS has no cluster `{name}` in {}. The id is the name of the cluster, such as `moh`.",
        account.region()
    );
    Diagnostics::error("No EKS cluster to import", detail)
}

fn by_config_map(name: &str) -> Diagnostics {
    let detail = format!(
        "The cluster `{name}` gives access by its ConfigMap `aws-auth` alone, which this resource does not manage. Change its \
         authentication mode to `API_AND_CONFIG_MAP` first: what is in the ConfigMap counts as before."
    );
    Diagnostics::error("EKS cluster without access entries", detail)
}
