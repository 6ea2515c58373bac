//! The administrators in the configuration of CouchDB's nodes, for a transport that leads to one of them.
//!
//! CouchDB replaces a password with a salted hash a moment after it was set, and takes what looks like a hash for one.
//! So the nodes of a cluster get the same administrator when the hash of one of them is given to the others.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::Client;
use super::call::{Call, segment};
use crate::cht::error::Error;
use crate::cht::transport::Transport;

/// The name by which a node calls itself.
pub const LOCAL: &str = "_local";

impl<T: Transport> Client<T> {
    /// `PUT /_node/{node}/_config/admins/{user}`: sets a password, or its hash.
    ///
    /// # Errors
    /// The node is not up, or the credentials are wrong.
    pub async fn set_admin(&self, node: &str, user: &str, password: &SecretString) -> Result<(), Error> {
        let call = Call::new(Method::PUT, path(node, user))
            .json(&json!(password.expose_secret()))
            .hiding(Some(password));
        self.call::<Value>(call).await.map(drop)
    }

    /// `GET /_node/{node}/_config/admins/{user}`: the hash of a password, once CouchDB has made it.
    ///
    /// # Errors
    /// The node is not up, or the credentials are wrong.
    pub async fn admin_hash(&self, node: &str, user: &str) -> Result<Option<SecretString>, Error> {
        match self.call::<String>(Call::new(Method::GET, path(node, user))).await {
            Ok(hash) if hash.starts_with('-') => Ok(Some(hash.into())),
            Ok(_) | Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn path(node: &str, user: &str) -> String {
    format!("/_node/{}/_config/admins/{}", segment(node), segment(user))
}
