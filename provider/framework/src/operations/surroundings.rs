//! What surrounds an operation: what it works with, how it is stopped, and whether the core would take "not yet".

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::diagnostics::{Deferral, Diagnostics};

/// What an operation gets from outside of its request's values.
pub(crate) struct Surroundings<C> {
    /// What the provider's configuration was turned into, or why it could not be.
    pub(crate) clients: Result<Arc<C>, Diagnostics>,
    /// Cancelled when the user interrupts the run.
    pub(crate) stop: CancellationToken,
    /// Where its task is registered, so that the process waits for it.
    pub(crate) operations: TaskTracker,
    /// Whether the core asked to defer what cannot be done yet.
    pub(crate) deferral_allowed: bool,
}

/// Tells what a failed operation has to say, and answers with the deferral if it is one.
pub(crate) fn conclude(failure: Diagnostics, deferral_allowed: bool, told: &mut Diagnostics) -> Option<Deferral> {
    match failure.deferred(deferral_allowed) {
        Ok((deferral, warnings)) => {
            told.append(warnings);
            Some(deferral)
        }
        Err(failure) => {
            told.append(failure);
            None
        }
    }
}
