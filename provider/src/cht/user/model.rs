//! The attributes of `cht_user`, in schema order, and what they are in the API's words.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json, json};
use tf_framework::identity::IdentityOf;
use tf_framework::model::ToValue as _;
use tf_framework::schema::Validator;
use tf_framework::{Identity, Model, Timeouts, WriteOnly};

use crate::cht::application::InstanceAddress;
use crate::cht::client::{User, UserChange};
use crate::cht::user::link;

/// The role that the API adds to users who need not be offline, so that their devices know without the settings.
const ONLINE_ROLE: &str = "mm-online";

/// Manages a user of a CHT instance: somebody, or a program, that can log in.
///
/// The person and the places that the user belongs to are documents of the application, which are named by their ids
/// and not managed here. The application never tells passwords: one that is changed by somebody else is not noticed,
/// and after an import the next apply sets the password that is configured, if any.
///
/// Without `token_login` in the configuration, log-ins by a link in a text message are not managed: whoever gets a link
/// in the pages of the application keeps it.
///
/// Users can be managed from CHT 4.9 on.
///
/// A destroyed user is removed for good, so that a user of the same name can be made again. The application itself
/// keeps the name of a user who is deleted in its pages; that is cleared away as well when such a user is made again.
#[derive(Clone, Model)]
#[tf(timeouts(create = "5m", read = "2m", update = "5m", delete = "5m"))]
pub struct UserModel {
    /// The CHT instance.
    pub instance: InstanceAddress,
    /// Name to log in with: lower-case letters, digits, `_` and `-`. Changing it replaces the user.
    #[tf(replace, validate(username()))]
    pub username: String,
    /// Password, stored in the state. CHT wants at least eight characters that are hard to guess.
    #[tf(
        conflicts_with(password_wo, oidc_username),
        prefer_write_only(password_wo),
        validate(Validator::length(8..=1024))
    )]
    pub password: Option<SecretString>,
    /// Password, never stored in a plan or the state. Without `password_wo_version` it is used only when the user is
    /// made.
    #[tf(conflicts_with(oidc_username), validate(Validator::length(8..=1024)))]
    pub password_wo: WriteOnly<SecretString>,
    /// Version of `password_wo`, of your own choice: changing it sets the password again.
    #[tf(requires(password_wo))]
    pub password_wo_version: Option<i64>,
    /// Whether the user has to choose another password at the next log-in. It takes effect whenever the password is
    /// set; for programs it must be `false`. Without it, CHT decides by the permission `can_skip_password_change`.
    #[tf(conflicts_with(oidc_username))]
    pub password_change_required: Option<bool>,
    /// Name of the user at the OpenID Connect provider of the instance, usually an email address. Such a user logs in
    /// there, and in no other way.
    #[tf(validate(Validator::not_empty()))]
    pub oidc_username: Option<String>,
    /// Whether the user logs in by a link, which the instance sends to `phone` in a text message, and in no other way.
    /// It is good for one log-in, within a day. The settings of the instance need `token_login.enabled` and `app_url`,
    /// with which the link begins, and the message leaves through the instance's SMS gateway.
    pub token_login: Option<bool>,
    /// Version of the link, of your own choice: changing it sends another one, as to another `phone`. The one before is
    /// void then.
    #[tf(requires(token_login))]
    pub token_login_version: Option<i64>,
    /// What the user may do, by the names of roles in the settings of the instance. The role `mm-online` comes by
    /// itself.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::not_empty())))]
    pub roles: BTreeSet<String>,
    /// Ids of the places that the user works in. Users with an offline role need at least one; more than one needs the
    /// permission `can_have_multiple_places`.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::not_empty())))]
    pub place: Option<BTreeSet<String>>,
    /// Id of the person that the user is, who must be in one of the places. Users with an offline role need one.
    #[tf(requires(place), validate(Validator::not_empty()))]
    pub contact: Option<String>,
    /// Full name.
    pub fullname: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Phone number, such as `+254712345678`.
    pub phone: Option<String>,
    /// What another system calls the user.
    pub external_id: Option<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a user.
#[derive(Clone, Debug, Identity)]
pub struct UserIdentity {
    /// Namespace of the instance, or its public address.
    pub instance: String,
    /// Name of the user.
    pub username: String,
}

impl IdentityOf<UserModel> for UserIdentity {
    fn of(user: &UserModel) -> Option<Self> {
        Some(UserIdentity {
            instance: user.instance.name()?,
            username: user.username.clone(),
        })
    }
}

impl UserModel {
    /// What the API is sent: everything, as it takes null for "none"; the password only if it is another one than
    /// before.
    pub(super) fn change(&self, prior: Option<&UserModel>) -> UserChange {
        let mut attributes: Map<String, Json> = [
            ("roles", json!(self.roles)),
            ("place", json!(self.place)),
            ("contact", json!(self.contact)),
            ("fullname", json!(self.fullname)),
            ("email", json!(self.email)),
            ("phone", json!(self.phone)),
            ("external_id", json!(self.external_id)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        if prior.is_none_or(|prior| prior.oidc_username != self.oidc_username) {
            attributes.insert("oidc_username".to_owned(), json!(self.oidc_username));
        }
        link::told(self, prior, &mut attributes);
        let password = self
            .sets_password(prior)
            .then(|| self.password_wo.get().or(self.password.as_ref()).cloned())
            .flatten();
        if let (Some(_), Some(required)) = (&password, self.password_change_required) {
            attributes.insert("password_change_required".to_owned(), json!(required));
        }
        UserChange { attributes, password }
    }

    /// What the API is sent of a user whom an earlier attempt has made.
    pub(super) fn change_of_begun(&self, begun: &User) -> UserChange {
        let mut change = self.change(None);
        link::told_again(self, begun, &mut change.attributes);
        change
    }

    /// Whether the configuration asks for a password that the user does not have yet.
    fn sets_password(&self, prior: Option<&UserModel>) -> bool {
        let Some(prior) = prior else { return true };
        let text = |password: &Option<SecretString>| password.as_ref().map(|one| one.expose_secret().to_owned());
        text(&self.password) != text(&prior.password)
            || self.password_wo_version != prior.password_wo_version
            || self.password_change_required != prior.password_change_required
            || (self.oidc_username.is_none() && prior.oidc_username.is_some())
            || (self.token_login != Some(true) && prior.token_login == Some(true))
    }

    /// This state with what is live.
    pub(super) fn refreshed(self, live: User) -> Self {
        let roles = roles(&self.roles, live.roles);
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        UserModel {
            roles,
            place: (!live.place.is_empty()).then_some(live.place),
            contact: text(live.contact),
            fullname: kept_empty(&self.fullname, live.fullname),
            email: kept_empty(&self.email, live.email),
            phone: kept_empty(&self.phone, live.phone),
            external_id: kept_empty(&self.external_id, live.external_id),
            oidc_username: text(live.oidc_username),
            token_login: self.token_login.map(|_| live.has_link),
            ..self
        }
    }

    /// Whether a user is as this configuration wants it, as far as the API tells.
    pub(super) fn is_as(&self, live: User) -> bool {
        self.clone().refreshed(live).to_value() == self.to_value()
    }

    /// The state of a user who was found.
    pub(super) fn imported(instance: InstanceAddress, live: User) -> Self {
        let user = UserModel {
            instance,
            username: live.username.clone(),
            password: None,
            password_wo: WriteOnly::default(),
            password_wo_version: None,
            password_change_required: None,
            oidc_username: None,
            // What is not managed is not compared.
            token_login: live.has_link.then_some(true),
            token_login_version: None,
            roles: BTreeSet::new(),
            place: None,
            contact: None,
            fullname: None,
            email: None,
            phone: None,
            external_id: None,
            timeouts: Timeouts::default(),
        };
        user.refreshed(live)
    }
}

impl UserModelDraft {
    /// Whether the configuration gives no way to log in.
    pub(super) fn has_no_login(&self) -> bool {
        let has_link = self.token_login.is_unknown() || self.token_login.known() == Some(&true);
        self.password.is_null() && self.password_wo.is_null() && self.oidc_username.is_null() && !has_link
    }
}

/// The live roles in the form of those in the state: the role that the API adds is left out unless the state has it.
fn roles(state: &BTreeSet<String>, mut live: BTreeSet<String>) -> BTreeSet<String> {
    if !state.contains(ONLINE_ROLE) && live.len() > 1 {
        live.remove(ONLINE_ROLE);
    }
    live
}

/// A live text; an empty one is none, unless the state has it.
fn kept_empty(state: &Option<String>, live: Option<String>) -> Option<String> {
    live.filter(|live| !live.is_empty() || state.as_deref() == Some(""))
}

/// What the API accepts as a name.
fn username() -> Validator {
    Validator::all_of([
        Validator::not_empty(),
        Validator::made_of("lower-case letters, digits, `_` and `-`", |c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')
        }),
    ])
}

#[cfg(test)]
mod tests;
