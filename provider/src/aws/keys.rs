//! The keys that calls are signed with, from wherever the user has them, fetched anew before they age.
//!
//! All clients of an account sign with them, and so do tokens for clusters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use super::environment;

/// So long before their end keys are not used any more: what is signed with them has to arrive.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// Keys, and where they come from. Clones share all they know.
#[derive(Clone, Debug)]
pub(super) struct Keys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: SharedCredentialsProvider,
    /// The keys with which the source asks for others, if it does.
    base: Option<Keys>,
    cached: Mutex<Option<Credentials>>,
    is_refused: AtomicBool,
}

impl Keys {
    /// Keys from this source, which is not asked yet.
    pub(super) fn new(source: SharedCredentialsProvider) -> Self {
        Self::of(source, None)
    }

    /// Keys of a role, from this source, which asks for them with other keys.
    pub(super) fn of_role(source: SharedCredentialsProvider, base: &Keys) -> Self {
        Self::of(source, Some(base.clone()))
    }

    fn of(source: SharedCredentialsProvider, base: Option<Keys>) -> Self {
        Keys(Arc::new(Inner {
            source,
            base,
            cached: Mutex::new(None),
            is_refused: AtomicBool::new(false),
        }))
    }

    /// Keys that are good for some minutes.
    ///
    /// # Errors
    /// There are none.
    pub(super) async fn current(&self) -> Result<Credentials, CredentialsError> {
        let mut cached = self.0.cached.lock().await;
        if self.0.is_refused.swap(false, Ordering::Relaxed) {
            *cached = None;
        }
        if let Some(keys) = cached.as_ref().filter(|keys| is_fresh(keys, SystemTime::now())) {
            return Ok(keys.clone());
        }
        let keys = self.0.source.provide_credentials().await?;
        *cached = Some(keys.clone());
        Ok(keys)
    }

    /// When there are no more keys, if that is known. Only those in the environment end for good: other sources give
    /// new ones.
    pub(super) async fn end(&self) -> Option<SystemTime> {
        self.end_where(environment::keys_end()).await
    }

    /// The same where those in the environment end then.
    fn end_where(&self, in_environment: Option<SystemTime>) -> BoxFuture<'_, Option<SystemTime>> {
        async move {
            let keys = self.current().await.ok()?;
            match &self.0.base {
                // A session outlives the keys that it was begun with, and is the last one.
                Some(base) => Some(base.end_where(in_environment).await?.max(keys.expiry()?)),
                None if is_of_environment(&keys) => in_environment,
                None => None,
            }
        }
        .boxed()
    }

    /// Lets the next one who asks fetch them anew: AWS does not take those that there were.
    pub(super) fn forget(&self) {
        self.0.is_refused.store(true, Ordering::Relaxed);
    }
}

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.current())
    }
}

fn is_of_environment(keys: &Credentials) -> bool {
    let from = keys.get_property::<Vec<AwsCredentialFeature>>();
    from.is_some_and(|from| from.contains(&AwsCredentialFeature::CredentialsEnvVars))
}

fn is_fresh(keys: &Credentials, now: SystemTime) -> bool {
    keys.expiry().is_none_or(|expiry| expiry > now + MARGIN)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

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
            keys.forget();
        }
        keys.current().await.unwrap();
        source.0.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn complaint_03_keys_are_fetched_anew_only_when_they_are_about_to_end_or_were_refused() {
        assert_eq!(fetched(3600, false).await, 1);
        assert_eq!(fetched(3600, true).await, 2);
        assert_eq!(fetched(240, false).await, 2);
    }

    fn source(keys: &Credentials) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(keys.clone())
    }

    #[tokio::test]
    async fn complaint_03_a_session_of_a_role_ends_for_good_only_after_keys_that_do() {
        let now = SystemTime::now();
        let after = |minutes: u64| now + Duration::from_secs(minutes * 60);
        let session = |minutes| Credentials::new("s", "s", None, Some(after(minutes)), "test");
        let mut given = Credentials::new("k", "s", None, None, "test");
        let renewed = Keys::new(source(&given));
        let features = given.get_property_mut_or_default::<Vec<AwsCredentialFeature>>();
        features.push(AwsCredentialFeature::CredentialsEnvVars);
        let of_environment = Keys::new(source(&given));
        let end = Some(after(30));

        assert_eq!(of_environment.end_where(end).await, end);
        assert_eq!(of_environment.end_where(None).await, None, "nobody says");
        assert_eq!(renewed.end_where(end).await, None);
        for (minutes, base, expected) in [
            (60, &of_environment, Some(after(60))),
            (10, &of_environment, end),
            (60, &renewed, None),
        ] {
            let role = Keys::of_role(source(&session(minutes)), base);
            assert_eq!(role.end_where(end).await, expected, "a session of {minutes} minutes");
        }
    }
}
