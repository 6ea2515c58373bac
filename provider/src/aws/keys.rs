//! The keys that calls are signed with, from wherever the user has them, fetched anew before they age.
//!
//! The clients of the SDK have a cache of their own; this is for what is signed here: calls of EC2, and tokens.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use tokio::sync::Mutex;

use super::error::Error;
use super::failure;

/// So long before their end keys are not used any more: what is signed with them has to arrive.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// Keys, and where they come from.
#[derive(Debug)]
pub(super) struct Keys {
    provider: SharedCredentialsProvider,
    cached: Mutex<Option<Credentials>>,
}

impl Keys {
    /// Keys from this source, which is not asked yet.
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Keys {
            provider,
            cached: Mutex::new(None),
        }
    }

    /// Keys that are good for some minutes.
    ///
    /// # Errors
    /// There are none.
    pub(super) async fn current(&self) -> Result<Credentials, Error> {
        let mut cached = self.cached.lock().await;
        if let Some(keys) = cached.as_ref().filter(|keys| is_fresh(keys, SystemTime::now())) {
            return Ok(keys.clone());
        }
        let fetched = self.provider.provide_credentials().await;
        let keys = fetched.map_err(failure::of_keys)?;
        *cached = Some(keys.clone());
        Ok(keys)
    }

    /// Lets the next one who asks fetch them anew: AWS does not take those that there were.
    pub(super) async fn forget(&self) {
        *self.cached.lock().await = None;
    }
}

fn is_fresh(keys: &Credentials, now: SystemTime) -> bool {
    keys.expiry().is_none_or(|expiry| expiry > now + MARGIN)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::provider::{ProvideCredentials, future};

    use super::*;

    /// Gives keys that end after so many seconds, and counts how often.
    #[derive(Clone, Debug, Default)]
    struct Counting(Arc<AtomicU64>, u64);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let expiry = SystemTime::now() + Duration::from_secs(self.1);
            future::ProvideCredentials::ready(Ok(Credentials::new(
                format!("key-{count}"),
                "s",
                None,
                Some(expiry),
                "test",
            )))
        }
    }

    async fn fetched(lifetime: u64, forget: bool) -> u64 {
        let source = Counting(Arc::default(), lifetime);
        let keys = Keys::new(SharedCredentialsProvider::new(source.clone()));
        keys.current().await.unwrap();
        if forget {
            keys.forget().await;
        }
        keys.current().await.unwrap();
        source.0.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn keys_are_fetched_anew_only_when_they_are_about_to_end_or_were_refused() {
        assert_eq!(fetched(3600, false).await, 1);
        assert_eq!(fetched(3600, true).await, 2);
        assert_eq!(fetched(240, false).await, 2);
    }
}
