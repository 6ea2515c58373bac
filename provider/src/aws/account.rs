//! An account of AWS in one region: the clients of its services, and who calls them.
//!
//! Credentials, regions and endpoints are found as AWS's own tools find them, in the environment, the files of
//! profiles, logins by SSO and the metadata of machines, unless the provider block says otherwise.

mod loading;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::trace;

use super::attribute::Aws;
use super::ec2::room::Room;
use super::eks::seen::SeenClusters;
use super::error::{Call, Error};
use super::failure;
use super::keys::Keys;
use super::retries::Made;
use super::services::Services;

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
    /// Calls that may be made now; regions and roles share them.
    in_flight: Arc<Semaphore>,
    seen_clusters: SeenClusters,
    room: Room,
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

    /// The clusters that were looked at last.
    pub(super) fn seen_clusters(&self) -> &SeenClusters {
        &self.inner.seen_clusters
    }

    /// What the quotas of EC2 leave.
    pub(super) fn room(&self) -> &Room {
        &self.inner.room
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

    /// The keys that something is signed with here.
    ///
    /// # Errors
    /// There are none.
    pub(super) async fn keys(&self) -> Result<Credentials, Error> {
        self.inner.keys.current().await.map_err(failure::of_keys)
    }

    /// When there are no more keys, if that is known.
    pub(super) async fn keys_end(&self) -> Option<SystemTime> {
        self.inner.keys.end().await
    }

    /// Fetches keys anew when they are needed next.
    pub(super) fn forget_keys(&self) {
        self.inner.keys.forget();
    }

    /// A call in this region, for errors.
    pub(super) fn call(&self, service: &'static str, operation: &'static str) -> Call {
        Call {
            service,
            operation,
            region: self.inner.region.clone(),
        }
    }

    /// Makes a call by a client of the SDK, and again if it is throttled or gets no answer. Of what is sent and
    /// answered nothing is logged.
    ///
    /// # Errors
    /// The call failed.
    pub(super) fn run<'a, T: Send + 'a, E>(
        &'a self,
        call: &'a Call,
        sent: impl Future<Output = Sent<T, E>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Error>>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.make(Made::often(), call, sent)
    }

    /// Makes a call that would make a second thing if it were made twice, and has no token by which the service knows
    /// it again. It is made again only if it was certainly not carried out: otherwise, see [`Error::is_unanswered`].
    ///
    /// # Errors
    /// The call failed.
    pub(super) fn run_once<'a, T: Send + 'a, E>(
        &'a self,
        call: &'a Call,
        sent: impl Future<Output = Sent<T, E>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Error>>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.make(Made::once(), call, sent)
    }

    /// It is boxed, as the types of the SDK's futures are too deep for the compiler to look through in each caller.
    fn make<'a, T: Send + 'a, E>(
        &'a self,
        made: Made,
        call: &'a Call,
        sent: impl Future<Output = Sent<T, E>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Error>>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let answered = async move {
            // It is never closed, so there is always a permit to come.
            let _permit = self.inner.in_flight.acquire().await.ok();
            let answer = made.by(sent).await;
            trace!(call = %call, failed = answer.is_err(), "AWS call answered");
            answer.map_err(|error| failure::of_client(call.clone(), error))
        };
        async move {
            tokio::select! {
                // An answer that is there counts.
                biased;
                answer = answered => answer,
                () = self.cancellation.cancelled() => Err(Error::Interrupted { call: call.clone() }),
            }
        }
        .boxed()
    }
}

/// What a client of the SDK answers.
type Sent<T, E> = Result<T, SdkError<E, HttpResponse>>;

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("region", &self.inner.region)
            .finish_non_exhaustive()
    }
}
