//! Users of the CHT: who can log in, with which roles, and where they are in the hierarchy of places.
//!
//! A user is two documents: one in `_users`, which decides on the log-in, and one in `medic`, with the rest. The API
//! deletes the first and only marks the second as inactive, and then refuses the name for good; so
//! [`Client::delete_user`] removes the second as well.

use std::collections::BTreeSet;

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Client;
use super::call::{Call, segment};
use super::documents::MEDIC;
use crate::cht::error::Error;
use crate::cht::transport::Transport;

/// A user as the API shows it: without the password, which it never tells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The name to log in with.
    pub username: String,
    /// What the user may do.
    #[serde(default, deserialize_with = "list")]
    pub roles: BTreeSet<String>,
    /// The ids of the places that the user works in.
    #[serde(default, deserialize_with = "ids")]
    pub place: BTreeSet<String>,
    /// The id of the person that the user is.
    #[serde(default, deserialize_with = "id")]
    pub contact: Option<String>,
    /// The full name.
    pub fullname: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// What another system calls the user.
    pub external_id: Option<String>,
    /// What the OpenID Connect provider calls the user.
    pub oidc_username: Option<String>,
    /// Whether the user logs in by a link. The API does not tell: see [`Client::has_link`].
    #[serde(skip)]
    pub has_link: bool,
}

/// What there is of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundUser {
    /// Nothing, or only what the API leaves behind.
    Gone,
    /// One of the two documents: the rest was never written.
    Incomplete,
    /// All of it.
    Complete(Box<User>),
}

/// What a user is to become; what is null is sent as null and so removed.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Attributes by the API's names.
    pub attributes: Map<String, Value>,
    /// The password, if it is to be set.
    pub password: Option<SecretString>,
}

impl UserChange {
    fn body(&self) -> Value {
        let mut body = self.attributes.clone();
        if let Some(password) = &self.password {
            body.insert("password".to_owned(), json!(password.expose_secret()));
        }
        Value::Object(body)
    }
}

/// The answer to a change. Only its shape counts.
#[derive(Deserialize)]
struct Changed {
    #[serde(rename = "user")]
    _user: Reference,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "id")]
    _id: String,
}

impl<T: Transport> Client<T> {
    /// `GET /api/v2/users/:username`.
    ///
    /// # Errors
    /// The CHT does not answer, or does not allow it.
    pub async fn user(&self, username: &str) -> Result<FoundUser, Error> {
        let call = Call::new(Method::GET, format!("/api/v2/users/{}", segment(username)));
        match self.call(call).await {
            Ok(user) => Ok(FoundUser::Complete(Box::new(user))),
            // Any other 404, such as that of an API that does not know the path, says nothing of the user.
            Err(Error::NotFound { reason, .. }) if reason.contains("[users] database") => Ok(FoundUser::Gone),
            Err(Error::NotFound { reason, .. }) if reason.contains("[medic] database") => Ok(FoundUser::Incomplete),
            Err(error) => Err(error),
        }
    }

    /// Whether a user logs in by a link that is sent in a text message.
    ///
    /// # Errors
    /// The CHT does not answer, or does not allow it.
    pub async fn has_link(&self, username: &str) -> Result<bool, Error> {
        Ok(self.link(username).await?.is_some())
    }

    /// The note in `medic` of the link that was sent to a user last, be it used or not: among others until when it is
    /// good, which is another moment for another link.
    ///
    /// # Errors
    /// The CHT does not answer, or does not allow it.
    pub async fn link(&self, username: &str) -> Result<Option<Value>, Error> {
        let settings = self.document(MEDIC, &settings_id(username)).await?;
        let link = settings.and_then(|settings| settings.get("token_login").cloned());
        Ok(link.filter(Value::is_object))
    }

    /// `POST /api/v3/users`.
    ///
    /// # Errors
    /// The CHT refuses the user, with a key that says why, or does not answer.
    pub async fn create_user(&self, username: &str, change: &UserChange) -> Result<(), Error> {
        let mut body = change.body();
        if let Some(body) = body.as_object_mut() {
            body.retain(|_, value| !value.is_null());
            body.insert("username".to_owned(), json!(username));
        }
        let call = Call::new(Method::POST, "/api/v3/users").json(&body);
        let call = call.hiding(change.password.as_ref());
        self.call::<Changed>(call).await.map(drop)
    }

    /// `POST /api/v3/users/:username`.
    ///
    /// # Errors
    /// The CHT refuses the change, with a key that says why, or does not answer.
    pub async fn update_user(&self, username: &str, change: &UserChange) -> Result<(), Error> {
        let call = Call::new(Method::POST, format!("/api/v3/users/{}", segment(username))).json(&change.body());
        let call = call.hiding(change.password.as_ref());
        self.call::<Changed>(call).await.map(drop)
    }

    /// `DELETE /api/v1/users/:username`, and what that leaves behind; that there is no such user is success.
    ///
    /// # Errors
    /// The CHT does not allow it, or does not answer.
    pub async fn delete_user(&self, username: &str) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, format!("/api/v1/users/{}", segment(username)));
        match self.call::<Value>(call).await {
            Ok(_) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.remove_document(MEDIC, &settings_id(username)).await
    }

    /// Removes what a user who was deleted through the API leaves behind, so that the name is free again. What belongs
    /// to a user who was not deleted stays.
    ///
    /// # Errors
    /// The CHT does not allow it, or does not answer.
    pub async fn free_username(&self, username: &str) -> Result<(), Error> {
        let id = settings_id(username);
        let left = self.document(MEDIC, &id).await?;
        let inactive = left.is_some_and(|settings| settings.get("inactive") == Some(&Value::Bool(true)));
        if inactive {
            self.remove_document(MEDIC, &id).await?;
        }
        Ok(())
    }
}

fn settings_id(username: &str) -> String {
    format!("org.couchdb.user:{username}")
}

fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    Ok(Option::<BTreeSet<String>>::deserialize(deserializer)?.unwrap_or_default())
}

/// Places come as documents, or as their ids where the document is not there any more; some releases have one place
/// that is null in place of none.
fn ids<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(places) => places.iter().filter_map(document_id).collect(),
        place => document_id(&place).into_iter().collect(),
    })
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(document_id(&Value::deserialize(deserializer)?))
}

fn document_id(document: &Value) -> Option<String> {
    let id = document.as_str().or_else(|| document.get("_id")?.as_str())?;
    Some(id.to_owned())
}
