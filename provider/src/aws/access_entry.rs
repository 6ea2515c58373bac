//! `cht_eks_access_entry`: who a user or role of IAM is in an EKS cluster, and what it may do there.
//!
//! API: CreateAccessEntry, UpdateAccessEntry, AssociateAccessPolicy, DisassociateAccessPolicy, DeleteAccessEntry. In
//! place: groups, user name, policies, tags. [`model`] has the attributes, `rules` what they accept; the calls are in
//! [`eks::access`](super::eks::access).
//!
//! An entry that is there already is gone on with only if this provider has made it, and it is what is asked for, as
//! after a creation that was killed.

mod model;
mod rules;

use aws_sdk_eks::types::AccessEntry;
use serde::{Deserialize, Serialize};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::custom_types::{Arn, Text};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{AccessEntryIdentity, AccessEntryModel, STANDARD, tags_of};
use super::account::Account;
use super::diagnostics::{explain, explained};
use super::eks::access::{EntryId, NewEntry, Policies};
use super::error::Error;
use super::tags::{self, Tags};
use super::which_account::InAccount;
use crate::provider::Clients;

const READ: &str = "Unable to read the access entry";
const CREATE: &str = "Unable to create the access entry";
const UPDATE: &str = "Unable to update the access entry";
const DELETE: &str = "Unable to delete the access entry";
const IMPORT: &str = "Unable to import the access entry";

/// Manages one access entry.
#[derive(Debug)]
pub struct AccessEntryResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
    /// The keys of the tags that we have set.
    tag_keys: Vec<String>,
}

impl Resource for AccessEntryResource {
    type Model = AccessEntryModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = AccessEntryIdentity;

    const TYPE_NAME: &'static str = "cht_eks_access_entry";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        let Some(kind) = config.r#type.known().filter(|kind| *kind != STANDARD) else {
            return;
        };
        let mut refuse = |attribute: &'static str, is_given: bool| {
            if is_given {
                let detail = format!("An entry of the type `{kind}` is for nodes: it has no `{attribute}`.");
                diagnostics.push(Diagnostic::error("Entry for nodes", detail).at(attribute));
            }
        };
        refuse(AccessEntryModel::USER_NAME, !config.user_name.is_null());
        refuse(AccessEntryModel::KUBERNETES_GROUPS, !config.kubernetes_groups.is_null());
        // Nodes of Auto Mode have one.
        refuse(AccessEntryModel::POLICIES, kind != "EC2" && !config.policies.is_null());
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        check_cluster(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: AccessEntryModel) -> Result<AccessEntryModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let entry = make(cx, &account, &plan).await?;
        cx.checkpoint(&plan.clone().observed(&entry, &Policies::new()));
        converge(&account, &plan, &[]).await.map_err(explained(CREATE))
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
        let made = converge(&account, &plan, &private.tag_keys).await;
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
            ImportBy::Id(id) => id
                .split_once(':')
                .map(|(cluster, principal)| (cluster.to_owned(), principal.to_owned()))
                .ok_or_else(|| nothing_there(&id))?,
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

/// Refuses a cluster that gives access by a ConfigMap alone. One that is still to be made is waited for by the apply.
async fn check_cluster(
    cx: &Context<AccessEntryResource>,
    plan: &Plan<'_, '_, AccessEntryResource>,
) -> Result<(), Diagnostics> {
    let Some(planned) = plan.planned().filter(|_| plan.prior.is_none()) else {
        return Ok(());
    };
    let (Attr::Known(cluster), false) = (planned.cluster_name, cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let described = Clients::aws(cx).await?.describe_cluster(&cluster).await;
    let mode = match &described {
        Ok(cluster) => cluster.access_config().and_then(|access| access.authentication_mode()),
        Err(Error::NotFound { .. } | Error::Denied { .. }) => None,
        Err(error) => return Err(explain("Unable to check the access entry", error)),
    };
    if mode.is_none_or(|mode| mode.as_str() != "CONFIG_MAP") {
        return Ok(());
    }
    let detail = format!(
        "The cluster `{cluster}` gives access by its ConfigMap `aws-auth` alone. Change its authentication mode to \
         `API_AND_CONFIG_MAP`: entries count then, too."
    );
    let error = Diagnostic::error("Cluster without access entries", detail);
    Err(error.at(AccessEntryModel::CLUSTER_NAME).into())
}

/// Remembers where the entry is, and which tags are ours.
async fn keep(
    cx: &Context<AccessEntryResource>,
    account: &Account,
    model: &AccessEntryModel,
) -> Result<(), Diagnostics> {
    let private = Private {
        in_account: InAccount::of(account).await?,
        tag_keys: wanted_tags(account, model).into_keys().collect(),
    };
    cx.set_private(&private)
}

/// Makes the entry, or finds the one that an apply has made of which nothing was saved.
async fn make(
    cx: &Context<AccessEntryResource>,
    account: &Account,
    plan: &AccessEntryModel,
) -> Result<AccessEntry, Diagnostics> {
    let what = format!("EKS to know {}", plan.principal_arn.as_str());
    cx.wait(&what, Backoff::QUICK, async || {
        let new = NewEntry {
            kind: plan.r#type.clone(),
            user_name: plan.user_name.known().cloned(),
            groups: plan.groups(),
            tags: wanted_tags(account, plan),
        };
        match account.create_access_entry(plan.id(), new).await {
            Ok(()) => {}
            Err(error) if is_unknown_principal(&error) => {
                // One that was made a moment ago is not known everywhere.
                return Ok(Progress::Pending(error.to_string()));
            }
            Err(error) if error.is_refused_with("ResourceInUseException") || error.is_unanswered() => {
                let found = account.access_entry(plan.id()).await.map_err(explained(CREATE))?;
                let ours = found.as_ref().is_some_and(|entry| is_ours(entry, plan));
                if !ours {
                    return Err(found.map_or_else(|| explain(CREATE, &error), |_| taken(plan)));
                }
                // What this call may have made itself is nobody else's.
                if !error.is_unanswered() {
                    cx.warn(found_again(plan));
                }
            }
            Err(error) => return Err(blame(&error)),
        }
        let made = account.access_entry(plan.id()).await.map_err(explained(CREATE))?;
        Ok(made.map_or_else(|| Progress::Pending("it is not listed yet".to_owned()), Progress::Ready))
    })
    .await
}

/// Brings an entry that is there to what is wanted, and reads it.
async fn converge(account: &Account, plan: &AccessEntryModel, own_keys: &[String]) -> Result<AccessEntryModel, Error> {
    let id = plan.id();
    if let Some((entry, has)) = look(account, id).await? {
        let groups = plan.groups();
        let user_name = plan.user_name.known();
        let is_other = user_name.is_some_and(|name| entry.username() != Some(name));
        if plan.r#type == STANDARD && (is_other || entry.kubernetes_groups() != groups) {
            account.update_access_entry(id, user_name.cloned(), groups).await?;
        }
        let wanted = plan.policies();
        for (policy, namespaces) in &wanted {
            if has.get(policy) != Some(namespaces) {
                account.associate_access_policy(id, policy, namespaces).await?;
            }
        }
        for policy in has.keys().filter(|policy| !wanted.contains_key(*policy)) {
            account.disassociate_access_policy(id, policy).await?;
        }
        if let Some(arn) = entry.access_entry_arn() {
            let wanted = wanted_tags(account, plan);
            account.set_eks_tags(arn, &tags_of(&entry), &wanted, own_keys).await?;
        }
    }
    match look(account, id).await? {
        Some((entry, policies)) => Ok(plan.clone().observed(&entry, &policies)),
        None => Err(Error::Lacks {
            call: account.call("eks", "DescribeAccessEntry"),
            what: "the entry, which somebody has deleted meanwhile",
        }),
    }
}

/// An entry with its policies; nothing if it is not there.
async fn look(account: &Account, id: EntryId<'_>) -> Result<Option<(AccessEntry, Policies)>, Error> {
    let Some(entry) = account.access_entry(id).await? else {
        return Ok(None);
    };
    match account.access_policies(id).await {
        Ok(policies) => Ok(Some((entry, policies))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn wanted_tags(account: &Account, model: &AccessEntryModel) -> Tags {
    tags::wanted(model.tags.as_ref(), &account.default_tags())
}

/// Whether an entry is the one that is asked for, made by this provider.
fn is_ours(entry: &AccessEntry, plan: &AccessEntryModel) -> bool {
    let is_same_user = plan.user_name.known().is_none_or(|name| entry.username() == Some(name));
    tags::are_ours(&tags_of(entry))
        && entry.r#type() == Some(&plan.r#type)
        && entry.kubernetes_groups() == plan.groups()
        && is_same_user
}

/// Whether EKS does not know the user or role, or not yet.
fn is_unknown_principal(error: &Error) -> bool {
    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
    said.is_some_and(|said| said.contains("principalarn") && said.contains("invalid principal"))
}

/// An error at the attribute that EKS blames.
fn blame(error: &Error) -> Diagnostics {
    let said = error
        .refusal()
        .map(|refusal| refusal.message.to_lowercase())
        .unwrap_or_default();
    let explained = explain(CREATE, error);
    if error.is_not_found() {
        explained.at(AccessEntryModel::CLUSTER_NAME)
    } else if said.contains("principalarn") {
        explained.at(AccessEntryModel::PRINCIPAL_ARN)
    } else {
        explained
    }
}

fn found_again(plan: &AccessEntryModel) -> Diagnostic {
    let detail = format!(
        "The cluster `{}` has this entry already, as this provider makes it: an apply has made it of which nothing was saved. It is taken \
         as it is. If another configuration manages it, remove it from one of the two.",
        plan.cluster_name
    );
    Diagnostic::warning("Access entry is there already", detail).at(AccessEntryModel::PRINCIPAL_ARN)
}

fn taken(plan: &AccessEntryModel) -> Diagnostics {
    let (cluster, principal) = (&plan.cluster_name, plan.principal_arn.as_str());
    let detail = format!(
        "The cluster `{cluster}` has an entry for {principal} that this state does not know: EKS makes one for whoever makes a cluster, \
         and for the role of each node group. If it is the one that is meant, import it, with the address of this resource: \
         `tofu import cht_eks_access_entry.NAME '{cluster}:{principal}'`."
    );
    let error = Diagnostic::error("Access entry exists already", detail);
    error.at(AccessEntryModel::PRINCIPAL_ARN).into()
}

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no access entry `{id}`. The id is the name of the cluster, a colon, and the ARN of the user or role, such as \
         `moh:arn:aws:iam::123456789012:role/operators`."
    );
    Diagnostics::error("No access entry to import", detail)
}
