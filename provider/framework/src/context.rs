//! What an operation gets beside its model: the clients, the time it has, and ways to report on the way.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::{ToValue, format_duration};
use crate::resource::Resource;
use crate::value::Value;

/// The surroundings of one operation of a data source or a resource: clients, deadline, cancellation, warnings, waits.
pub struct Scope<C> {
    clients: Arc<C>,
    operation: &'static str,
    started: Instant,
    deadline: Instant,
    /// Whether a configuration can set another limit.
    is_configurable: bool,
    cancel: CancellationToken,
    report: Arc<Report>,
}

/// The surroundings of one operation of the resource `R`: a [`Scope`] that can also save state on the way.
pub struct Context<R: Resource> {
    scope: Scope<R::Clients>,
    resource: PhantomData<fn() -> R>,
}

/// What an operation has reported so far; it outlives the operation, however that ends.
#[derive(Default)]
pub(crate) struct Report {
    checkpoint: Mutex<Option<Value>>,
    /// As it is stored: what a resource does not look at goes back byte for byte.
    private: Mutex<Vec<u8>>,
    warnings: Mutex<Diagnostics>,
}

/// What a probe of [`Scope::wait`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It is not there yet; the text says how far it is.
    Pending(String),
    /// It is there.
    Ready(T),
}

/// How long to pause between two probes: from `first`, half as long again each time, up to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Backoff {
    /// For things that take seconds: half a second at first, five seconds at most.
    pub const QUICK: Backoff = Backoff {
        first: Duration::from_millis(500),
        most: Duration::from_secs(5),
    };
    /// For things that take minutes: two seconds at first, twenty at most.
    pub const SLOW: Backoff = Backoff {
        first: Duration::from_secs(2),
        most: Duration::from_secs(20),
    };
}

/// How often a wait tells in the log what it is waiting for.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

impl<C> Scope<C> {
    pub(crate) fn new(
        clients: Arc<C>,
        operation: &'static str,
        limit: Duration,
        cancel: CancellationToken,
        report: Arc<Report>,
    ) -> Self {
        let started = Instant::now();
        Scope {
            clients,
            operation,
            started,
            deadline: started + limit,
            is_configurable: true,
            cancel,
            report,
        }
    }

    /// This scope for an operation whose limit no configuration can change.
    pub(crate) fn with_fixed_limit(mut self) -> Self {
        self.is_configurable = false;
        self
    }

    /// What the provider's configuration was turned into.
    pub fn clients(&self) -> &C {
        &self.clients
    }

    /// When the operation must be over: now plus the timeout of the configuration, or else of the schema.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Cancelled when the user interrupts the run, or when the core has gone.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Reports a survivable surprise to the user.
    pub fn warn(&self, warning: Diagnostic) {
        lock(&self.report.warnings).push(warning);
    }

    /// Probes until it is [`Progress::Ready`]: the only place where an operation may pause.
    ///
    /// `what` completes the sentence "waiting for …".
    ///
    /// # Errors
    /// Fails with the probe's own error, when the operation is cancelled, and when its time is over; the latter two name
    /// what was awaited and its last status.
    pub async fn wait<T, E, F>(
        &self,
        what: &str,
        backoff: Backoff,
        mut probe: impl FnMut() -> F,
    ) -> Result<T, Diagnostics>
    where
        E: Into<Diagnostics>,
        F: Future<Output = Result<Progress<T>, E>>,
    {
        let began = Instant::now();
        let mut pause = backoff.first;
        let mut last_status = String::from("nothing seen yet");
        let mut last_logged = began;
        loop {
            let answer = tokio::select! {
                answer = probe() => answer.map_err(Into::into)?,
                interruption = self.interruption() => return Err(self.interrupted(interruption, what, &last_status)),
            };
            match answer {
                Progress::Ready(found) => return Ok(found),
                Progress::Pending(status) => last_status = status,
            }
            if last_logged.elapsed() >= PROGRESS_INTERVAL {
                last_logged = Instant::now();
                tracing::info!(
                    what,
                    status = last_status,
                    waited_seconds = began.elapsed().as_secs(),
                    "still waiting"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                interruption = self.interruption() => return Err(self.interrupted(interruption, what, &last_status)),
            }
            pause = (pause * 3 / 2).min(backoff.most);
        }
    }

    async fn interruption(&self) -> Interruption {
        tokio::select! {
            () = self.cancel.cancelled() => Interruption::Cancelled,
            () = tokio::time::sleep_until(self.deadline) => Interruption::TimedOut,
        }
    }

    fn interrupted(&self, interruption: Interruption, what: &str, last_status: &str) -> Diagnostics {
        match interruption {
            Interruption::Cancelled => Diagnostics::error(
                "Operation cancelled",
                format!("It was cancelled while waiting for {what}.\n\nLast status: {last_status}"),
            ),
            Interruption::TimedOut => {
                let limit = format_duration(self.deadline - self.started);
                let mut detail = format!(
                    "Waited for {what} until the time for this operation ({limit}) was over.\n\nLast status: {last_status}"
                );
                if self.is_configurable {
                    let advice = format!("\n\nIf it only needs longer, raise `timeouts.{}`.", self.operation);
                    detail.push_str(&advice);
                }
                Diagnostics::error("Timed out", detail)
            }
        }
    }
}

enum Interruption {
    Cancelled,
    TimedOut,
}

impl<R: Resource> Context<R> {
    pub(crate) fn new(scope: Scope<R::Clients>) -> Self {
        Context {
            scope,
            resource: PhantomData,
        }
    }

    /// Saves how far the operation is: this state is what the core gets if the operation fails, is cancelled, runs out of
    /// time or panics.
    ///
    /// # Guarantees
    /// Attributes that are still unknown are saved as null; write-only values are never saved. A creation that fails after
    /// it is marked as tainted by the core; without it, the core forgets the object.
    pub fn checkpoint(&self, model: &R::Model) {
        *lock(&self.scope.report.checkpoint) = Some(model.to_value());
    }

    /// What the resource keeps beside its state, invisible to the user.
    ///
    /// # Errors
    /// Fails if what is stored was not written by this resource.
    pub fn private(&self) -> Result<R::Private, Diagnostics> {
        let stored = lock(&self.scope.report.private);
        if stored.is_empty() {
            return Ok(R::Private::default());
        }
        // The parser's own words may quote what is stored.
        serde_json::from_slice(&stored).map_err(|error| {
            let (type_name, line, column) = (R::TYPE_NAME, error.line(), error.column());
            let detail = format!(
                "What is kept beside the state is not what {type_name} keeps there (line {line}, column {column})."
            );
            Diagnostic::bug(detail).into()
        })
    }

    /// Replaces what the resource keeps beside its state.
    ///
    /// # Errors
    /// Fails if it cannot be written as JSON.
    pub fn set_private(&self, private: &R::Private) -> Result<(), Diagnostics> {
        *lock(&self.scope.report.private) = stored_private::<R>(private)?;
        Ok(())
    }
}

/// What a resource keeps beside its state, as it is stored.
///
/// # Errors
/// Fails if it cannot be written as JSON.
pub(crate) fn stored_private<R: Resource>(private: &R::Private) -> Result<Vec<u8>, Diagnostics> {
    serde_json::to_vec(private).map_err(|_| {
        Diagnostic::bug(format!(
            "What {} keeps beside its state cannot be written as JSON.",
            R::TYPE_NAME
        ))
        .into()
    })
}

impl<R: Resource> Deref for Context<R> {
    type Target = Scope<R::Clients>;

    fn deref(&self) -> &Self::Target {
        &self.scope
    }
}

impl<C> fmt::Debug for Scope<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl<R: Resource> fmt::Debug for Context<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope.fmt(f)
    }
}

impl Report {
    pub(crate) fn with_private(private: &[u8]) -> Self {
        Report {
            private: Mutex::new(private.to_vec()),
            ..Report::default()
        }
    }

    pub(crate) fn checkpoint(&self) -> Option<Value> {
        lock(&self.checkpoint).clone()
    }

    pub(crate) fn private(&self) -> Vec<u8> {
        lock(&self.private).clone()
    }

    pub(crate) fn take_warnings(&self) -> Diagnostics {
        std::mem::take(&mut *lock(&self.warnings))
    }
}

/// Locks a value whose every change is a single assignment, so that it is whole even after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn scope(limit: Duration) -> Scope<()> {
        Scope::new(Arc::new(()), "create", limit, CancellationToken::new(), Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_the_probe_is_ready() {
        let probes = AtomicU32::new(0);
        let found = scope(Duration::from_secs(60))
            .wait("the moon", Backoff::QUICK, || async {
                let count = probes.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Diagnostics>(if count == 3 {
                    Progress::Ready(count)
                } else {
                    Progress::Pending("rising".into())
                })
            })
            .await;
        assert_eq!(found, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_names_what_was_awaited_and_its_last_status() {
        let outcome = scope(Duration::from_secs(90))
            .wait("the moon", Backoff::QUICK, || async {
                Ok::<Progress<()>, Diagnostics>(Progress::Pending("still below the horizon".into()))
            })
            .await;
        let text = outcome.expect_err("it never rises").to_string();
        assert!(
            text.contains("the moon") && text.contains("still below the horizon"),
            "{text}"
        );
        assert!(text.contains("1m30s") && text.contains("timeouts.create"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_ends_at_once_even_if_the_probe_hangs() {
        let scope = scope(Duration::from_secs(3600));
        scope.cancellation().cancel();
        let outcome = scope
            .wait(
                "the moon",
                Backoff::SLOW,
                std::future::pending::<Result<Progress<()>, Diagnostics>>,
            )
            .await;
        assert!(
            outcome
                .expect_err("cancelled")
                .to_string()
                .contains("cancelled while waiting for the moon")
        );
    }
}
