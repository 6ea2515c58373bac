//! Credentials for other systems, which the CHT keeps encrypted and never shows again.

use http::Method;
use secrecy::SecretString;
use serde::Deserialize;

use super::Client;
use super::call::{Call, segment};
use super::documents::{VAULT, revision};
use crate::cht::error::Error;
use crate::cht::transport::Transport;

/// CouchDB's secret, which all of its nodes have. What the CHT encrypts, it encrypts with that.
const SECRET: &str = "/_node/_local/_config/couch_httpd_auth/secret";

#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "ok")]
    _ok: bool,
}

impl<T: Transport> Client<T> {
    /// `PUT /api/v1/credentials/:key`.
    ///
    /// # Errors
    /// The user is no administrator of the database, or the CHT does not answer.
    pub async fn put_credential(&self, key: &str, value: &SecretString) -> Result<(), Error> {
        let call = Call::new(Method::PUT, format!("/api/v1/credentials/{}", segment(key))).text(value);
        self.call::<Stored>(call).await.map(drop)
    }

    /// The revision of a credential, which changes with every write; none if there is no such credential.
    ///
    /// # Errors
    /// The user is no administrator of the database, or the CHT does not answer.
    pub async fn credential_revision(&self, key: &str) -> Result<Option<String>, Error> {
        let document = self.document(VAULT, &id(key)).await?;
        Ok(document.as_ref().and_then(revision).map(str::to_owned))
    }

    /// `GET /_node/_local/_config/couch_httpd_auth/secret`: the key with which credentials are encrypted; none if it is
    /// not there.
    ///
    /// # Errors
    /// The user is no administrator of the database, or the CHT does not answer.
    pub async fn encryption_secret(&self) -> Result<Option<SecretString>, Error> {
        match self.call::<String>(Call::new(Method::GET, SECRET)).await {
            Ok(secret) => Ok(Some(secret.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a credential; that it is not there is success.
    ///
    /// # Errors
    /// The user is no administrator of the database, or the CHT does not answer.
    pub async fn delete_credential(&self, key: &str) -> Result<(), Error> {
        self.remove_document(VAULT, &id(key)).await
    }
}

fn id(key: &str) -> String {
    format!("credential:{key}")
}
