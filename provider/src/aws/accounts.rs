//! The account of the provider block, and those that other regions and roles lead to; each is set up when it is first
//! needed, and stays for as long as the process lives.

use std::sync::Arc;

use tf_framework::Attr;
use tf_framework::diagnostics::Diagnostics;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::attribute::{AssumeRole, Aws};
use super::diagnostics::explained;
use super::error::Error;

/// The accounts that this process works in.
#[derive(Debug)]
pub struct Accounts {
    value: Attr<Aws>,
    own: OnceCell<Account>,
    others: Mutex<Vec<(Other, Account)>>,
}

/// Another region, or another role, than those of the provider block.
#[derive(Clone, Debug, Default)]
pub(super) struct Other {
    /// The region, if it is another one.
    pub(super) region: Option<String>,
    /// The role, if it is another one.
    pub(super) role: Option<AssumeRole>,
}

impl Accounts {
    /// What the provider block says; nothing is done yet.
    #[must_use]
    pub fn new(value: Attr<Aws>) -> Arc<Self> {
        Arc::new(Accounts {
            value,
            own: OnceCell::new(),
            others: Mutex::default(),
        })
    }

    /// Whether the provider block has what is not known yet.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.value.is_unknown()
    }

    /// The account of the provider block, with calls that end when this is cancelled.
    ///
    /// # Errors
    /// Fails if it is not known yet, there is no region, or it is an account that is not allowed.
    pub async fn connect(&self, cancellation: &CancellationToken) -> Result<Account, Diagnostics> {
        let account = self.own().await.map_err(explained("Unable to use AWS"))?;
        Ok(account.clone().with_cancellation(cancellation))
    }

    /// The account of the provider block, or what another region and role lead to from there.
    ///
    /// # Errors
    /// As [`Accounts::connect`].
    pub(super) async fn other(&self, other: &Other) -> Result<Account, Error> {
        let own = self.own().await?;
        if other.is_own(own.region()) {
            return Ok(own.clone());
        }
        let mut others = self.others.lock().await;
        if let Some((_, account)) = others.iter().find(|(known, _)| known.parts() == other.parts()) {
            return Ok(account.clone());
        }
        let mut account = match &other.region {
            Some(region) => own.in_region(region)?,
            None => own.clone(),
        };
        if let Some(role) = &other.role {
            account = account.assuming(role).await?;
        }
        others.push((other.clone(), account.clone()));
        Ok(account)
    }

    async fn own(&self) -> Result<&Account, Error> {
        let load = || async {
            let unsaid = Aws::default();
            let value = self.value.decided().ok_or(Error::NotKnownYet)?;
            let account = Account::load(value.unwrap_or(&unsaid)).await?;
            account.check_allowed().await?;
            Ok(account)
        };
        self.own.get_or_try_init(load).await
    }
}

#[cfg(test)]
impl Accounts {
    /// With an account that is set up.
    pub(super) fn of(account: Account) -> Arc<Self> {
        Arc::new(Accounts {
            value: Attr::Null,
            own: OnceCell::new_with(Some(account)),
            others: Mutex::default(),
        })
    }
}

impl Other {
    fn is_own(&self, region: &str) -> bool {
        self.role.is_none() && self.region.as_deref().is_none_or(|other| other == region)
    }

    fn parts(&self) -> [Option<&str>; 2] {
        let role = self.role.as_ref().map(|role| role.role_arn.as_str());
        [self.region.as_deref(), role]
    }
}
