//! A client that asks every server again and again whether it is ready, as a load balancer in front of them would.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kube::Client;
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use super::Scene;

/// Between two rounds.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long a server may take to answer before it counts as not ready.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What the client has seen: in each round, which servers were ready.
#[derive(Debug)]
pub(crate) struct Readiness {
    rounds: Arc<Mutex<Vec<Round>>>,
    _asking: AbortOnDropHandle<()>,
}

/// One round.
#[derive(Clone, Debug)]
struct Round {
    at: Duration,
    ready: Vec<bool>,
}

impl Readiness {
    /// Starts to ask these servers.
    pub(crate) async fn watch(scene: &Scene, servers: &[usize]) -> Self {
        let mut clients = Vec::new();
        for server in servers {
            clients.push(scene.client(*server).await);
        }
        let rounds: Arc<Mutex<Vec<Round>>> = Arc::default();
        let noted = Arc::clone(&rounds);
        let asking = async move {
            let start = Instant::now();
            let mut ticks = time::interval(INTERVAL);
            ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let at = start.elapsed();
                let ready = futures::future::join_all(clients.iter().map(is_ready)).await;
                noted.lock().expect("nobody panics").push(Round { at, ready });
            }
        };
        Self {
            rounds,
            _asking: AbortOnDropHandle::new(tokio::spawn(asking)),
        }
    }

    /// Checks that a server was ready in each round, and that the one or other was not: else nothing was tried.
    pub(crate) fn never_without_an_answer(&self) {
        let rounds = self.rounds.lock().expect("nobody panics").clone();
        let without = rounds.iter().filter(|round| !round.ready.contains(&true));
        let without: Vec<Duration> = without.map(|round| round.at).collect();
        assert!(
            without.is_empty(),
            "no server answered in {} of {} rounds: {without:?}",
            without.len(),
            rounds.len()
        );
        let restarts = rounds.iter().filter(|round| round.ready.contains(&false)).count();
        assert!(restarts > 0, "no server was ever away in {} rounds", rounds.len());
    }
}

async fn is_ready(client: &Client) -> bool {
    let request = http::Request::get("/readyz").body(Vec::new()).expect("a request");
    let answer = time::timeout(PATIENCE, client.request_text(request)).await;
    matches!(answer, Ok(Ok(text)) if text == "ok")
}
