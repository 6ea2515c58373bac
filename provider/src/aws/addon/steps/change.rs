//! What is to be changed of an add-on that is there, and how it is changed.

use aws_sdk_eks::operation::update_addon::builders::UpdateAddonInputBuilder;
use aws_sdk_eks::types::{Addon, AddonStatus, UpdateStatus};
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::model::AddonModel;
use super::super::{UPDATE, failure};
use super::Work;
use crate::aws::diagnostics::explained;
use crate::aws::eks::refusals::{is_about_role, is_in_use};
use crate::aws::iam::TRIES_OF_NEW_ROLE;

impl Work<'_> {
    /// What is to be changed, if anything is.
    pub(super) async fn change(
        &self,
        model: &AddonModel,
        addon: &Addon,
        has_role: Option<&str>,
    ) -> Result<Option<UpdateAddonInputBuilder>, Diagnostics> {
        let version = match model.installed_version.known() {
            Some(version) => Some(version.clone()),
            None => self.version(model).await.map_err(explained(UPDATE))?,
        };
        let is_version = version.is_none() || addon.addon_version() == version.as_deref();
        let is: Option<String> = addon
            .configuration_values()
            .filter(|values| !values.is_empty())
            .map(str::to_owned);
        let wanted = model
            .configuration_values
            .as_ref()
            .map_or("{}", |values| values.as_str());
        let is_same_values = failure::same_json(is.as_deref().unwrap_or("{}"), wanted);
        let is_same_role = has_role == model.role_arn.known().map(|arn| arn.as_str());
        let has_failed = matches!(
            addon.status(),
            Some(AddonStatus::UpdateFailed | AddonStatus::CreateFailed)
        );
        if is_version && is_same_values && is_same_role && !has_failed {
            return Ok(None);
        }
        let associations = match is_same_role {
            true => None,
            false => self.associations(model, version.as_deref()).await?.or(Some(Vec::new())),
        };
        let change = UpdateAddonInputBuilder::default()
            .cluster_name(&model.cluster_name)
            .addon_name(&model.addon_name)
            .set_addon_version(version)
            .configuration_values(wanted)
            .resolve_conflicts(model.resolve_conflicts.as_str().into())
            .set_pod_identity_associations(associations);
        Ok(Some(change))
    }

    /// Has an add-on changed, and waits until it is.
    pub(super) async fn update(&self, model: &AddonModel, change: UpdateAddonInputBuilder) -> Result<(), Diagnostics> {
        let what = format!("the add-on `{}` to take the change", model.addon_name);
        let mut tries = 0;
        let update = self
            .cx
            .wait(&what, Backoff::SLOW, || {
                tries += 1;
                let may_wait = self.private.role.is_some() && tries < TRIES_OF_NEW_ROLE;
                let change = change.clone();
                async move {
                    match self.account.update_addon(change).await {
                        Ok(update) => Ok(Progress::Ready(update)),
                        Err(error) if may_wait && is_about_role(&error) => Ok(Progress::Pending(error.to_string())),
                        Err(error) if failure::is_for_later(&error) || is_in_use(&error) => {
                            Ok(Progress::Pending(error.to_string()))
                        }
                        Err(error) => Err(failure::blame(UPDATE, &error)),
                    }
                }
            })
            .await?;
        let what = format!("the change of the add-on `{}`", model.addon_name);
        self.cx
            .wait(&what, Backoff::SLOW, async || {
                let asked = self.account.addon_update(model.id(), &update).await;
                let asked = asked.map_err(explained(UPDATE))?;
                match asked.status() {
                    Some(UpdateStatus::Successful) => Ok(Progress::Ready(())),
                    Some(UpdateStatus::Failed | UpdateStatus::Cancelled) => Err(failure::of_update(model, &asked)),
                    _ => Ok(Progress::Pending("it is in progress".to_owned())),
                }
            })
            .await
    }
}
