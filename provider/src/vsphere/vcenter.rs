//! A vCenter: one method for each kind of call to its API. The calls about one kind of object are beside its builders,
//! such as [`machine`](super::machine).

use std::fmt;
use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::attribute::{Login, VSphere};
use super::authorization::granted::Granted;
use super::drs::Joining;
use super::error::Error;
use super::hosts::Computes;
use super::inventory::Inventory;
use super::properties::{self, Properties};
use super::reads::Reads;
use super::reference::Reference;
use super::service::Service;
use super::session::Session;
use super::soap::{self, Api};
use super::tagging::Tagging;
use super::task::{self, TaskState};
use super::xml::Element;
use crate::retry::Retry;

/// How many machines are cloned at once where nothing else is said. Each is a copy of some gigabytes for the storage.
const PARALLEL_CLONES: u16 = 4;

/// A vCenter that can be called. Clones share one session.
#[derive(Clone)]
pub struct VCenter {
    session: Arc<Session>,
    reads: Arc<Reads>,
    inventory: Arc<Inventory>,
    clones: Arc<Semaphore>,
    joining: Arc<Joining>,
    grants: Arc<Granted>,
    computes: Arc<Computes>,
    tagging: Arc<Tagging>,
    cancellation: CancellationToken,
}

impl VCenter {
    /// A vCenter, without calling it.
    ///
    /// # Errors
    /// The authorities to trust cannot be used.
    pub fn new(login: Login, value: &VSphere) -> Result<Self, Error> {
        Self::with_retry(login, value, Retry::default())
    }

    /// The same, with another way of trying calls again.
    ///
    /// # Errors
    /// As [`VCenter::new`].
    pub(super) fn with_retry(login: Login, value: &VSphere, retry: Retry) -> Result<Self, Error> {
        let clones = value.max_parallel_clones.unwrap_or(PARALLEL_CLONES);
        let session = Session::new(login, value, retry)?;
        Ok(Self {
            tagging: Arc::new(Tagging::new(session.rest())),
            session: Arc::new(session),
            reads: Arc::default(),
            inventory: Arc::default(),
            clones: Arc::new(Semaphore::new(usize::from(clones))),
            joining: Arc::default(),
            grants: Arc::default(),
            computes: Arc::default(),
            cancellation: CancellationToken::new(),
        })
    }

    /// The same, with calls that end when this is cancelled.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: &CancellationToken) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// What errors call it.
    #[must_use]
    pub fn server(&self) -> &str {
        self.session.server()
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// It cannot be reached or does not let us in.
    pub async fn service(&self) -> Result<Service, Error> {
        self.unless_cancelled("RetrieveServiceContent", self.session.service())
            .await
    }

    /// Where names are looked up.
    pub(super) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Which machines want to be in which rules.
    pub(super) fn joining(&self) -> &Joining {
        &self.joining
    }

    /// What the user may do to which objects, as far as it was asked.
    pub(super) fn grants(&self) -> &Granted {
        &self.grants
    }

    /// Where machines run, as far as it was asked.
    pub(super) fn computes(&self) -> &Computes {
        &self.computes
    }

    /// Its tags. Calls about them begin a session of their own.
    pub(super) fn tagging(&self) -> &Tagging {
        &self.tagging
    }

    /// What the vCenter calls the session.
    pub(super) async fn session_key(&self) -> Result<String, Error> {
        self.unless_cancelled("Login", self.session.key()).await
    }

    /// Waits for its turn among the machines that are cloned.
    pub(super) async fn turn_to_clone(&self) -> Result<SemaphorePermit<'_>, Error> {
        let turn = async {
            let interrupted = |_| Error::Interrupted {
                method: "CloneVM_Task".to_owned(),
            };
            self.clones.acquire().await.map_err(interrupted)
        };
        self.unless_cancelled("CloneVM_Task", turn).await
    }

    /// Calls a method and answers what it returns.
    pub(super) async fn call(&self, method: &Element) -> Result<Element, Error> {
        self.call_of(&soap::VIM, method).await
    }

    /// Calls a method of another API.
    pub(super) async fn call_of(&self, api: &Api, method: &Element) -> Result<Element, Error> {
        self.unless_cancelled(method.name(), self.session.call(api, method))
            .await
    }

    /// Calls a method that starts a task.
    pub(super) async fn start(&self, method: &Element) -> Result<Reference, Error> {
        let answer = self.call(method).await?;
        answer
            .child("returnval")
            .and_then(Reference::read)
            .ok_or_else(|| Error::Lacks {
                method: method.name().to_owned(),
                what: "the task",
            })
    }

    /// How far a task is. A task that failed is an error.
    ///
    /// # Errors
    /// The task failed, or cannot be asked about.
    pub async fn task(&self, task: &Reference) -> Result<TaskState, Error> {
        let read = self.read(task, task::PATHS).await?;
        task::state(&read.ok_or_else(|| Error::Gone { object: task.clone() })?)
    }

    /// Reads properties of an object; nothing if it is not there. Reads at the same time share a call.
    ///
    /// # Errors
    /// The call failed.
    pub async fn read(&self, object: &Reference, paths: &'static [&'static str]) -> Result<Option<Properties>, Error> {
        let read = self.reads.read(&self.session, object, paths);
        self.unless_cancelled("RetrievePropertiesEx", read).await
    }

    /// Reads properties of all objects of some type below a folder or another container.
    ///
    /// # Errors
    /// A call failed.
    pub async fn all(&self, container: &Reference, kind: &str, paths: &[&str]) -> Result<Vec<Properties>, Error> {
        let read = properties::of_all(&self.session, container, kind, paths);
        self.unless_cancelled("RetrievePropertiesEx", read).await
    }

    /// Gives the sessions back, at the end of the process.
    pub async fn log_out(&self) {
        self.tagging.log_out().await;
        self.session.log_out().await;
    }

    /// What work answers, if the operation does not end before.
    pub(super) async fn unless_cancelled<T>(
        &self,
        method: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(Error::Interrupted { method: method.to_owned() }),
            done = work => done,
        }
    }
}

impl fmt::Debug for VCenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VCenter")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
