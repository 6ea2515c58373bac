//! What an operation gets beside its model: the clients, the time it has, and ways to report on the way.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::ToValue;
use crate::resource::Resource;
use crate::value::Value;

mod wait;

pub use wait::{Backoff, Progress};

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
}

impl<R: Resource> Context<R> {
    pub(crate) fn new(scope: Scope<R::Clients>) -> Self {
        Context {
            scope,
            resource: PhantomData,
        }
    }

    /// Saves how far the operation is: this state is what the core gets if the operation fails, is cancelled, runs out
    /// of time or panics.
    ///
    /// # Guarantees
    /// Attributes that are still unknown are saved as null; write-only values are never saved. A creation that fails
    /// after it is marked as tainted by the core; without it, the core forgets the object.
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
