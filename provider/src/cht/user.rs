//! `cht_user`: one person or program that can log in to a CHT instance.
//!
//! API: [users](https://docs.communityhealthtoolkit.org/building/reference/api/), version 3 to write and 2 to read. In
//! place: everything but `username` and the instance, which replace.
//!
//! - [`model`] has the attributes, and what they are in the API's words.
//! - [`creation`] makes a user, attempt by attempt.
//! - [`link`] is about those who log in by a link in a text message.
//! - [`failures`] turns the API's refusals into errors at the attribute to blame.
//! - [`release`] refuses plans for instances whose API is too old.
//!
//! The API never tells a password, so no drift of it is seen. It adds the role `mm-online` by itself, which is no
//! drift.

use tf_framework::ImportBy;
use tf_framework::context::{Context, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::{Draft, Plan, Resource};
use tokio::time::Instant;

use crate::cht::application::claim::{self, Earlier, Marked, words};
use crate::cht::application::{
    Application, ImportName, Kept, Task, address_of, attribute, in_namespace, which_cluster,
};
use crate::cht::client::FoundUser;
use crate::cht::user::creation::Creation;
use crate::cht::user::model::{UserIdentity, UserModel};
use crate::provider::Clients;

mod creation;
mod failures;
mod link;
mod model;
mod release;
#[cfg(test)]
mod tests;

const READ: Task = Task::new("Unable to read the CHT user");
const PREPARE: Task = Task::new("Unable to prepare the CHT user");
const CREATE: Task = Task::new("Unable to create the CHT user").blaming(failures::blamed);
const FINISH: Task = Task::new("Unable to finish the CHT user");
const UPDATE: Task = Task::new("Unable to update the CHT user").blaming(failures::blamed);
const DELETE: Task = Task::new("Unable to delete the CHT user");

/// Manages one user.
#[derive(Debug)]
pub struct UserResource;

impl Resource for UserResource {
    type Model = UserModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = UserIdentity;

    const TYPE_NAME: &'static str = "cht_user";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        attribute::validate(&config.instance, diagnostics);
        link::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        let config = &plan.config;
        let loses_login = plan.prior.as_ref().is_some_and(|prior| {
            prior.oidc_username.is_some()
                || (prior.token_login == Some(true) && config.token_login.known() == Some(&false))
        });
        let needs_login = plan.action() == Action::Create || loses_login && plan.action() == Action::Update;
        if needs_login && plan.config.has_no_login() {
            let detail = "A user who does not exist yet, or who does not log in at the OpenID Connect provider or by a \
                          link any more, needs a way to log in. Give `password`, `password_wo`, `oidc_username` or \
                          `token_login`.";
            return Err(Diagnostic::error("User has no way to log in", detail)
                .at(UserModel::PASSWORD)
                .into());
        }
        release::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: UserModel) -> Result<UserModel, Diagnostics> {
        let application = Application::require(cx, &plan.instance).await?;
        which_cluster::keep(cx, &plan.instance).await?;
        let user = marked(&plan.username);
        let _turn = claim::turn(cx, &plan.instance, &user).await?;
        let may_continue = survey(cx, &application, &plan).await?;
        let client = &application.client;
        link::check(cx, &application, &PREPARE, &plan.change(None)).await?;
        let begun = claim::begin(cx, &application, &PREPARE, &user).await?;
        let creation = Creation::new(&plan, may_continue);
        if let Err(failure) = application.attempt(cx, &CREATE, || creation.attempt(client)).await {
            if creation.left_nothing() {
                // Saved as tainted, the user of somebody who was quicker would be deleted with ours.
                claim::forget(cx, &application, &PREPARE, &user).await;
                return Err(failure);
            }
            // Whether an interrupted call did its work shows later only; the mark lets the next creation go on then.
            let is_over = cx.cancellation().is_cancelled() || cx.deadline() <= Instant::now();
            match client.user(&plan.username).await {
                Ok(FoundUser::Gone) if is_over => {}
                Ok(FoundUser::Gone) => claim::forget(cx, &application, &PREPARE, &user).await,
                Ok(FoundUser::Complete(_) | FoundUser::Incomplete) | Err(_) => cx.checkpoint(&plan),
            }
            return Err(failure);
        }
        cx.checkpoint(&plan);
        claim::finish(cx, &application, &FINISH, (&user, begun)).await?;
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, state: UserModel) -> Result<Option<UserModel>, Diagnostics> {
        if which_cluster::is_gone(cx, &state.instance).await? {
            return Ok(None);
        }
        let Some(application) = Application::connect(cx, &state.instance).await? else {
            which_cluster::check(cx, &state.instance).await?;
            return Ok(None);
        };
        match find(cx, &application, &state.username).await? {
            FoundUser::Complete(user) => {
                claim::settle(cx, &application, &marked(&state.username)).await?;
                Ok(Some(state.refreshed(*user)))
            }
            // Nobody can use half a user; making it again makes it whole.
            FoundUser::Incomplete | FoundUser::Gone => {
                which_cluster::check(cx, &state.instance).await?;
                Ok(None)
            }
        }
    }

    async fn update(&self, cx: &Context<Self>, prior: UserModel, plan: UserModel) -> Result<UserModel, Diagnostics> {
        which_cluster::check_and_keep(cx, &plan.instance).await?;
        let application = Application::require(cx, &plan.instance).await?;
        let change = plan.change(Some(&prior));
        link::check(cx, &application, &READ, &change).await?;
        let changing = link::Changing::new(&plan.username, &change);
        let client = &application.client;
        application.attempt(cx, &UPDATE, || changing.attempt(client)).await?;
        claim::settle(cx, &application, &marked(&plan.username)).await?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: UserModel) -> Result<(), Diagnostics> {
        if which_cluster::is_gone(cx, &state.instance).await? {
            return Ok(());
        }
        which_cluster::check(cx, &state.instance).await?;
        let Some(application) = Application::connect(cx, &state.instance).await? else {
            return Ok(());
        };
        let client = &application.client;
        let user = marked(&state.username);
        let _turn = claim::turn(cx, &state.instance, &user).await?;
        if claim::is_anothers(cx, &application, &DELETE, &user).await? {
            return Ok(());
        }
        application
            .attempt(cx, &DELETE, || async {
                client.delete_user(&state.username).await?;
                client.unmark(&user.mark).await
            })
            .await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<UserIdentity>) -> Result<UserModel, Diagnostics> {
        let (instance, username) = match by {
            ImportBy::Id(id) => {
                let id = ImportName::parse(&id, "cht-kisumu/jane")?;
                (in_namespace(&id.instance), id.name)
            }
            ImportBy::Identity(UserIdentity { instance, username }) => (address_of(&instance)?, username),
        };
        let application = Application::require(cx, &instance).await?;
        which_cluster::keep(cx, &instance).await?;
        match find(cx, &application, &username).await? {
            FoundUser::Complete(user) => {
                claim::adopt(cx, &application, &READ, &marked(&username)).await?;
                Ok(UserModel::imported(instance, *user))
            }
            FoundUser::Incomplete | FoundUser::Gone => Err(Diagnostics::error(
                "No CHT user to import",
                format!(
                    "The CHT instance has no user `{username}`. The id is the namespace of the instance and the name of the \
                     user, such as `cht-kisumu/jane`."
                ),
            )),
        }
    }
}

async fn find(scope: &Scope<Clients>, application: &Application, username: &str) -> Result<FoundUser, Diagnostics> {
    let client = &application.client;
    application
        .attempt(scope, &READ, || async {
            let mut found = client.user(username).await?;
            if let FoundUser::Complete(user) = &mut found {
                user.has_link = client.has_link(username).await?;
            }
            Ok(found)
        })
        .await
}

/// Checks that the user can be made, and tells whether one who is there is to be gone on with.
async fn survey(cx: &Context<UserResource>, application: &Application, plan: &UserModel) -> Result<bool, Diagnostics> {
    let username = &plan.username;
    let marked = marked(username);
    let earlier = claim::earlier(cx, application, &READ, &marked).await?;
    let found = find(cx, application, username).await?;
    match (found, earlier) {
        (_, Earlier::Unfinished) => Ok(true),
        (FoundUser::Complete(user), Earlier::Finished(_)) if plan.is_as(*user.clone()) => {
            cx.warn(words::taken(&marked.words).at(UserModel::USERNAME));
            Ok(true)
        }
        (FoundUser::Complete(_), earlier) => {
            if earlier == Earlier::Abandoned {
                cx.warn(words::abandoned(&marked.words).at(UserModel::USERNAME));
            }
            let instance = plan.instance.name().unwrap_or_default();
            let detail = format!(
                "The instance has a user `{username}` whom this configuration did not make. Choose another name, or \
                 import that user, with the address of this resource: `tofu import cht_user.NAME \
                 '{instance}/{username}'`.\n\n{}",
                words::TAINTED
            );
            Err(Diagnostic::error("CHT user exists already", detail)
                .at(UserModel::USERNAME)
                .into())
        }
        (FoundUser::Incomplete | FoundUser::Gone, _) => Ok(false),
    }
}

/// What tells that a user is being made by this provider.
fn marked(username: &str) -> Marked {
    Marked {
        mark: format!("user.{username}"),
        words: format!("user `{username}`"),
    }
}
