//! AWS on loopback: one endpoint for all services, with an account of its own for each test.
//!
//! moto answers for EC2, IAM, STS, load balancers, certificates, DNS and logs; EKS, DLM and Service Quotas are the
//! lab's own. In front of all is a gateway that holds every request to AWS's own description of its services, as
//! botocore ships it: what AWS would not understand fails the test, though moto may take it. It also has the log, and
//! lets calls go wrong or take long.
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! # use acceptance_tests::aws::{Aws, Fault};
//! # use serde_json::json;
//! let aws = Aws::start().await?;
//! let account = aws.account().await?;
//! account.fault("ec2:CreateVpc", Fault::throttled());
//! // … run a program with `account.environment()` …
//! account.call("ec2", "DescribeVpcs", json!({})).await?;
//! assert_eq!(account.clear_faults(), 1);
//! assert!(account.left().await?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! - `account`: what a test has to itself.
//! - `eks`: clusters, node groups, add-ons, and how long they take; see [`Account::eks`].
//! - `faults`: calls that go wrong or take long.
//! - `lifecycle`: policies of Data Lifecycle Manager.
//! - `quotas`: what Service Quotas says of EC2; see [`Account::quota`].
//! - `load_balancers`: what gives the Ingresses of a cluster load balancers; see [`LoadBalancers`].
//! - `gateway`: the endpoint, with the log and the contract; `refusal` has errors in the words of each service.
//! - `token`: whom a bearer token of EKS belongs to, for the API server of [`cluster`](crate::cluster).
//! - `policy`: what a policy of IAM allows; see [`Policy`].
//! - `moto`: the process behind it, from `tools/aws/`; it needs Python, see [`available`].

mod account;
mod eks;
mod faults;
mod gateway;
mod lifecycle;
mod load_balancers;
mod moto;
mod policy;
mod quotas;
mod refusal;
mod token;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub use account::{Account, Call, REGION, ServiceError, Session};
pub use eks::{Eks, Issue, Work};
pub use faults::{CHANGES, Fault};
pub use load_balancers::LoadBalancers;
pub use policy::{Asked, Policy};

use crate::{skip, tools};
use eks::Clusters;
use faults::Script;
use gateway::Answer;
use lifecycle::Policies;
use moto::Moto;
use quotas::Quotas;
pub(crate) use token::PATH as TOKEN_REVIEW;

/// Why AWS cannot be played here, if it cannot.
pub fn missing() -> Option<String> {
    tools::python::missing()
}

/// Whether AWS can be played here. If not, the test that asks [counts as skipped](skip), and should end.
pub fn available() -> bool {
    match missing() {
        None => true,
        Some(reason) => {
            skip::skipped(&reason);
            false
        }
    }
}

/// A running AWS. It ends, with its files, when it is dropped and also when the program ends in any other way.
///
/// Tests share one per process, in a `static` of type `tokio::sync::OnceCell`, and use accounts of their own. It has
/// its own runtime, so that it outlives the test that started it.
#[derive(Debug)]
pub struct Aws(Arc<Running>);

/// What accounts hold on to.
#[derive(Debug)]
struct Running {
    shared: Arc<Shared>,
    address: SocketAddr,
    url: String,
    runtime: Option<Runtime>,
}

/// What the gateway works with.
#[derive(Debug)]
struct Shared {
    moto: Moto,
    clusters: Clusters,
    policies: Policies,
    scenes: Mutex<BTreeMap<String, Scene>>,
    strays: Mutex<Vec<String>>,
    refused_tokens: Mutex<Vec<String>>,
}

/// What goes on in one account.
#[derive(Debug, Default)]
struct Scene {
    calls: Vec<Call>,
    violations: Vec<String>,
    script: Script,
    /// What was answered to requests with a token, with their parameters.
    answered: BTreeMap<String, (Value, Answer)>,
    /// Why Auto Scaling cannot launch machines.
    launch_failures: Vec<String>,
    quotas: Quotas,
}

impl Aws {
    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// If Python or a package cannot be had, or the program does not start; the error has the end of its log.
    pub async fn start() -> Result<Self> {
        // Another part of the program may have installed the same one before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("start a runtime")?;
        let started = runtime.spawn(async {
            let shared = Arc::new(Shared {
                moto: Moto::start().await?,
                clusters: Clusters::new()?,
                policies: Policies::default(),
                scenes: Mutex::default(),
                strays: Mutex::default(),
                refused_tokens: Mutex::default(),
            });
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            tokio::spawn(gateway::serve(listener, Arc::clone(&shared)));
            anyhow::Ok((shared, address))
        });
        match started.await.context("the start was given up").flatten() {
            Ok((shared, address)) => Ok(Self(Arc::new(Running {
                shared,
                address,
                url: format!("http://{address}"),
                runtime: Some(runtime),
            }))),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// The endpoint of every service.
    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// Opens an account.
    ///
    /// # Errors
    /// If moto has ended.
    pub async fn account(&self) -> Result<Account> {
        let id = format!("{:012}", rand::random_range(100_000_000_000_u64..999_999_999_999));
        Account::open(Arc::clone(&self.0), id).await
    }

    /// Lets every cluster of EKS, also those that are there, have an API server that runs: its URL, and the certificate
    /// of its authority. Without one, their endpoints lead nowhere.
    pub fn serve(&self, host: &str, ca_pem: &str) {
        self.0.shared.clusters.serve(host, ca_pem);
    }

    /// Where an API server asks whom a token belongs to; see
    /// [`ClusterOptions::token_webhook`](crate::cluster::ClusterOptions::token_webhook).
    pub fn token_webhook(&self) -> SocketAddr {
        self.0.address
    }

    /// Why tokens were refused, since the last time.
    pub fn take_refused_tokens(&self) -> Vec<String> {
        let refused = &self.0.shared.refused_tokens;
        std::mem::take(&mut *refused.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The process id of moto, which is also that of its process group.
    pub fn pid(&self) -> u32 {
        self.0.shared.moto.pid()
    }

    /// The folder with its files.
    pub fn directory(&self) -> &Path {
        self.0.shared.moto.directory()
    }

    /// Fails if moto has ended or something could not be played. A test that sees the provider fail asks this first.
    ///
    /// # Errors
    /// With the end of moto's log, or with what could not be played.
    pub fn check(&self) -> Result<()> {
        let shared = &self.0.shared;
        shared.moto.check()?;
        let strays = std::mem::take(&mut *shared.strays.lock().unwrap_or_else(PoisonError::into_inner));
        match strays.is_empty() {
            true => Ok(()),
            false => Err(anyhow!(strays.join("\n"))),
        }
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        hold(self.check());
    }
}

/// Fails the test that something ends with, unless it has failed already.
#[expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]
fn hold(checked: Result<()>) {
    match checked {
        Ok(()) => {}
        Err(error) if std::thread::panicking() => eprintln!("{error:#}"),
        Err(error) => panic!("{error:#}"),
    }
}

impl Running {
    fn url(&self) -> &str {
        &self.url
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What a helper of the process answers. It is asked from the runtime that its connections belong to.
    async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        helper: &'static str,
        asked: impl Serialize + Send + Sync + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        let runtime = self.runtime.as_ref().context("AWS has ended")?;
        let asking = runtime.spawn(async move { shared.moto.ask(helper, &asked).await });
        asking.await.context("the question was given up")?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The last account may end inside of another runtime, where this one must not be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    /// Looks at, or changes, what goes on in an account.
    fn with<T>(&self, account: &str, look: impl FnOnce(&mut Scene) -> T) -> T {
        let mut scenes = self.scenes.lock().unwrap_or_else(PoisonError::into_inner);
        look(scenes.entry(account.to_owned()).or_default())
    }

    /// Takes down why a token was refused.
    fn refused_token(&self, why: String) {
        let mut refused = self.refused_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        refused.push(why);
    }

    /// Takes down what is no account's fault.
    fn stray(&self, what: String) {
        self.strays.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}
