//! `cht_eks_access_entry`: who a user or role of IAM is in an EKS cluster, and what it may do there.
//!
//! API: CreateAccessEntry, UpdateAccessEntry, AssociateAccessPolicy, DisassociateAccessPolicy, DeleteAccessEntry. In
//! place: groups, user name, policies, tags.
//!
//! - [`model`] has the attributes, `rules` what they accept, [`plan`] what a plan refuses.
//! - [`steps`] does one thing after another; the calls are in [`eks::access`](super::eks::access).
//!
//! An entry that is there already is gone on with only if this provider has made it, and it is what is asked for, as
//! after a creation that was killed.

mod model;
mod plan;
pub(super) mod rules;
mod steps;

use aws_sdk_eks::types::AccessEntry;
use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};

use self::model::{AccessEntryIdentity, AccessEntryModel};
pub(super) use self::model::{PolicyScope, observed_policies, wanted_policies};
pub(super) use self::steps::is_unknown_principal;
use super::account::Account;
use super::diagnostics::explained;
use super::eks::access::{EntryId, Policies};
use super::error::{Error, found};
use super::import;
use super::kept::Kept;
use super::tags::{self, Tags};
use crate::provider::Clients;

const READ: &str = "Unable to read the access entry";
const CREATE: &str = "Unable to create the access entry";
const UPDATE: &str = "Unable to update the access entry";
const DELETE: &str = "Unable to delete the access entry";
const IMPORT: &str = "Unable to import the access entry";

/// Manages one access entry.
#[derive(Debug)]
pub struct AccessEntryResource;

impl Resource for AccessEntryResource {
    type Model = AccessEntryModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = AccessEntryIdentity;

    const TYPE_NAME: &'static str = "cht_eks_access_entry";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::check_cluster(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: AccessEntryModel) -> Result<AccessEntryModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let entry = steps::make(cx, &account, &plan).await?;
        cx.checkpoint(&plan.clone().observed(&entry, &Policies::new()));
        steps::converge(&account, &plan, &[]).await.map_err(explained(CREATE))
    }

    async fn read(&self, cx: &Context<Self>, state: AccessEntryModel) -> Result<Option<AccessEntryModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let found = look(&account, state.id()).await.map_err(explained(READ))?;
        Ok(found.map(|(entry, policies)| state.observed(&entry, &policies)))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        _: AccessEntryModel,
        plan: AccessEntryModel,
    ) -> Result<AccessEntryModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let made = steps::converge(&account, &plan, &private.tag_keys).await;
        let made = made.map_err(explained(UPDATE))?;
        keep(cx, &account, &made).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: AccessEntryModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        account.delete_access_entry(state.id()).await.map_err(explained(DELETE))
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<AccessEntryIdentity>,
    ) -> Result<AccessEntryModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let (cluster, principal) = match by {
            ImportBy::Id(id) => import::parts(&id, ':').ok_or_else(|| nothing_there(&id))?,
            ImportBy::Identity(identity) => (identity.cluster_name, identity.principal_arn),
        };
        let id = EntryId {
            cluster: &cluster,
            principal: &principal,
        };
        let found = look(&account, id).await.map_err(explained(IMPORT))?;
        let named = || nothing_there(&format!("{cluster}:{principal}"));
        let (entry, policies) = found.ok_or_else(named)?;
        let arn: Text<Arn> = principal.parse().map_err(|_| named())?;
        let model = AccessEntryModel::imported(cluster.clone(), arn, (&entry, &policies), &account.default_tags());
        keep(cx, &account, &model).await?;
        Ok(model)
    }
}

/// Remembers where the entry is, and which tags are ours.
async fn keep(
    cx: &Context<AccessEntryResource>,
    account: &Account,
    model: &AccessEntryModel,
) -> Result<(), Diagnostics> {
    let tags = wanted_tags(account, model);
    cx.set_private(&Kept::of(account, tags).await?)
}

/// An entry with its policies; nothing if it is not there.
async fn look(account: &Account, id: EntryId<'_>) -> Result<Option<(AccessEntry, Policies)>, Error> {
    let Some(entry) = account.access_entry(id).await? else {
        return Ok(None);
    };
    let policies = found(account.access_policies(id).await)?;
    Ok(policies.map(|policies| (entry, policies)))
}

fn wanted_tags(account: &Account, model: &AccessEntryModel) -> Tags {
    tags::wanted(model.tags.as_ref(), &account.default_tags())
}

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no access entry `{id}`. The id is the name of the cluster, a colon, and the ARN of the user or role, such as \
         `moh:arn:aws:iam::123456789012:role/operators`."
    );
    Diagnostics::error("No access entry to import", detail)
}
