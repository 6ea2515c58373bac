//! One run over all servers: locks, the loop, and the little that cannot be seen.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::context::Scope;

use crate::k3s::fleet::restore::act;
use crate::k3s::fleet::{Fleet, Looked, Progress, Report, Stopped};
use crate::k3s::host::Lock;
use crate::k3s::rollout::{self, Refusal, Step};
use crate::provider::Clients;

/// A step that is decided on again and again changes nothing.
const MOST_REPEATS: usize = 3;

/// One run.
pub(super) struct Run<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) scope: &'a Scope<Clients>,
    locks: BTreeMap<String, Lock>,
    snapshot_taken: bool,
    has_begun: bool,
    /// What servers were started with that have not been seen up since: hashes, by name.
    pub(super) started: BTreeMap<String, String>,
    /// Servers that were started or restarted: none is once more because of the values with which it runs.
    pub(super) restarted: BTreeSet<String>,
    /// The last step, and how often it was decided on.
    last: Option<(Step, usize)>,
}

pub(super) async fn converge(
    fleet: &Fleet,
    scope: &Scope<Clients>,
    before: &Looked,
    report: Report<'_>,
) -> Result<Looked, Stopped> {
    let mut run = Run::new(fleet, scope);
    run.lock(before).await?;
    let mut looked = fleet.look().await;
    loop {
        if run.note_starts(&looked).await? {
            looked = fleet.look().await;
        }
        let Some(step) = run.next(&mut looked)? else {
            return Ok(looked);
        };
        run.lock(&looked).await?;
        tracing::info!(step = %step, "carrying out a step");
        run.carry_out(&looked, &step).await.map_err(|error| Stopped::Step {
            step: step.clone(),
            error: Box::new(error),
        })?;
        run.snapshot_taken |= matches!(step, Step::Snapshot { .. });
        looked = fleet.look().await;
        let progress = Progress {
            step: &step,
            looked: &looked,
        };
        report(&progress);
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(fleet: &'a Fleet, scope: &'a Scope<Clients>) -> Self {
        Self {
            fleet,
            scope,
            locks: BTreeMap::new(),
            snapshot_taken: false,
            has_begun: false,
            started: BTreeMap::new(),
            restarted: BTreeSet::new(),
            last: None,
        }
    }

    /// Locks all hosts that answer, and those again whose locks went with a connection. All runs do so in the same
    /// order.
    pub(super) async fn lock(&mut self, looked: &Looked) -> Result<(), Stopped> {
        self.locks.retain(|_, lock| lock.is_held());
        for (name, host) in &self.fleet.hosts {
            if looked.state(name).is_some() && !self.locks.contains_key(name) {
                let lock = host.lock().await.map_err(Stopped::Host)?;
                self.locks.insert(name.clone(), lock);
            }
        }
        Ok(())
    }

    /// The next step, if there is one.
    fn next(&mut self, looked: &mut Looked) -> Result<Option<Step>, Stopped> {
        if let Some(error) = looked.trouble.take() {
            return Err(Stopped::Host(error));
        }
        self.has_begun |= looked.has_data();
        let mut wanted = self.fleet.wanted();
        wanted.bootstrapped |= self.has_begun;
        let mut seen = self.fleet.seen(looked);
        seen.snapshot_taken = self.snapshot_taken;
        for name in &self.restarted {
            if let Some(server) = seen.servers.get_mut(name) {
                server.other_values = false;
            }
        }
        let step = rollout::next(&wanted, &seen).map_err(|refusal| Stopped::Refused {
            journal: journal(looked, &refusal),
            refusal,
        })?;
        let Some(step) = step else { return Ok(None) };
        let count = match self.last.take() {
            Some((last, count)) if last == step => count + 1,
            _ => 1,
        };
        if count > MOST_REPEATS {
            return Err(Stopped::Endless { step });
        }
        self.last = Some((step.clone(), count));
        Ok(Some(step))
    }

    /// Notes with what servers were started that were seen up since, and which values they run with; answers whether
    /// there were any.
    async fn note_starts(&mut self, looked: &Looked) -> Result<bool, Stopped> {
        let up: Vec<String> = self
            .started
            .keys()
            .filter(|name| looked.is_healthy(name))
            .cloned()
            .collect();
        for name in &up {
            if let Some(files) = self.fleet.files(looked, name) {
                let told = self.has_told(name, &files).await;
                told.map_err(|error| act(&format!("start {name}"), error))?;
            }
            let hash = self.started.remove(name);
            self.mark(looked, name, |marker| marker.started = hash)
                .await
                .map_err(Stopped::Host)?;
        }
        Ok(!up.is_empty())
    }
}

/// What the server says that the refusal is about.
fn journal(looked: &Looked, refusal: &Refusal) -> Vec<String> {
    let server = match refusal {
        Refusal::Failing { server, .. } => server,
        Refusal::OthersUnwell { unwell, .. } => unwell,
        _ => return Vec::new(),
    };
    looked
        .state(server)
        .map(|state| state.journal.clone())
        .unwrap_or_default()
}
