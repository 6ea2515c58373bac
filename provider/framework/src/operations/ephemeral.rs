//! Open, renew and close: the life of an ephemeral resource.
//!
//! Each runs on a task of its own. What was opened and cannot be handed over is closed right there: the core closes
//! only what it knows of. A closing is told to stop by the end of the process alone, as it is what an interrupted run
//! ends with.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::context::{Report, Scope};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ephemeral::erased::{DynEphemeralResource, Lease, OpenedValue};
use crate::operations::read::complete;
use crate::operations::surroundings::Surroundings;
use crate::operations::task::{self, Limit};
use crate::schema::{Schema, TIMEOUTS};
use crate::value::Value;

/// How an operation ended, and what the user should know besides.
pub(crate) struct Outcome<T> {
    pub(crate) result: Result<T, Diagnostics>,
    pub(crate) warnings: Diagnostics,
}

/// What the operations of one call have in common.
pub(crate) struct Session<C> {
    pub(crate) resource: Arc<dyn DynEphemeralResource<C>>,
    pub(crate) surroundings: Surroundings<C>,
    /// Cancelled when the process ends.
    pub(crate) end: CancellationToken,
}

/// Opens what a configuration describes.
pub(crate) async fn open<C: Send + Sync + 'static>(session: Session<C>, config: Value) -> Outcome<OpenedValue> {
    let (answer, answered) = oneshot::channel();
    let (taken, was_taken) = oneshot::channel();
    let operations = session.surroundings.operations.clone();
    let cancel = session.surroundings.stop.child_token();
    // Dropping this call asks the operation to stop; the task goes on, and closes what comes of it.
    let _cancel_when_dropped = cancel.clone().drop_guard();
    let task = async move {
        let outcome = open_complete(&session, config, cancel).await;
        let lease = outcome.result.as_ref().ok().map(|opened| opened.lease.clone());
        let sent = answer.send(outcome).is_ok();
        // What is sent is not yet taken: the call may be dropped in between.
        if let Some(lease) = lease
            && (!sent || was_taken.await.is_err())
        {
            close_in_vain(&session, lease).await;
        }
    };
    operations.spawn(task.instrument(tracing::Span::current()));
    let outcome = answered.await.unwrap_or_else(|_| Outcome::lost());
    // This fails only if the task is lost, and what it opened with it.
    let _ = taken.send(());
    outcome
}

/// Makes what was opened last longer.
pub(crate) async fn renew<C: Send + Sync + 'static>(session: Session<C>, private: Vec<u8>) -> Outcome<Lease> {
    let cancel = session.surroundings.stop.child_token();
    let _cancel_when_dropped = cancel.clone().drop_guard();
    let limit = Limit::Read.of(session.resource.schema(), &Value::Null);
    let operations = session.surroundings.operations.clone();
    let task = async move {
        run(&session, "renew", limit, cancel, |scope| {
            session.resource.renew(scope, private)
        })
        .await
    };
    spawned(&operations, task).await
}

/// Ends what was opened, to its end even if nobody waits for it.
pub(crate) async fn close<C: Send + Sync + 'static>(session: Session<C>, private: Vec<u8>) -> Outcome<()> {
    let operations = session.surroundings.operations.clone();
    spawned(&operations, async move { run_close(&session, private).await }).await
}

/// Opens it, and closes it again if the core could not use it.
async fn open_complete<C>(session: &Session<C>, config: Value, cancel: CancellationToken) -> Outcome<OpenedValue> {
    let schema = session.resource.schema();
    let limit = Limit::Read.of(schema, &config);
    let mut outcome = run(session, Limit::Read.name(), limit, cancel, |scope| {
        session.resource.open(scope, config)
    })
    .await;
    if let Ok(OpenedValue { result, lease }) = outcome.result {
        outcome.result = match usable(schema, result) {
            Ok(result) => Ok(OpenedValue { result, lease }),
            Err(defects) => {
                close_in_vain(session, lease).await;
                Err(defects)
            }
        };
    }
    outcome
}

/// What was opened, if the core can use it: there, known, and of the schema's type.
fn usable(schema: &Schema, result: Value) -> Result<Value, Diagnostics> {
    if result.is_null() {
        let detail = "Opening the ephemeral resource resulted in null and did not fail.";
        return Err(Diagnostic::bug(detail).into());
    }
    complete(schema, result, "the ephemeral resource")
}

/// Closes what nobody will use, and tells the log if that fails: there is nobody else to tell.
async fn close_in_vain<C>(session: &Session<C>, lease: Lease) {
    tracing::debug!("closing what was opened in vain");
    if run_close(session, lease.private).await.result.is_err() {
        tracing::warn!("unable to close what was opened in vain");
    }
}

async fn run_close<C>(session: &Session<C>, private: Vec<u8>) -> Outcome<()> {
    let limit = Limit::Delete.of(session.resource.schema(), &Value::Null);
    let cancel = session.end.child_token();
    run(session, "close", limit, cancel, |scope| {
        session.resource.close(scope, private)
    })
    .await
}

async fn run<C, T>(
    session: &Session<C>,
    operation: &'static str,
    limit: Duration,
    cancel: CancellationToken,
    start: impl FnOnce(Scope<C>) -> BoxFuture<'static, Result<T, Diagnostics>>,
) -> Outcome<T> {
    let report = Arc::new(Report::default());
    let clients = match &session.surroundings.clients {
        Ok(clients) => Arc::clone(clients),
        Err(failure) => return Outcome::failed(failure.clone()),
    };
    let mut scope = Scope::new(clients, operation, limit, cancel.clone(), Arc::clone(&report));
    if operation != Limit::Read.name() || session.resource.schema().attribute(TIMEOUTS).is_none() {
        scope = scope.with_fixed_limit();
    }
    let result = task::guard(start(scope), &cancel, limit).await;
    Outcome {
        result,
        warnings: report.take_warnings(),
    }
}

async fn spawned<T: Send + 'static>(
    operations: &TaskTracker,
    task: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<T> {
    let ended = operations.spawn(task.instrument(tracing::Span::current())).await;
    ended.unwrap_or_else(|_| Outcome::lost())
}

impl<T> Outcome<T> {
    fn lost() -> Self {
        Outcome::failed(Diagnostic::bug("The task of the operation was lost.").into())
    }

    fn failed(failure: Diagnostics) -> Self {
        Outcome {
            result: Err(failure),
            warnings: Diagnostics::new(),
        }
    }
}
