//! How an account is set up: by what the provider block says, in another region, and with another role.

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::origin::Origin;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Account, Inner};
use crate::aws::attribute::{AssumeRole, Aws};
use crate::aws::ec2::room::Room;
use crate::aws::eks::seen::SeenClusters;
use crate::aws::error::Error;
use crate::aws::failure;
use crate::aws::keys::Keys;
use crate::aws::retries::Retries;
use crate::aws::services::Services;

/// What sessions of roles are called in the logs of the account.
const SESSION_NAME: &str = "terraform-provider-cht";

/// How long one try of a call may take, and how long there may be silence in it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest pause between two tries.
const MAX_BACKOFF: Duration = Duration::from_secs(20);

/// How many calls of a process wait for answers at once: AWS counts them for the whole account.
const ALL_CALLS: usize = 8;

/// What an account is set up from.
pub(super) struct Setup {
    pub(super) value: Aws,
    pub(super) sdk: SdkConfig,
    pub(super) keys: Keys,
    pub(super) in_flight: Arc<Semaphore>,
}

impl Account {
    /// The account of the provider block. No service is called yet but those that know a region.
    ///
    /// # Errors
    /// There is no region.
    pub(in crate::aws) async fn load(value: &Aws) -> Result<Self, Error> {
        let retry = RetryConfig::standard()
            .with_max_attempts(value.attempts())
            .with_max_backoff(MAX_BACKOFF);
        let timeouts = TimeoutConfig::builder()
            .read_timeout(READ_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .retry_config(retry)
            .timeout_config(timeouts);
        if let Some(region) = &value.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &value.profile {
            loader = loader.profile_name(profile);
        }
        let account = Self::of_config(value.clone(), loader.load().await)?;
        match &value.assume_role {
            Some(role) => account.assuming(role).await,
            None => Ok(account),
        }
    }

    /// The account that a configuration of the SDK leads to.
    ///
    /// # Errors
    /// There is no region, or nobody to ask for keys.
    pub(in crate::aws) fn of_config(value: Aws, sdk: SdkConfig) -> Result<Self, Error> {
        let source = sdk.credentials_provider().ok_or_else(failure::no_provider)?;
        Self::new(Setup {
            keys: Keys::new(source),
            in_flight: Arc::new(Semaphore::new(ALL_CALLS)),
            sdk,
            value,
        })
    }

    /// The same account in another region.
    pub(in crate::aws) fn in_region(&self, region: &str) -> Result<Self, Error> {
        let sdk = self.inner.sdk.to_builder().region(Region::new(region.to_owned()));
        Self::new(Setup {
            value: self.inner.value.clone(),
            sdk: sdk.build(),
            keys: self.inner.keys.clone(),
            in_flight: Arc::clone(&self.inner.in_flight),
        })
    }

    /// Whoever has this role, which is assumed with the credentials of this account.
    pub(in crate::aws) async fn assuming(&self, role: &AssumeRole) -> Result<Self, Error> {
        let mut base = self.inner.sdk.to_builder();
        if let Some(url) = self.inner.value.endpoints().sts {
            base.insert_origin("endpoint_url", Origin::shared_config());
            base = base.endpoint_url(url);
        }
        let session_name = role.session_name.as_deref().unwrap_or(SESSION_NAME);
        let mut provider = AssumeRoleProvider::builder(role.role_arn.as_str())
            .configure(&base.build())
            .session_name(session_name);
        if let Some(id) = &role.external_id {
            provider = provider.external_id(id);
        }
        let source = SharedCredentialsProvider::new(provider.build().await);
        debug!(role = role.role_arn.as_str(), "calls of AWS are made by a role");
        Self::new(Setup {
            value: self.inner.value.clone(),
            sdk: self.inner.sdk.clone(),
            keys: Keys::of_role(source, &self.inner.keys),
            in_flight: Arc::clone(&self.inner.in_flight),
        })
    }

    fn new(setup: Setup) -> Result<Self, Error> {
        let Setup {
            value,
            sdk,
            keys,
            in_flight,
        } = setup;
        let region = sdk.region().ok_or(Error::NoRegion)?.to_string();
        // The clients ask for keys before each try, and these know when those that there are will do.
        let sdk = sdk
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(keys.clone()))
            .identity_cache(IdentityCache::no_cache())
            .build();
        debug!(region, "clients of AWS are set up");
        Ok(Account {
            inner: Arc::new(Inner {
                services: Services::new(&sdk, &Retries::new(keys.clone()), value.endpoints()),
                keys,
                identity: OnceCell::new(),
                seen_clusters: SeenClusters::default(),
                room: Room::default(),
                in_flight,
                region,
                sdk,
                value,
            }),
            cancellation: CancellationToken::new(),
        })
    }
}
