//! An account whose calls a script answers, for tests: nothing leaves the process.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;

use super::account::Account;
use super::attribute::Aws;

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// A status, and a text.
    Said(u16, &'static str),
    /// The connection ended before an answer.
    Lost,
    /// There was no connection.
    Unreachable,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The keys that it was signed with.
    pub(super) keys: String,
    /// Its parameters.
    pub(super) body: String,
}

/// Answers calls, one after another.
#[derive(Clone, Debug, Default)]
pub(super) struct Peer(Arc<Script>);

#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Asked>>,
    now: AtomicUsize,
    most: AtomicUsize,
    fetched: AtomicUsize,
}

impl Peer {
    /// An account whose calls are answered so.
    pub(super) fn account(answers: impl IntoIterator<Item = Answer>) -> (Account, Peer) {
        let peer = Peer::default();
        peer.0.answers.lock().unwrap().extend(answers);
        let connector = SharedHttpConnector::new(peer.clone());
        let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(peer.clone()))
            .retry_config(retry)
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        (Account::of_config(Aws::default(), sdk).unwrap(), peer)
    }

    /// The calls that were made.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    /// How many calls waited for an answer at the same time.
    pub(super) fn most_at_once(&self) -> usize {
        self.0.most.load(Ordering::Relaxed)
    }
}

/// New keys each time, so that it can be told whose a signature is.
impl ProvideCredentials for Peer {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let id = format!("key-{}", self.0.fetched.fetch_add(1, Ordering::Relaxed));
        future::ProvideCredentials::ready(Ok(Credentials::new(id, "secret", None, None, "test")))
    }
}

impl HttpConnector for Peer {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let signature = request.headers().get("authorization").unwrap();
        let (_, signed_by) = signature.split_once("Credential=").unwrap();
        let (keys, _) = signed_by.split_once('/').unwrap();
        let asked = Asked {
            keys: keys.to_owned(),
            body: String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap(),
        };
        self.0.asked.lock().unwrap().push(asked);
        let answer = self.0.answers.lock().unwrap().pop_front();
        let script = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let now = script.now.fetch_add(1, Ordering::Relaxed) + 1;
            script.most.fetch_max(now, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1)).await;
            script.now.fetch_sub(1, Ordering::Relaxed);
            match answer.expect("no more calls") {
                Answer::Said(status, text) => Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(text))),
                Answer::Lost => Err(ConnectorError::other(
                    "it ended".into(),
                    Some(ErrorKind::TransientError),
                )),
                Answer::Unreachable => Err(ConnectorError::io("it is refused".into())),
            }
        })
    }
}
