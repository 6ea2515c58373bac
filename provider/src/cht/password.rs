//! Changing the password of CouchDB's administrator, at its nodes.
//!
//! From the change on, the services that know the earlier password are locked out, until they are started anew with the
//! other one. So this asks CouchDB itself, not the CHT's API, which is one of them. [`Change::advance`] does one step
//! at each look and may be started over at any time: whoever was killed in between finds which password CouchDB has.

use secrecy::{ExposeSecret, SecretString};

use super::client::{Client, Credentials, LOCAL};
use super::error::Error;
use super::transport::Transport;

/// A change that is to be made.
#[derive(Debug)]
pub struct Change {
    /// The administrator.
    pub user: String,
    /// The password that it is to have.
    pub wanted: SecretString,
    /// The passwords that it may have, the likeliest first.
    pub candidates: Vec<SecretString>,
    /// The names of the nodes beside the one that is asked.
    pub others: Vec<String>,
}

/// What came of a look.
#[derive(Debug)]
pub enum Step {
    /// CouchDB has this other password, which it is to be changed from: see [`Change::make`].
    Has(SecretString),
    /// CouchDB has the password that is wanted, and is not done with it.
    Pending(String),
    /// All nodes have the password that is wanted.
    Done,
    /// CouchDB has none of the passwords that are known.
    Unknown,
}

impl Change {
    /// Looks which password CouchDB has, and gives the one that is wanted to all nodes once one of them has it.
    /// `connect` makes a client of the first node.
    ///
    /// # Errors
    /// The node is not up.
    pub async fn advance<T: Transport>(&self, connect: impl Fn(Credentials) -> Client<T>) -> Result<Step, Error> {
        let client = connect(self.login(&self.wanted));
        match client.couch_up().await {
            Ok(()) => return self.give_to_others(&client).await,
            Err(Error::Unauthorized { .. }) => {}
            Err(error) => return Err(error),
        }
        for candidate in &self.candidates {
            if candidate.expose_secret() == self.wanted.expose_secret() {
                continue;
            }
            match connect(self.login(candidate)).couch_up().await {
                Ok(()) => return Ok(Step::Has(candidate.clone())),
                Err(Error::Unauthorized { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Step::Unknown)
    }

    /// Changes the password of the first node from the one that it has.
    ///
    /// # Errors
    /// The node is not up. It may have the other password all the same.
    pub async fn make<T: Transport>(
        &self,
        from: &SecretString,
        connect: impl Fn(Credentials) -> Client<T>,
    ) -> Result<(), Error> {
        let client = connect(self.login(from));
        client.set_admin(LOCAL, &self.user, &self.wanted).await
    }

    async fn give_to_others<T: Transport>(&self, client: &Client<T>) -> Result<Step, Error> {
        if self.others.is_empty() {
            return Ok(Step::Done);
        }
        let Some(hash) = client.admin_hash(LOCAL, &self.user).await? else {
            return Ok(Step::Pending("CouchDB has not hashed the new password yet".to_owned()));
        };
        let mut given = Vec::new();
        for node in &self.others {
            let theirs = client.admin_hash(node, &self.user).await?;
            if theirs.is_none_or(|theirs| theirs.expose_secret() != hash.expose_secret()) {
                client.set_admin(node, &self.user, &hash).await?;
                given.push(node.as_str());
            }
        }
        if given.is_empty() {
            return Ok(Step::Done);
        }
        // That they took it is read at the next look.
        Ok(Step::Pending(format!(
            "the new password was given to {}",
            given.join(", ")
        )))
    }

    fn login(&self, password: &SecretString) -> Credentials {
        Credentials {
            user: self.user.clone(),
            password: password.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
