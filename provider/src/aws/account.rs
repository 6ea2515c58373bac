//! An account of AWS in one region: the clients of its services, and who calls them.
//!
//! Credentials, regions and endpoints are found as AWS's own tools find them, in the environment, the files of
//! profiles, logins by SSO and the metadata of machines, unless the provider block says otherwise.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::origin::Origin;
use aws_types::service_config::ServiceConfigKey;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tracing::{debug, trace};

use super::attribute::{AssumeRole, Aws};
use super::error::{Call, Error};
use super::failure;
use super::http::Http;
use super::keys::Keys;
use super::services::Services;

/// What sessions of roles are called in the logs of the account.
const SESSION_NAME: &str = "terraform-provider-cht";

/// How long one try of a call may take, and how long there may be silence in it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest pause between two tries.
const MAX_BACKOFF: Duration = Duration::from_secs(20);

/// An account in a region. Clones share all they know.
#[derive(Clone)]
pub struct Account {
    inner: Arc<Inner>,
    cancellation: CancellationToken,
}

struct Inner {
    value: Aws,
    sdk: SdkConfig,
    region: String,
    keys: Keys,
    services: Services,
    identity: OnceCell<CallerIdentity>,
    http: Arc<Http>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    /// Id of the account.
    pub account_id: String,
    /// ARN of the user or the session.
    pub arn: String,
    /// Unique id of the user or the session.
    pub user_id: String,
}

impl Account {
    /// The account of the provider block. No service is called yet but those that know a region.
    ///
    /// # Errors
    /// There is no region.
    pub(super) async fn load(value: &Aws) -> Result<Self, Error> {
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
        let sdk = loader.load().await;
        let http = Arc::new(Http::new(value.attempts())?);
        let account = Self::new(value.clone(), sdk, http)?;
        match &value.assume_role {
            Some(role) => account.assuming(role).await,
            None => Ok(account),
        }
    }

    /// The same account in another region.
    pub(super) fn in_region(&self, region: &str) -> Result<Self, Error> {
        let sdk = self
            .inner
            .sdk
            .to_builder()
            .region(Region::new(region.to_owned()))
            .build();
        Self::new(self.inner.value.clone(), sdk, Arc::clone(&self.inner.http))
    }

    /// Whoever has this role, which is assumed with the credentials of this account.
    pub(super) async fn assuming(&self, role: &AssumeRole) -> Result<Self, Error> {
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
        let provider = provider.build().await;
        let sdk = self.inner.sdk.to_builder();
        let sdk = sdk
            .credentials_provider(SharedCredentialsProvider::new(provider))
            .identity_cache(IdentityCache::lazy().build());
        debug!(role = role.role_arn.as_str(), "calls of AWS are made by a role");
        Self::new(self.inner.value.clone(), sdk.build(), Arc::clone(&self.inner.http))
    }

    fn new(value: Aws, sdk: SdkConfig, http: Arc<Http>) -> Result<Self, Error> {
        let region = sdk.region().ok_or(Error::NoRegion)?.to_string();
        let provider = sdk.credentials_provider().ok_or_else(failure::no_provider)?;
        debug!(region, "clients of AWS are set up");
        Ok(Account {
            inner: Arc::new(Inner {
                services: Services::new(&sdk, value.endpoints()),
                keys: Keys::new(provider),
                identity: OnceCell::new(),
                http,
                region,
                sdk,
                value,
            }),
            cancellation: CancellationToken::new(),
        })
    }

    /// The same, with calls that end when this is cancelled.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: &CancellationToken) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// The tags of everything that is made.
    #[must_use]
    pub fn default_tags(&self) -> BTreeMap<String, String> {
        self.inner.value.default_tags.clone().unwrap_or_default()
    }

    /// Who calls, as AWS knows it; asked once.
    ///
    /// # Errors
    /// STS cannot be asked, or does not know the credentials.
    pub async fn identity(&self) -> Result<&CallerIdentity, Error> {
        let ask = || async {
            let call = self.call("sts", "GetCallerIdentity");
            let lacks = |what| {
                let call = call.clone();
                move || Error::Lacks { call, what }
            };
            let answer = self
                .run(&call, self.services().sts.get_caller_identity().send())
                .await?;
            Ok(CallerIdentity {
                account_id: answer.account.ok_or_else(lacks("the account"))?,
                arn: answer.arn.ok_or_else(lacks("the ARN"))?,
                user_id: answer.user_id.ok_or_else(lacks("the id"))?,
            })
        };
        self.inner.identity.get_or_try_init(ask).await
    }

    /// Refuses to go on in an account that is not allowed.
    ///
    /// # Errors
    /// It is another account, or that cannot be told.
    pub(super) async fn check_allowed(&self) -> Result<(), Error> {
        let Some(allowed) = &self.inner.value.allowed_account_ids else {
            return Ok(());
        };
        let is = &self.identity().await?.account_id;
        if allowed.contains(is) {
            return Ok(());
        }
        Err(Error::WrongAccount {
            is: is.clone(),
            allowed: allowed.iter().cloned().collect(),
        })
    }

    /// The clients of the services.
    pub(super) fn services(&self) -> &Services {
        &self.inner.services
    }

    /// The client of EKS.
    pub(super) fn eks(&self) -> &aws_sdk_eks::Client {
        &self.inner.services.eks
    }

    /// What sends what has no client in the SDK.
    pub(super) fn http(&self) -> &Http {
        &self.inner.http
    }

    /// The keys that something is signed with here.
    ///
    /// # Errors
    /// There are none.
    pub(super) async fn keys(&self) -> Result<Credentials, Error> {
        self.inner.keys.current().await
    }

    /// Fetches keys anew when they are needed next.
    pub(super) async fn forget_keys(&self) {
        self.inner.keys.forget().await;
    }

    /// A call in this region, for errors.
    pub(super) fn call(&self, service: &'static str, operation: &'static str) -> Call {
        Call {
            service,
            operation,
            region: self.inner.region.clone(),
        }
    }

    /// Makes a call by a client of the SDK. Of what is sent and answered nothing is logged.
    ///
    /// It is boxed, as the types of the SDK's futures are too deep for the compiler to look through in each caller.
    pub(super) fn run<'a, T: Send + 'a, E>(
        &'a self,
        call: &'a Call,
        sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Error>>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        async move {
            let answer = self.unless_cancelled(call, async { Ok(sent.await) }).await?;
            trace!(call = %call, failed = answer.is_err(), "AWS call answered");
            answer.map_err(|error| failure::of_client(call.clone(), error))
        }
        .boxed()
    }

    /// Work that ends when the operation does.
    pub(super) async fn unless_cancelled<T>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            // An answer that is there counts.
            biased;
            done = work => done,
            () = self.cancellation.cancelled() => Err(Error::Interrupted { call: call.clone() }),
        }
    }

    /// The address of a service as the environment or the profile has it, for clients that are not of the SDK.
    pub(super) fn configured_endpoint(&self, service_id: &'static str) -> Option<String> {
        let key = ServiceConfigKey::builder()
            .service_id(service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        let sdk = &self.inner.sdk;
        let own = sdk.service_config().and_then(|config| config.load_config(key));
        own.or_else(|| sdk.endpoint_url().map(str::to_owned))
    }

    /// What the provider block says.
    pub(super) fn value(&self) -> &Aws {
        &self.inner.value
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("region", &self.inner.region)
            .finish_non_exhaustive()
    }
}
