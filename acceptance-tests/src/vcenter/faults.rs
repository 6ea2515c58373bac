//! Calls and tasks that go wrong or take long, and sessions that end.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::VCenter;

/// What goes wrong, and on which calls: by default on the next call of the method.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    method: String,
    kind: &'static str,
    class: String,
    message: String,
    with: Option<Value>,
    status: u16,
    object: String,
    skip: u32,
    times: u32,
}

impl Fault {
    /// The call is answered with a SOAP fault of this class, such as `NoPermission`.
    pub fn thrown(class: &str) -> Self {
        Self::new("thrown", class)
    }

    /// The call is answered with a task that ends in a fault of this class. Nothing is carried out.
    pub fn failed_task(class: &str) -> Self {
        Self::new("failed_task", class)
    }

    /// The connection ends before anything is carried out.
    pub fn cut() -> Self {
        Self::new("cut", "")
    }

    /// The call is carried out, and the connection ends before its answer.
    pub fn lost_answer() -> Self {
        Self::new("lost_answer", "")
    }

    /// Nothing happens until the client gives up.
    pub fn hang() -> Self {
        Self::new("hang", "")
    }

    /// The service is not there, says the proxy before it: 503.
    pub fn unavailable() -> Self {
        Self::new("unavailable", "")
    }

    /// A call of REST is answered with this status and nothing else: 401 as after the end of its session.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::new("status", "")
        }
    }

    /// Elements of the fault by their names, such as `{"privilegeId": "Datastore.AllocateSpace"}`. Where it names an
    /// object, that is the one that was called.
    #[must_use]
    pub fn with(mut self, elements: Value) -> Self {
        self.with = Some(elements);
        self
    }

    /// What is said to people.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    /// Only on this object, by its name or its id, or where something is to be called so.
    #[must_use]
    pub fn on(mut self, object: &str) -> Self {
        object.clone_into(&mut self.object);
        self
    }

    /// Lets so many calls pass first.
    #[must_use]
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Meets so many calls.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.times = calls;
        self
    }

    /// Meets all calls until [`VCenter::clear_faults`].
    #[must_use]
    pub fn always(self) -> Self {
        self.times(0)
    }

    fn new(kind: &'static str, class: &str) -> Self {
        Self {
            method: String::new(),
            kind,
            class: class.to_owned(),
            message: String::new(),
            with: None,
            status: 0,
            object: String::new(),
            skip: 0,
            times: 1,
        }
    }
}

impl VCenter {
    /// Lets calls of a method go wrong, or of all methods if it is `*`. REST has methods such as
    /// `POST /rest/com/vmware/cis/session`.
    ///
    /// # Errors
    /// If there is no such class of faults, or it has no such elements.
    pub async fn fault(&self, method: &str, fault: Fault) -> Result<()> {
        let fault = Fault {
            method: method.to_owned(),
            ..fault
        };
        self.ask("fault", &fault).await.map(drop)
    }

    /// Lets everything pass again, and answers how many calls went wrong since the last time. That it were as many as
    /// were meant to is for the test to assert.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn clear_faults(&self) -> Result<u32> {
        let met = self.ask("clear_faults", &json!({})).await?;
        met.parse().with_context(|| format!("{met} is no number"))
    }

    /// From now on calls of a method are carried out after this time, also those that wait already.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn delay(&self, method: &str, delay: Duration) -> Result<()> {
        self.set_delay(method, false, delay).await
    }

    /// From now on tasks of a method, such as `CloneVM_Task`, run for this time before they do anything, also those
    /// that are running already. With a long time, and none at all later, a test holds a task for as long as it likes.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn delay_task(&self, method: &str, delay: Duration) -> Result<()> {
        self.set_delay(method, true, delay).await
    }

    /// Ends all sessions.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn end_sessions(&self) -> Result<()> {
        self.ask("end_sessions", &json!({})).await.map(drop)
    }

    async fn set_delay(&self, method: &str, task: bool, delay: Duration) -> Result<()> {
        let milliseconds = u64::try_from(delay.as_millis())?;
        let asked = json!({"method": method, "task": task, "milliseconds": milliseconds});
        self.ask("delay", &asked).await.map(drop)
    }
}
