//! A CHT API for the lab: one small server that plays the API of every instance in the lab's cluster.
//!
//! The real thing needs images that the lab cannot run, so this plays what a provider can see of it: a port that is
//! closed until CouchDB is up, a start that takes a while, log-ins that fail with the wrong password, errors inside of
//! good answers. What it says follows from the real objects in the cluster ([`cluster`]): the version is the one that
//! the running API pod found or put into the database ([`upgrade`]), and the password is CouchDB's own. [`instance`] is
//! the state machine, `server` the HTTP side of it. A test injects a [`Fault`] to see what the provider makes of it.
//!
//! The instance is taken from the `Host` header, `api.<namespace>.svc.<domain>`: all port-forwards of the lab end here,
//! also those to nodes of CouchDB ([`topology`]). So a port that is closed for a while can only be played by ending the
//! connection once the request is read. kwok does not pass that end on through a port-forward: its client sees no
//! answer until its own timeout. Ports that are closed for good, which a kubelet says, are in a namespace of their own
//! ([`crate::cluster::REFUSING_NAMESPACE`]).

mod accept;
mod admins;
mod answers;
pub mod application;
pub mod cluster;
mod couchdb_node;
pub mod instance;
mod login;
pub mod public;
mod server;
pub mod topology;
pub mod upgrade;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::application::Shared;
use self::application::disturbance::Disturbance;
use self::application::documents::Documents;
use self::cluster::{Cluster, KubeCluster};
use self::instance::Instance;
use self::upgrade::Upgrades;

/// Something that goes wrong with one instance until it is healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The API takes connections and never answers. One that is refused is in [`crate::cluster::REFUSING_NAMESPACE`].
    NeverAnswers,
    /// The start does not come to its end.
    StayInSetup,
    /// HAProxy finds no CouchDB.
    HaproxyDown,
    /// Every answer is a page with status 200, as if another server had taken the place of the API.
    Html200,
    /// The application in the database has another version than the image.
    WrongVersion,
    /// No log-in succeeds.
    Unauthorized,
    /// Monitoring cannot find anything out, and says so inside of its answer.
    MonitoringErrors,
    /// Each start takes eight times as long.
    SlowStart,
    /// The server from which the CHT fetches versions cannot be reached.
    BuildsServerAway,
    /// A version that is asked for is not fetched to its end.
    FetchingStalls,
    /// What is fetched of a staged version waits to be indexed.
    IndexingWaits,
    /// The indexes of a staged version do not get past the half.
    IndexingStalls,
    /// The search index does not get past the half.
    SearchIndexingStalls,
    /// Staging fails in the middle.
    StagingFails,
    /// The API is started anew in the middle of each staging.
    StagingIsInterrupted,
    /// Somebody gives each staging up in the middle.
    StagingIsAborted,
    /// The user may not upgrade the CHT.
    UpgradesForbidden,
    /// Every request about upgrades fails with 500.
    UpgradesFail,
    /// Every request about upgrades is refused with 429.
    UpgradesAreLimited,
    /// The first node of CouchDB stopped bringing the others into the cluster, and does it again only in another pod.
    UnfinishedCluster,
    /// CouchDB loses its administrators when it is started anew, as images before CHT 5.2 did.
    AdminsLost,
}

impl Fault {
    /// All of them: each has a test that shows what a person reads.
    pub const ALL: [Fault; 21] = [
        Fault::NeverAnswers,
        Fault::StayInSetup,
        Fault::HaproxyDown,
        Fault::Html200,
        Fault::WrongVersion,
        Fault::Unauthorized,
        Fault::MonitoringErrors,
        Fault::SlowStart,
        Fault::BuildsServerAway,
        Fault::FetchingStalls,
        Fault::IndexingWaits,
        Fault::IndexingStalls,
        Fault::SearchIndexingStalls,
        Fault::StagingFails,
        Fault::StagingIsInterrupted,
        Fault::StagingIsAborted,
        Fault::UpgradesForbidden,
        Fault::UpgradesFail,
        Fault::UpgradesAreLimited,
        Fault::UnfinishedCluster,
        Fault::AdminsLost,
    ];
}

/// The server, which runs until this is dropped.
pub struct FakeCht {
    addr: SocketAddr,
    faults: Arc<Faults>,
    upgrades: Upgrades,
    applications: Shared,
    copies: Arc<Copies>,
    still: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl FakeCht {
    /// Starts the server for the instances of a cluster.
    ///
    /// # Errors
    /// No port of the loopback interface can be listened on.
    pub async fn start(client: kube::Client) -> anyhow::Result<Self> {
        let instances = Arc::new(Instances::new(KubeCluster::new(client.clone()), DEFAULT_SETUP));
        let mut fake = Self::serve(Arc::clone(&instances)).await?;
        let watch = cluster::watch(client, move |namespace| {
            let instances = Arc::clone(&instances);
            // A cluster that cannot be read now is read again on the next event and on every request.
            async move { instances.observe(&namespace).await.map(drop).unwrap_or_default() }
        });
        fake.tasks.spawn(watch);
        Ok(fake)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Lets something go wrong with the instance in `namespace`.
    pub fn inject(&self, namespace: &str, fault: Fault) {
        self.faults
            .lock()
            .entry(namespace.to_owned())
            .or_default()
            .insert(fault);
    }

    /// Takes an injected fault back.
    pub fn heal(&self, namespace: &str, fault: Fault) {
        self.faults
            .lock()
            .entry(namespace.to_owned())
            .or_default()
            .remove(&fault);
    }

    /// The upgrades of the instances.
    #[must_use]
    pub fn upgrades(&self) -> &Upgrades {
        &self.upgrades
    }

    /// What an instance's database holds, to look at and to change as somebody else would.
    pub fn documents<T>(&self, namespace: &str, look: impl FnOnce(&mut Documents) -> T) -> T {
        self.applications.documents(namespace, look)
    }

    /// Lets the next calls to an instance go wrong.
    pub fn disturb(&self, namespace: &str, disturbance: Disturbance) {
        self.applications.disturb(namespace, disturbance);
    }

    /// Lets a disk have what another one has, as one that is made from its snapshot: the two are the same to an
    /// instance.
    pub fn copy_disk(&self, original: &str, copy: &str) {
        self.copies.lock().insert(copy.to_owned(), original.to_owned());
    }

    /// While nothing changes in the cluster, answers need not be looked up there: real instances ask the API server for
    /// nothing, so what they cost must not be taken for what their readers cost.
    pub fn hold_still(&self, still: bool) {
        self.still.store(still, Ordering::Relaxed);
    }

    async fn serve<C: Cluster>(instances: Arc<Instances<C>>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("unable to listen for the CHT API")?;
        let addr = listener
            .local_addr()
            .context("unable to tell where the CHT API listens")?;
        let faults = Arc::clone(&instances.faults);
        let upgrades = instances.upgrades.clone();
        let applications = Arc::clone(&instances.applications);
        let (copies, still) = (Arc::clone(&instances.copies), Arc::clone(&instances.still));
        let mut tasks = JoinSet::new();
        tasks.spawn(server::accept(listener, instances));
        Ok(Self {
            addr,
            faults,
            upgrades,
            applications,
            copies,
            still,
            tasks,
        })
    }
}

/// How long the start of an instance takes once CouchDB is up.
const DEFAULT_SETUP: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Faults(Mutex<HashMap<String, HashSet<Fault>>>);

impl Faults {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, HashSet<Fault>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, namespace: &str) -> HashSet<Fault> {
        self.lock().get(namespace).cloned().unwrap_or_default()
    }
}

/// Disks that have what others have, by their names.
#[derive(Default)]
struct Copies(Mutex<HashMap<String, String>>);

impl Copies {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn original(&self, disk: String) -> String {
        self.lock().get(&disk).cloned().unwrap_or(disk)
    }
}

/// All instances of the cluster, each with its own state.
struct Instances<C> {
    cluster: C,
    setup: Duration,
    faults: Arc<Faults>,
    upgrades: Upgrades,
    applications: Shared,
    copies: Arc<Copies>,
    still: Arc<AtomicBool>,
    states: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Instance>>>>,
}

impl<C: Cluster> Instances<C> {
    fn new(cluster: C, setup: Duration) -> Self {
        Self {
            cluster,
            setup,
            faults: Arc::default(),
            upgrades: Upgrades::default(),
            applications: Arc::default(),
            copies: Arc::default(),
            still: Arc::default(),
            states: Mutex::default(),
        }
    }

    fn new_instance(&self, namespace: &str) -> Instance {
        Instance::new(namespace, self.setup, self.upgrades.clone())
    }

    /// The instance in the namespace, brought up to what the cluster shows now. It stays locked, so that an older view
    /// of the cluster never replaces a newer one.
    async fn observe(&self, namespace: &str) -> anyhow::Result<tokio::sync::OwnedMutexGuard<Instance>> {
        let state = {
            let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(
                states
                    .entry(namespace.to_owned())
                    .or_insert_with(|| Arc::new(self.new_instance(namespace).into())),
            )
        };
        let mut instance = state.lock_owned().await;
        if self.still.load(Ordering::Relaxed) {
            return Ok(instance);
        }
        let mut observation = self.cluster.observe(namespace).await?;
        for node in &mut observation.couchdb_nodes {
            node.disk = node.disk.take().map(|disk| self.copies.original(disk));
        }
        instance.observe(observation, self.faults.of(namespace), std::time::Instant::now());
        Ok(instance)
    }
}
