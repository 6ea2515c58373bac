//! Starts a task and waits until it is done, whatever the resource is that it is for.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::Resource;
use tokio::sync::Mutex;

use super::super::error::Error;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::TaskState;

/// What runs tasks, for as long as the operation may take.
pub(in crate::vsphere) struct Runner<'a, R: Resource> {
    pub(in crate::vsphere) cx: &'a Context<R>,
    pub(in crate::vsphere) vcenter: &'a VCenter,
    /// Says in a user's words why a task failed.
    pub(in crate::vsphere) explain: &'a (dyn Fn(Error) -> Diagnostics + Send + Sync),
}

impl<R: Resource> Runner<'_, R> {
    /// Starts a task, waits until it is done, and answers what it made. What else works on the object goes first.
    pub(in crate::vsphere) async fn run<F>(
        &self,
        what: &str,
        start: impl Fn() -> F,
    ) -> Result<Option<Reference>, Diagnostics>
    where
        F: Future<Output = Result<Reference, Error>>,
    {
        let busy = |error: &Error| error.is_fault("TaskInProgress") || error.is_fault("ConcurrentAccess");
        let started = Mutex::new(None::<Reference>);
        let step = || async {
            let mut task = started.lock().await;
            let running = match task.as_ref() {
                Some(task) => task.clone(),
                None => match start().await {
                    Err(error) if busy(&error) => return Ok(Progress::Pending(error.to_string())),
                    begun => task.insert(begun.map_err(self.explain)?).clone(),
                },
            };
            match self.vcenter.task(&running).await {
                Ok(TaskState::Done(made)) => Ok(Progress::Ready(made)),
                Ok(TaskState::Queued) => Ok(Progress::Pending("the vCenter has queued it".to_owned())),
                Ok(TaskState::Running(Some(percent))) => Ok(Progress::Pending(format!("{percent} % done"))),
                Ok(TaskState::Running(None)) => Ok(Progress::Pending("the vCenter works on it".to_owned())),
                Err(error) if busy(&error) => {
                    *task = None;
                    Ok(Progress::Pending(error.to_string()))
                }
                Err(error) => Err((self.explain)(error)),
            }
        };
        self.cx.wait(what, Backoff::QUICK, step).await
    }
}
