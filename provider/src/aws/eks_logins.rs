//! The way into EKS clusters for whatever lives in one: where API servers are, and tokens for them.
//!
//! The token for a cluster is kept as long as the process lives. It is made anew before it ages, and when a server
//! refuses it; an address is that of the cluster [as it was a moment ago](super::eks::seen), as it may have been made
//! anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::SecretString;
use tf_framework::diagnostics::Diagnostic;
use tokio::sync::Mutex;
use tracing::debug;

use super::account::Account;
use super::accounts::{Accounts, Other};
use super::attribute::AssumeRole;
use super::diagnostics::advice;
use super::eks_token::{self, For, RENEW_AFTER};
use super::error::Error;
use crate::kubernetes::{Eks, EksClusters, EksEndpoint, EksError, Kubernetes};

/// The clusters that somebody has asked about.
#[derive(Debug)]
pub struct EksLogins {
    accounts: Arc<Accounts>,
    tokens: Mutex<BTreeMap<Key, Arc<Mutex<Token>>>>,
}

/// What makes a cluster, and who uses it, what they are.
type Key = [Option<String>; 3];

/// The token for a cluster, and since when there is one.
type Token = Option<(SecretString, SystemTime)>;

impl EksLogins {
    /// Logins as whoever the provider is in these accounts.
    #[must_use]
    pub fn new(accounts: Arc<Accounts>) -> Arc<Self> {
        Arc::new(EksLogins {
            accounts,
            tokens: Mutex::default(),
        })
    }

    /// Makes a token, which nobody else has.
    ///
    /// # Errors
    /// The account cannot be used, or has no keys.
    pub(super) async fn mint(&self, eks: &Eks, now: SystemTime) -> Result<SecretString, Error> {
        let account = self.account(eks).await?;
        let keys = account.keys().await?;
        let of = For {
            region: account.region(),
            cluster_name: &eks.cluster_name,
            now,
        };
        debug!(
            cluster = eks.cluster_name,
            region = account.region(),
            "token for an EKS cluster made"
        );
        eks_token::mint(&keys, of)
    }

    async fn account(&self, eks: &Eks) -> Result<Account, Error> {
        let role = eks.role_arn.clone().map(|role_arn| AssumeRole {
            role_arn,
            external_id: None,
            session_name: None,
        });
        let other = Other {
            region: eks.region.clone(),
            role,
        };
        self.accounts.other(&other).await
    }

    async fn token_for(&self, eks: &Eks) -> Arc<Mutex<Token>> {
        let role = eks.role_arn.as_ref().map(|role| role.as_str().to_owned());
        let key = [Some(eks.cluster_name.clone()), eks.region.clone(), role];
        Arc::clone(self.tokens.lock().await.entry(key).or_default())
    }

    async fn look_up(&self, eks: &Eks) -> Result<EksEndpoint, Error> {
        self.account(eks).await?.cluster_endpoint(&eks.cluster_name).await
    }

    /// Whether the account and the region that are asked about a cluster are those of this ARN.
    async fn would_know(&self, eks: &Eks, arn: &str) -> Result<bool, Error> {
        let account = self.account(eks).await?;
        let id = &account.identity().await?.account_id;
        let parts = [account.region(), id, &format!("cluster/{}", eks.cluster_name)];
        Ok(arn.splitn(6, ':').skip(3).eq(parts))
    }

    async fn current_token(&self, eks: &Eks) -> Result<SecretString, Error> {
        let kept = self.token_for(eks).await;
        let mut kept = kept.lock().await;
        if let Some((token, _)) = kept.as_ref().filter(|(_, since)| is_young(*since)) {
            return Ok(token.clone());
        }
        let now = SystemTime::now();
        let token = self.mint(eks, now).await?;
        *kept = Some((token.clone(), now));
        Ok(token)
    }
}

impl EksClusters for EksLogins {
    fn endpoint<'a>(&'a self, eks: &'a Eks) -> BoxFuture<'a, Result<EksEndpoint, EksError>> {
        async { self.look_up(eks).await.map_err(|error| of_cluster(eks, error)) }.boxed()
    }

    fn token<'a>(&'a self, eks: &'a Eks) -> BoxFuture<'a, Result<SecretString, EksError>> {
        async { self.current_token(eks).await.map_err(|error| of_cluster(eks, error)) }.boxed()
    }

    fn is_gone<'a>(&'a self, eks: &'a Eks, arn: &'a str) -> BoxFuture<'a, bool> {
        async {
            let is_not_found = self.look_up(eks).await.is_err_and(|error| error.is_not_found());
            is_not_found && self.would_know(eks, arn).await.unwrap_or(false)
        }
        .boxed()
    }

    fn forget<'a>(&'a self, eks: &'a Eks) -> BoxFuture<'a, ()> {
        async {
            *self.token_for(eks).await.lock().await = None;
            // It may be the keys that have changed.
            if let Ok(account) = self.account(eks).await {
                account.forget_keys();
            }
        }
        .boxed()
    }
}

/// What lived in a cluster is gone with it.
pub fn gone(way: &Kubernetes) -> Diagnostic {
    let name = way
        .eks
        .as_ref()
        .map(|eks| eks.cluster_name.as_str())
        .unwrap_or_default();
    let detail = format!(
        "AWS has no EKS cluster `{name}` any more, so what this resource made in it is gone, too, and the state forgets it. Disks in \
         AWS may have outlived it. If the cluster is to come back, plan again once it is there: the resource is made anew then."
    );
    Diagnostic::warning("EKS cluster is gone", detail)
}

fn of_cluster(eks: &Eks, error: Error) -> EksError {
    let advice = if error.is_not_found() {
        "If the cluster is made in the same run, take its name from the resource that makes it, so that it is waited for. If it was \
         destroyed in another account or region than the one of the provider's `aws`, give that one. Otherwise check the name and the \
         region; what lived in a cluster that is gone for good is taken out of the state with `tofu state rm`."
    } else {
        advice(&error)
    };
    EksError {
        cluster: eks.cluster_name.clone(),
        advice,
        source: Box::new(error),
    }
}

/// Whether a token need not be renewed; one of the future has to be, as clocks are set.
fn is_young(since: SystemTime) -> bool {
    since.elapsed().is_ok_and(|age| age < RENEW_AFTER)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::ExposeSecret as _;

    use super::super::testing::Peer;
    use super::*;

    #[tokio::test]
    async fn complaint_02_a_token_is_made_anew_before_it_ages_and_when_it_is_refused() {
        let (account, _) = Peer::account([]);
        let logins = EksLogins::new(Accounts::of(account));
        let eks = Eks {
            cluster_name: "moh".to_owned(),
            region: None,
            role_arn: None,
        };
        let token = async || logins.token(&eks).await.unwrap().expose_secret().to_owned();
        let first = token().await;
        assert_eq!(token().await, first, "it is good for some minutes");
        logins.forget(&eks).await;
        assert_ne!(token().await, first, "it was refused");
        let kept = logins.token_for(&eks).await;
        let set = async |age: Duration| {
            let since = SystemTime::now() - age;
            *kept.lock().await = Some((SecretString::from("given"), since));
        };
        set(RENEW_AFTER - Duration::from_secs(30)).await;
        assert_eq!(token().await, "given");
        set(RENEW_AFTER).await;
        assert_ne!(token().await, "given", "it is too old to arrive");
    }
}
