//! Where a refusal of the API belongs. See [`super::model`] for the attributes.

use crate::cht::error::Error;
use crate::cht::user::model::UserModel;

/// The attribute that the API blames, as far as its words tell.
pub(super) fn blamed(error: &Error) -> Option<&'static str> {
    let (reason, key) = match error {
        Error::Refused { reason, key, .. } => (reason, key.as_deref()),
        Error::NotFound { reason, .. } => (reason, None),
        _ => return None,
    };
    let by_key = match key {
        Some("username.taken" | "username.invalid") => Some(UserModel::USERNAME),
        Some("password.length.minimum" | "password.weak") => Some(UserModel::PASSWORD),
        Some("contact.type.wrong" | "configuration.user.place.contact") => Some(UserModel::CONTACT),
        Some("configuration.enable.token.login.phone") => Some(UserModel::PHONE),
        Some("user.sso.username.duplicate") => Some(UserModel::OIDC_USERNAME),
        _ => None,
    };
    let by_words = [
        ("password", UserModel::PASSWORD),
        ("oidc_username", UserModel::OIDC_USERNAME),
        ("multiple places", UserModel::PLACE),
        ("facilit", UserModel::PLACE),
        ("place", UserModel::PLACE),
        ("contact", UserModel::CONTACT),
        // All that the API says of a person who is not there.
        ("missing", UserModel::CONTACT),
        ("phone", UserModel::PHONE),
        ("roles", UserModel::ROLES),
    ];
    let reason = reason.to_lowercase();
    by_key.or_else(|| {
        let found = by_words.into_iter().find(|(word, _)| reason.contains(word));
        found.map(|(_, attribute)| attribute)
    })
}
