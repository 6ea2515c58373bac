//! `cht_settings`: some of the settings of a CHT instance.
//!
//! API: `/api/v1/settings`, which merges what it is sent. Others write settings too: cht-conf compiles tasks and forms
//! into them, the pages change some, and the server fills in permissions. So only the keys in the configuration are
//! compared and written, down to the last object; what beside them is somebody else's is never touched.
//!
//! - [`model`] has the attributes.
//! - [`tree`] says which parts of the settings a configuration means.
//!
//! A key that leaves the configuration is removed from the settings, by a write that CouchDB refuses if somebody else
//! wrote in between.

use tf_framework::ImportBy;
use tf_framework::context::{Context, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Resource};

use crate::cht::application::{Application, InCluster, Task, address_of, attribute, which_cluster};
use crate::cht::error::Error;
use crate::cht::settings::model::{SettingsIdentity, SettingsModel};
use crate::cht::settings::tree::Tree;
use crate::provider::Clients;

mod model;
#[cfg(test)]
mod tests;
mod tree;

const READ: Task = Task::new("Unable to read the CHT settings");
const WRITE: Task = Task::new("Unable to write the CHT settings").blaming(blamed);
const REMOVE: Task = Task::new("Unable to remove the CHT settings");

/// Manages some settings of one instance.
#[derive(Debug)]
pub struct SettingsResource;

impl Resource for SettingsResource {
    type Model = SettingsModel;
    type Clients = Clients;
    type Private = InCluster;
    type Identity = SettingsIdentity;

    const TYPE_NAME: &'static str = "cht_settings";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        attribute::validate(&config.instance, diagnostics);
    }

    async fn create(&self, cx: &Context<Self>, plan: SettingsModel) -> Result<SettingsModel, Diagnostics> {
        let application = Application::require(cx, &plan.instance).await?;
        which_cluster::keep(cx, &plan.instance).await?;
        write(cx, &application, &plan.tree(), &Tree::default()).await?;
        cx.checkpoint(&plan);
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, state: SettingsModel) -> Result<Option<SettingsModel>, Diagnostics> {
        if which_cluster::is_gone(cx, &state.instance).await? {
            return Ok(None);
        }
        let Some(application) = Application::connect(cx, &state.instance).await? else {
            which_cluster::check(cx, &state.instance).await?;
            return Ok(None);
        };
        let live = application.attempt(cx, &READ, || application.client.settings()).await?;
        let found = state.tree().found_in(&live);
        Ok(Some(state.with(&found)))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: SettingsModel,
        plan: SettingsModel,
    ) -> Result<SettingsModel, Diagnostics> {
        which_cluster::check_and_keep(cx, &plan.instance).await?;
        let application = Application::require(cx, &plan.instance).await?;
        write(cx, &application, &plan.tree(), &prior.tree()).await?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: SettingsModel) -> Result<(), Diagnostics> {
        if which_cluster::is_gone(cx, &state.instance).await? {
            return Ok(());
        }
        which_cluster::check(cx, &state.instance).await?;
        let Some(application) = Application::connect(cx, &state.instance).await? else {
            return Ok(());
        };
        let tree = state.tree();
        application
            .attempt(cx, &REMOVE, || {
                application
                    .client
                    .edit_settings(|settings| tree.remove_from(settings, &Tree::default()))
            })
            .await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<SettingsIdentity>) -> Result<SettingsModel, Diagnostics> {
        let (instance, keys) = match by {
            ImportBy::Id(id) => {
                let parts = id.split_once('/').filter(|_| !id.contains("://"));
                let (instance, keys) = parts.unwrap_or((&id, ""));
                (address_of(instance)?, keys.to_owned())
            }
            ImportBy::Identity(SettingsIdentity { instance }) => (address_of(&instance)?, String::new()),
        };
        let application = Application::require(cx, &instance).await?;
        which_cluster::keep(cx, &instance).await?;
        let live = application.attempt(cx, &READ, || application.client.settings()).await?;
        let named: Vec<&str> = keys.split(',').filter(|key| !key.is_empty()).collect();
        let found = Tree::picked(&live, &named).map_err(|missing| {
            Diagnostics::error(
                "No CHT setting to import",
                format!(
                    "The settings of the instance have no `{missing}`. The id is the namespace of the instance and the keys \
                     to import, with dots between the levels, such as `cht-kisumu/app_url,sms.outgoing_service`."
                ),
            )
        })?;
        Ok(SettingsModel::imported(instance, &found))
    }
}

/// Removes what is not wanted any more, writes what is, and checks that it has come to be.
async fn write(
    scope: &Scope<Clients>,
    application: &Application,
    wanted: &Tree,
    before: &Tree,
) -> Result<(), Diagnostics> {
    let client = &application.client;
    application
        .attempt(scope, &WRITE, || async {
            if !before.is_within(wanted) {
                client
                    .edit_settings(|settings| before.remove_from(settings, wanted))
                    .await?;
            }
            client.merge_settings(wanted.as_map()).await
        })
        .await?;
    let live = application.attempt(scope, &READ, || client.settings()).await?;
    match wanted.first_difference(&wanted.found_in(&live)) {
        None => Ok(()),
        // What is merged into a text or a list gets lost in the API.
        Some(key) => Err(Diagnostic::error(
            "CHT did not take a setting",
            format!(
                "The CHT answered that the settings were written, but `{key}` has not the configured value. It holds something \
                 of another type, into which the CHT cannot merge an object, or something else changes it at the same time. \
                 Remove it from the settings with the tool that wrote it, and apply again."
            ),
        )
        .at(SettingsModel::SETTINGS)
        .into()),
    }
}

fn blamed(error: &Error) -> Option<&'static str> {
    matches!(error, Error::Refused { .. }).then_some(SettingsModel::SETTINGS)
}
