//! Log-ins by a link that the instance sends in a text message. [`model`](super::model) has the attributes.
//!
//! API: [login by SMS](https://docs.communityhealthtoolkit.org/building/reference/app-settings/token_login/). Where the
//! settings do not enable it, the API makes no link, and says so to new users only; so the settings are asked first.

use serde_json::{Map, Value as Json};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::sync::OnceCell;

use super::UserResource;
use super::model::{UserModel, UserModelDraft};
use crate::cht::application::{Application, Task};
use crate::cht::client::{Client, User, UserChange};
use crate::cht::error::Error;
use crate::cht::transport::Transport;

/// What links need of the settings, and what an instance lacks without it.
const NEEDED: [(&str, &str); 2] = [
    ("/token_login/enabled", "log-ins by a link are not enabled"),
    ("/app_url", "there is no address for a link to begin with"),
];

/// Checks that a user with a link has what it takes, and no other way to log in.
pub(super) fn validate(config: &UserModelDraft, diagnostics: &mut Diagnostics) {
    if config.token_login.known() != Some(&true) {
        return;
    }
    let others = [
        (UserModel::PASSWORD, config.password.is_null()),
        (UserModel::PASSWORD_WO, config.password_wo.is_null()),
        (
            UserModel::PASSWORD_CHANGE_REQUIRED,
            config.password_change_required.is_null(),
        ),
        (UserModel::OIDC_USERNAME, config.oidc_username.is_null()),
    ];
    for (other, _) in others.into_iter().filter(|(_, is_null)| !is_null) {
        let detail = format!(
            "A user with `token_login` logs in by a link, and in no other way: the instance gives the user a password \
             that nobody knows. Remove `{other}`, or `token_login`."
        );
        diagnostics.push(Diagnostic::error("User has two ways to log in", detail).at(other));
    }
    if config.phone.is_null() || config.phone.known().is_some_and(String::is_empty) {
        let detail = "The link is sent in a text message. Give the number in `phone`, in international form.";
        diagnostics.push(Diagnostic::error("No phone to send a link to", detail).at(UserModel::PHONE));
    }
}

/// Checks that the instance sends links, if a change asks for one.
///
/// # Errors
/// It does not, or it does not answer.
pub(super) async fn check(
    cx: &Context<UserResource>,
    application: &Application,
    task: &Task,
    change: &UserChange,
) -> Result<(), Diagnostics> {
    if !asks_for_one(change) {
        return Ok(());
    }
    let settings = application.attempt(cx, task, || application.client.settings()).await?;
    let Some(lacks) = lacks(&Json::Object(settings)) else {
        return Ok(());
    };
    let detail = format!(
        "The instance cannot send a link: {lacks}. Set `token_login.enabled` and `app_url`, as with `cht_settings`, \
         and let this user depend on that."
    );
    Err(Diagnostic::error("CHT does not send links", detail)
        .at(UserModel::TOKEN_LOGIN)
        .into())
}

fn asks_for_one(change: &UserChange) -> bool {
    change.attributes.get("token_login") == Some(&Json::Bool(true))
}

/// A change, attempt by attempt. One whose answer is lost may have sent its link: another one would make that void.
pub(super) struct Changing<'a> {
    username: &'a str,
    change: &'a UserChange,
    /// The link that there was before the first attempt.
    before: OnceCell<Option<Json>>,
}

impl<'a> Changing<'a> {
    /// A change that has not begun.
    pub(super) fn new(username: &'a str, change: &'a UserChange) -> Self {
        Changing {
            username,
            change,
            before: OnceCell::new(),
        }
    }

    /// Changes the user, unless an earlier attempt has: the link is the last thing that the API makes.
    ///
    /// # Errors
    /// The CHT refuses the change, or does not answer.
    pub(super) async fn attempt<T: Transport>(&self, client: &Client<T>) -> Result<(), Error> {
        if asks_for_one(self.change) {
            let link = client.link(self.username).await?;
            if *self.before.get_or_init(async || link.clone()).await != link {
                return Ok(());
            }
        }
        client.update_user(self.username, self.change).await
    }
}

/// What is missing in the settings.
fn lacks(settings: &Json) -> Option<&'static str> {
    let is_set = |path: &str| match settings.pointer(path) {
        Some(Json::Bool(value)) => *value,
        Some(Json::String(text)) => !text.is_empty(),
        _ => false,
    };
    NEEDED
        .into_iter()
        .find(|(path, _)| !is_set(path))
        .map(|(_, lacks)| lacks)
}

/// What the API is told of the link: only what changes, as each `true` sends another message.
pub(super) fn told(plan: &UserModel, prior: Option<&UserModel>, attributes: &mut Map<String, Json>) {
    let had = prior.is_some_and(|prior| prior.token_login == Some(true));
    let is_another = prior.is_none_or(|prior| prior.token_login_version != plan.token_login_version);
    let gets_another_way = plan.password.is_some() || plan.password_wo.get().is_some() || plan.oidc_username.is_some();
    let told = match plan.token_login {
        Some(true) => (!had || is_another).then_some(true),
        Some(false) => had.then_some(false),
        // The link of whoever has no other way is left alone: it is not managed here.
        None => (had && gets_another_way).then_some(false),
    };
    if let Some(told) = told {
        attributes.insert("token_login".to_owned(), Json::Bool(told));
    }
}

/// The same for a user whom an earlier attempt has made: a link that was sent to the same phone is not sent again, and
/// one that is not wanted any more is taken back.
pub(super) fn told_again(plan: &UserModel, begun: &User, attributes: &mut Map<String, Json>) {
    let is_sent = begun.has_link && begun.phone == plan.phone;
    match plan.token_login {
        Some(true) if is_sent => {
            attributes.remove("token_login");
        }
        Some(true) => {}
        Some(false) | None if begun.has_link => {
            attributes.insert("token_login".to_owned(), Json::Bool(false));
        }
        Some(false) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::testing::{Script, closed, ok};

    #[test]
    fn a_link_needs_to_be_enabled_and_an_address() {
        for (settings, expected) in [
            (json!({}), Some("not enabled")),
            (
                json!({ "token_login": { "enabled": false }, "app_url": "https://a.example" }),
                Some("not enabled"),
            ),
            (
                json!({ "token_login": { "enabled": true }, "app_url": "" }),
                Some("no address"),
            ),
            (
                json!({ "token_login": { "enabled": true }, "app_url": "https://a.example" }),
                None,
            ),
        ] {
            match (lacks(&settings), expected) {
                (Some(lacks), Some(words)) => assert!(lacks.contains(words), "{settings}: {lacks}"),
                (lacks, expected) => assert_eq!(lacks, expected, "{settings}"),
            }
        }
    }

    #[tokio::test]
    async fn a_link_that_was_sent_without_an_answer_is_not_sent_again() {
        const SETTINGS: &str = "GET /medic/org.couchdb.user%3Ajane";
        const CHANGE: &str = "POST /api/v3/users/jane";
        let note =
            |until: u64| ok(json!({ "_rev": "1-a", "token_login": { "active": true, "expiration_date": until } }));
        let mut change = UserChange::default();
        change.attributes.insert("token_login".to_owned(), json!(true));
        let changing = Changing::new("jane", &change);
        let lost = Script::new([(SETTINGS, note(1)), (CHANGE, closed())]).client();
        changing.attempt(&lost).await.unwrap_err();
        let refused = Script::new([(SETTINGS, note(1)), (CHANGE, closed())]).client();
        changing.attempt(&refused).await.unwrap_err();
        changing
            .attempt(&Script::new([(SETTINGS, note(2))]).client())
            .await
            .expect("it was sent");

        let without = UserChange::default();
        let changed = ok(json!({ "user": { "id": "org.couchdb.user:jane" } }));
        let client = Script::new([(CHANGE, changed)]).client();
        Changing::new("jane", &without)
            .attempt(&client)
            .await
            .expect("it is changed");
    }
}
