//! What an add-on is made and changed by, step by step: each is done only if it is not done yet. `change` says what is
//! to be changed of one that is there, and has it changed.

mod change;

use std::time::Duration;

use aws_sdk_eks::operation::create_addon::builders::CreateAddonInputBuilder;
use aws_sdk_eks::types::{Addon, AddonPodIdentityAssociations, AddonStatus};
use tf_framework::Attr;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;
use tokio::time::Instant;

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::refusals::{is_about_role, is_in_use};
use super::super::error::Error;
use super::super::iam::TRIES_OF_NEW_ROLE;
use super::super::kept::KeptWithRole;
use super::super::tags::{self, Tags};
use super::model::{AddonModel, status, tags_of};
use super::{AddonResource, CREATE, DELETE, READ, UPDATE, failure, plan, role};

/// How long an add-on may be unwell where there are nodes.
const GRACE: Duration = Duration::from_secs(300);

/// Work on one add-on.
pub(super) struct Work<'a> {
    pub(super) cx: &'a Context<AddonResource>,
    pub(super) account: &'a Account,
    pub(super) private: KeptWithRole,
}

impl<'a> Work<'a> {
    /// Work with what is kept beside the state.
    pub(super) fn of(cx: &'a Context<AddonResource>, account: &'a Account, private: KeptWithRole) -> Self {
        Work { cx, account, private }
    }

    /// Makes the role, if one is to be made.
    pub(super) async fn ensure_role(&self, mut model: AddonModel) -> Result<AddonModel, Error> {
        if let Some(spec) = self
            .private
            .role
            .as_ref()
            .and_then(|_| role::spec(self.account, &model))
        {
            let arn = self.account.ensure_role(&spec).await?;
            model.role_arn = arn.parse().ok().into();
        }
        if model.role_arn.is_unknown() {
            model.role_arn = Attr::Null;
        }
        Ok(model)
    }

    /// Makes the add-on, unless it is there.
    pub(super) async fn create(&self, model: &AddonModel) -> Result<(), Diagnostics> {
        let version = self
            .version(model)
            .await
            .map_err(|error| failure::blame(CREATE, &error))?;
        let associations = self.associations(model, version.as_deref()).await?;
        let configuration = model.configuration_values.as_ref();
        let new = CreateAddonInputBuilder::default()
            .cluster_name(&model.cluster_name)
            .addon_name(&model.addon_name)
            .set_addon_version(version)
            .set_configuration_values(configuration.map(|values| values.as_str().to_owned()))
            .resolve_conflicts(model.resolve_conflicts.as_str().into())
            .set_pod_identity_associations(associations.filter(|all| !all.is_empty()))
            .set_tags(Some(self.wanted_tags(model).into_iter().collect()));
        let mut tries = 0;
        self.cx
            .wait("EKS to take the add-on", Backoff::QUICK, || {
                tries += 1;
                let may_wait = self.private.role.is_some() && tries < TRIES_OF_NEW_ROLE;
                let new = new.clone();
                async move {
                    match self.account.create_addon(new).await {
                        Ok(()) => Ok(Progress::Ready(())),
                        Err(error) if may_wait && is_about_role(&error) => Ok(Progress::Pending(error.to_string())),
                        Err(error) if failure::is_for_later(&error) => Ok(Progress::Pending(error.to_string())),
                        Err(error) if is_in_use(&error) || error.is_unanswered() => {
                            let found = self.account.addon(model.id()).await.map_err(explained(CREATE))?;
                            match found {
                                Some(addon) if tags::are_ours(&tags_of(&addon)) => Ok(Progress::Ready(())),
                                _ => Err(failure::blame(CREATE, &error)),
                            }
                        }
                        Err(error) => Err(failure::blame(CREATE, &error)),
                    }
                }
            })
            .await
    }

    /// Waits until the add-on runs, or has to wait for nodes itself.
    pub(super) async fn wait_until_settled(&self, model: &AddonModel) -> Result<Addon, Diagnostics> {
        let what = format!("the add-on `{}` to run", model.addon_name);
        let since = Instant::now();
        self.cx
            .wait(&what, Backoff::SLOW, async || {
                let found = self.account.addon(model.id()).await.map_err(explained(READ))?;
                let addon = found.ok_or_else(|| failure::gone(model))?;
                match addon.status() {
                    Some(AddonStatus::Creating | AddonStatus::Updating) => {
                        Ok(Progress::Pending(failure::progress(&addon)))
                    }
                    Some(AddonStatus::Degraded) => self.degraded(model, addon, since.elapsed() > GRACE).await,
                    _ => Ok(Progress::Ready(addon)),
                }
            })
            .await
    }

    /// An add-on that is not well has nowhere to run, or not yet; or it has, and something else is wrong.
    async fn degraded(&self, model: &AddonModel, addon: Addon, is_long: bool) -> Result<Progress<Addon>, Diagnostics> {
        let listed = self.account.node_groups_in(&model.cluster_name).await;
        let groups = listed.unwrap_or_default();
        let cluster = self.account.describe_cluster(&model.cluster_name).await;
        let is_auto = cluster.is_ok_and(|cluster| {
            cluster
                .compute_config()
                .is_some_and(|auto| auto.enabled() == Some(true))
        });
        if groups.is_empty() && !is_auto {
            self.cx.warn(failure::waits_for_nodes(model, &addon));
            return Ok(Progress::Ready(addon));
        }
        match is_long {
            false => Ok(Progress::Pending(failure::progress(&addon))),
            true => Err(failure::unwell(model, &addon)),
        }
    }

    /// Brings an add-on that is there to what is wanted.
    pub(super) async fn converge(&self, model: AddonModel) -> Result<AddonModel, Diagnostics> {
        let addon = self.wait_until_settled(&model).await?;
        let model = self.ensure_role(model).await.map_err(explained(UPDATE))?;
        let has = self.role_of(&model, &addon).await.map_err(explained(UPDATE))?;
        if let Some(change) = self.change(&model, &addon, has.as_deref()).await? {
            self.update(&model, change).await?;
        }
        if let Some(arn) = addon.addon_arn() {
            let (is, wanted) = (tags_of(&addon), self.wanted_tags(&model));
            let tagged = self.account.set_eks_tags(arn, &is, &wanted, &self.private.tag_keys);
            tagged.await.map_err(explained(UPDATE))?;
        }
        self.finish(model).await
    }

    /// Waits until the add-on runs, and reads it.
    pub(super) async fn finish(&self, model: AddonModel) -> Result<AddonModel, Diagnostics> {
        let addon = self.wait_until_settled(&model).await?;
        let role = self.role_of(&model, &addon).await.map_err(explained(READ))?;
        let made = model.observed(&addon, role.as_deref());
        self.cx.checkpoint(&made);
        failure::check(&made, &addon)?;
        Ok(made)
    }

    /// The role that an add-on has by pod identity.
    pub(super) async fn role_of(&self, model: &AddonModel, addon: &Addon) -> Result<Option<String>, Error> {
        match addon.pod_identity_associations().first() {
            Some(arn) => self.account.role_of_association(&model.cluster_name, arn).await,
            None => Ok(None),
        }
    }

    /// Which version is to be installed.
    async fn version(&self, model: &AddonModel) -> Result<Option<String>, Error> {
        let offered = plan::offered(self.account, &model.cluster_name, &model.addon_name).await?;
        Ok(offered.version(model.addon_version.known().map(String::as_str)))
    }

    /// Whose role it is in the cluster; nothing if there is none.
    async fn associations(
        &self,
        model: &AddonModel,
        version: Option<&str>,
    ) -> Result<Option<Vec<AddonPodIdentityAssociations>>, Diagnostics> {
        let Some(role) = model.role_arn.known() else {
            return Ok(None);
        };
        let accounts = self
            .account
            .accounts_of_addon(&model.addon_name, version.unwrap_or_default())
            .await;
        let accounts = accounts.map_err(explained(CREATE))?;
        let Some(account) = accounts.into_iter().next() else {
            return Err(failure::without_role(model));
        };
        let association = AddonPodIdentityAssociations::builder()
            .service_account(account)
            .role_arn(role.as_str());
        Ok(association.build().ok().map(|association| vec![association]))
    }

    /// Deletes the add-on, and waits until it is gone.
    pub(super) async fn delete(&self, model: &AddonModel) -> Result<(), Diagnostics> {
        let what = format!("the add-on `{}` to be gone", model.addon_name);
        let mut tries = 0;
        self.cx
            .wait(&what, Backoff::SLOW, || {
                tries += 1;
                self.delete_once(model, tries == 1)
            })
            .await
    }

    async fn delete_once(&self, model: &AddonModel, is_first: bool) -> Result<Progress<()>, Diagnostics> {
        let found = self.account.addon(model.id()).await.map_err(explained(DELETE))?;
        let Some(addon) = found else {
            return Ok(Progress::Ready(()));
        };
        match addon.status() {
            Some(AddonStatus::Deleting) => return Ok(Progress::Pending(failure::progress(&addon))),
            Some(AddonStatus::DeleteFailed) if !is_first => return Err(failure::of_deletion(model, &addon)),
            _ => {}
        }
        match self.account.delete_addon(model.id(), model.preserve).await {
            Err(error) if is_in_use(&error) => Ok(Progress::Pending(error.to_string())),
            deleted => {
                deleted.map_err(explained(DELETE))?;
                Ok(Progress::Pending(format!("it was {}", status(&addon))))
            }
        }
    }

    /// Whether the role that was made for the add-on, which is gone, is there yet.
    pub(super) async fn has_left(&self, model: &AddonModel) -> Result<bool, Error> {
        let purpose = role::purpose(self.account, model);
        self.private.has_role(self.account, &purpose).await
    }

    /// Removes the role that was made, if the add-on has none or another one now.
    pub(super) async fn remove_role(&self, model: &AddonModel) -> Result<(), Diagnostics> {
        let Some(name) = &self.private.role else {
            return Ok(());
        };
        let removed = self
            .account
            .delete_role(name, &role::purpose(self.account, model))
            .await;
        removed.map_err(|error| explain(DELETE, &error))
    }

    fn wanted_tags(&self, model: &AddonModel) -> Tags {
        tags::wanted(model.tags.as_ref(), &self.account.default_tags())
    }
}
