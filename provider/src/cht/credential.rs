//! `cht_credential`: a secret that a CHT instance shows to another system.
//!
//! API: `/api/v1/credentials`, which only takes secrets. The instance keeps them encrypted with a key that follows from
//! CouchDB's own secret, so what is there cannot be compared with what is configured; but each write gives the document
//! another revision, and a revision that is not ours is drift. [`seal`] tells whether that key has become another one,
//! and [`model`] has the attributes.
//!
//! In place: the value. `key` and the instance replace.

use tf_framework::context::{Context, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use crate::cht::application::claim::{self, Earlier, Marked, words};
use crate::cht::application::{Application, ImportName, Task, address_of, attribute, in_namespace, which_cluster};
use crate::cht::credential::model::{CredentialIdentity, CredentialModel};
use crate::cht::credential::seal::Private;
use crate::provider::Clients;

mod model;
mod seal;
#[cfg(test)]
mod tests;

const READ: Task = Task::new("Unable to read the CHT credential");
const STORE: Task = Task::new("Unable to store the CHT credential");
const DELETE: Task = Task::new("Unable to delete the CHT credential");

/// Manages one credential.
#[derive(Debug)]
pub struct CredentialResource;

impl Resource for CredentialResource {
    type Model = CredentialModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = CredentialIdentity;

    const TYPE_NAME: &'static str = "cht_credential";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        attribute::validate(&config.instance, diagnostics);
    }

    async fn modify_plan(&self, _: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        if plan.action() == Action::Delete {
            return Ok(());
        }
        let value = [CredentialModel::VALUE, CredentialModel::VALUE_WO_VERSION];
        let is_another = value.into_iter().any(|attribute| plan.changed(attribute));
        if is_another || plan.prior.as_ref().is_some_and(|prior| prior.revision.is_null()) {
            plan.set_unknown(CredentialModel::REVISION);
        }
        Ok(())
    }

    async fn create(&self, cx: &Context<Self>, mut plan: CredentialModel) -> Result<CredentialModel, Diagnostics> {
        let application = Application::require(cx, &plan.instance).await?;
        which_cluster::keep(cx, &plan.instance).await?;
        let credential = marked(&plan.key);
        let _turn = claim::turn(cx, &plan.instance, &credential).await?;
        is_free(cx, &application, &plan).await?;
        let mut mark = claim::begin(cx, &application, &STORE, &credential).await?;
        let revision = store(cx, &application, &plan).await?;
        mark.revision = Some(revision.clone());
        plan.revision = Attr::Known(revision);
        cx.checkpoint(&plan);
        seal::keep(cx, &application, &plan.key).await?;
        claim::finish(cx, &application, &STORE, (&credential, mark)).await?;
        Ok(plan)
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        mut state: CredentialModel,
    ) -> Result<Option<CredentialModel>, Diagnostics> {
        if which_cluster::is_gone(cx, &state.instance).await? {
            return Ok(None);
        }
        let Some(application) = Application::connect(cx, &state.instance).await? else {
            which_cluster::check(cx, &state.instance).await?;
            return Ok(None);
        };
        let Some(live) = revision(cx, &application, &state.key).await? else {
            which_cluster::check(cx, &state.instance).await?;
            return Ok(None);
        };
        claim::settle(cx, &application, &marked(&state.key)).await?;
        let is_ours = state.revision.known() == Some(&live);
        if !is_ours || seal::is_broken(cx, &application, &state.key).await? {
            // Without a revision of ours, the next plan shows that it is stored again.
            state.revision = Attr::Null;
        }
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        _prior: CredentialModel,
        mut plan: CredentialModel,
    ) -> Result<CredentialModel, Diagnostics> {
        which_cluster::check_and_keep(cx, &plan.instance).await?;
        if plan.revision.is_unknown() {
            let application = Application::require(cx, &plan.instance).await?;
            plan.revision = Attr::Known(store(cx, &application, &plan).await?);
            seal::keep(cx, &application, &plan.key).await?;
            claim::settle(cx, &application, &marked(&plan.key)).await?;
        }
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: CredentialModel) -> Result<(), Diagnostics> {
        if which_cluster::is_gone(cx, &state.instance).await? {
            return Ok(());
        }
        which_cluster::check(cx, &state.instance).await?;
        let Some(application) = Application::connect(cx, &state.instance).await? else {
            return Ok(());
        };
        let (client, credential) = (&application.client, marked(&state.key));
        let _turn = claim::turn(cx, &state.instance, &credential).await?;
        if claim::is_anothers(cx, &application, &DELETE, &credential).await? {
            return Ok(());
        }
        application
            .attempt(cx, &DELETE, || async {
                client.delete_credential(&state.key).await?;
                client.unmark(&credential.mark).await
            })
            .await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<CredentialIdentity>,
    ) -> Result<CredentialModel, Diagnostics> {
        let (instance, key) = match by {
            ImportBy::Id(id) => {
                let id = ImportName::parse(&id, "cht-kisumu/oidc:client-secret")?;
                (in_namespace(&id.instance), id.name)
            }
            ImportBy::Identity(CredentialIdentity { instance, key }) => (address_of(&instance)?, key),
        };
        let application = Application::require(cx, &instance).await?;
        which_cluster::keep(cx, &instance).await?;
        match revision(cx, &application, &key).await? {
            Some(revision) => {
                claim::adopt(cx, &application, &READ, &marked(&key)).await?;
                Ok(CredentialModel::imported(instance, key, revision))
            }
            None => Err(Diagnostics::error(
                "No CHT credential to import",
                format!(
                    "The CHT instance has no credential `{key}`. The id is the namespace of the instance and the key, such as \
                     `cht-kisumu/oidc:client-secret`."
                ),
            )),
        }
    }
}

async fn revision(scope: &Scope<Clients>, application: &Application, key: &str) -> Result<Option<String>, Diagnostics> {
    application
        .attempt(scope, &READ, || application.client.credential_revision(key))
        .await
}

/// Checks that there is no such credential, unless its creation was not finished, or not saved.
async fn is_free(
    cx: &Context<CredentialResource>,
    application: &Application,
    plan: &CredentialModel,
) -> Result<(), Diagnostics> {
    let key = &plan.key;
    let marked = marked(key);
    let earlier = claim::earlier(cx, application, &READ, &marked).await?;
    let Some(live) = revision(cx, application, key).await? else {
        return Ok(());
    };
    match earlier {
        Earlier::Unfinished => Ok(()),
        Earlier::Finished(Some(made)) if made == live => {
            cx.warn(words::taken(&marked.words).at(CredentialModel::KEY));
            Ok(())
        }
        Earlier::Finished(_) | Earlier::Nothing | Earlier::Abandoned => {
            if earlier == Earlier::Abandoned {
                cx.warn(words::abandoned(&marked.words).at(CredentialModel::KEY));
            }
            let instance = plan.instance.name().unwrap_or_default();
            let detail = format!(
                "The instance has a credential `{key}` that this configuration did not store. Choose another key, or \
                 import it, with the address of this resource: `tofu import cht_credential.NAME \
                 '{instance}/{key}'`.\n\n{}",
                words::TAINTED
            );
            Err(Diagnostic::error("CHT credential exists already", detail)
                .at(CredentialModel::KEY)
                .into())
        }
    }
}

/// Stores the value, and answers with the revision that this made.
async fn store(
    scope: &Scope<Clients>,
    application: &Application,
    plan: &CredentialModel,
) -> Result<String, Diagnostics> {
    let Some(value) = plan.secret() else {
        return Err(Diagnostic::error(
            "Credential has no value",
            "The value is not in the state and was not given. Give `value`, or `value_wo` again.",
        )
        .at(CredentialModel::VALUE)
        .into());
    };
    let client = &application.client;
    application
        .attempt(scope, &STORE, || client.put_credential(&plan.key, value))
        .await?;
    let stored = revision(scope, application, &plan.key).await?;
    stored.ok_or_else(|| {
        Diagnostic::error(
            "CHT did not take a credential",
            "The CHT answered that the credential was stored, but there is none. Does something else remove it? Apply again.",
        )
        .into()
    })
}

/// What tells that a credential is being stored by this provider for the first time.
fn marked(key: &str) -> Marked {
    Marked {
        mark: format!("credential.{key}"),
        words: format!("credential `{key}`"),
    }
}
