//! The port-forwards that are open, for all operations of the process.
//!
//! A core runs many operations at once, and those on one instance lead to the same pod. Each takes a connection that
//! nobody uses, and leaves it to the next; there are never more than a few. One that nobody takes is closed soon after.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::connection::{Connection, Target};
use crate::kubernetes::Cluster;

/// How many requests are made at once to one service of an instance: each needs a port-forward of its own.
const PARALLEL_REQUESTS: usize = 4;

/// How long a connection is kept that nobody uses: shorter than the five seconds after which Node.js, in which the API
/// is written, hangs up. Not every kubelet would pass that on, and a request over such a connection would get no
/// answer.
const KEPT_FOR: Duration = Duration::from_secs(3);

/// How many connections are kept that nobody uses, of all instances together: each holds buffers, and a run over many
/// instances comes back to few of them soon.
const MOST_KEPT: usize = 8;

/// The lanes to all services that were asked in this process.
#[derive(Default)]
pub struct Forwards(Mutex<Vec<Known>>);

struct Known {
    cluster: Cluster,
    namespace: String,
    service: String,
    lane: Arc<Lane>,
}

impl Forwards {
    /// The lane to a service of the instance in a namespace.
    pub(super) fn lane(&self, cluster: &Cluster, namespace: &str, service: &str) -> Arc<Lane> {
        let mut known = lock(&self.0);
        close_surplus(&known);
        let found = known
            .iter()
            .find(|known| known.namespace == namespace && known.service == service && known.cluster.is_same(cluster));
        if let Some(found) = found {
            return Arc::clone(&found.lane);
        }
        let lane = Arc::<Lane>::default();
        known.push(Known {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            service: service.to_owned(),
            lane: Arc::clone(&lane),
        });
        lane
    }
}

impl std::fmt::Debug for Forwards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwards").finish_non_exhaustive()
    }
}

/// What leads to one service of an instance.
pub(super) struct Lane {
    turns: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
    _end: AbortOnDropHandle<()>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            turns: Semaphore::new(PARALLEL_REQUESTS),
            idle: Mutex::default(),
        }
    }
}

impl Lane {
    /// Waits until there are few enough other requests.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed, so there is always a turn to come.
        self.turns.acquire().await.ok()
    }

    /// A connection to a pod that nobody uses, if there is one. The one that was used last comes first, so that the
    /// others are closed when fewer are needed.
    pub(super) fn take(&self, target: &Target) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        idle.retain(|idle| !idle.is_spent());
        let found = idle.iter().rposition(|idle| idle.connection.target() == target)?;
        Some(idle.remove(found).connection)
    }

    /// Leaves a connection to the next one who needs it, until it has been waiting for too long, or the other side
    /// hangs up.
    pub(super) fn keep(self: &Arc<Self>, connection: Connection) {
        let closed = connection.closed().clone();
        let lane = Arc::downgrade(self);
        let end = tokio::spawn(async move {
            let _ = timeout(KEPT_FOR, closed.cancelled()).await;
            if let Some(lane) = lane.upgrade() {
                lock(&lane.idle).retain(|idle| !idle.is_spent());
            }
        });
        lock(&self.idle).push(Idle {
            connection,
            since: Instant::now(),
            _end: AbortOnDropHandle::new(end),
        });
    }
}

impl Idle {
    fn is_spent(&self) -> bool {
        self.since.elapsed() >= KEPT_FOR || self.connection.closed().is_cancelled()
    }
}

/// Closes what has been waiting the longest, so that not too many connections are kept.
fn close_surplus(known: &[Known]) {
    let since = |known: &Known| -> Vec<Instant> { lock(&known.lane.idle).iter().map(|idle| idle.since).collect() };
    let mut waiting: Vec<Instant> = known.iter().flat_map(since).collect();
    waiting.sort_unstable();
    let last_to_go = waiting.len().checked_sub(MOST_KEPT + 1);
    if let Some(last_to_go) = last_to_go.and_then(|index| waiting.get(index)) {
        for known in known {
            lock(&known.lane.idle).retain(|idle| idle.since > *last_to_go);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
