//! A client that asks every server again and again whether it is ready, as a load balancer in front of them would.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kube::Client;
use tokio::task::JoinSet;
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use super::Scene;

/// Between two rounds.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long a server may take to answer before it counts as not ready. One that is down refuses at once; one that is
/// slow, on a machine with much else to do, still serves.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the client has seen: in each round, what each server answered.
#[derive(Debug)]
pub(crate) struct Readiness {
    rounds: Arc<Mutex<Vec<Round>>>,
    _asking: AbortOnDropHandle<()>,
}

/// One round.
#[derive(Clone, Debug)]
struct Round {
    at: Duration,
    /// What each server answered that was not ready, or nothing.
    answers: Vec<Option<String>>,
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
            let mut asked = JoinSet::new();
            let mut ticks = time::interval(INTERVAL);
            ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let at = start.elapsed();
                // A slow answer does not hold up the next round.
                let (clients, noted) = (clients.clone(), Arc::clone(&noted));
                asked.spawn(async move {
                    let answers = futures::future::join_all(clients.iter().map(not_ready)).await;
                    noted.lock().expect("nobody panics").push(Round { at, answers });
                });
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
        let without = rounds.iter().filter(|round| !round.answers.contains(&None));
        let without: Vec<String> = without
            .map(|round| format!("{:?}: {:?}", round.at, round.answers))
            .collect();
        assert!(
            without.is_empty(),
            "no server answered in {} of {} rounds: {without:#?}",
            without.len(),
            rounds.len()
        );
        let restarts = rounds
            .iter()
            .filter(|round| round.answers.iter().any(Option::is_some))
            .count();
        assert!(restarts > 0, "no server was ever away in {} rounds", rounds.len());
    }
}

/// What a server answers that is not ready.
async fn not_ready(client: &Client) -> Option<String> {
    let request = http::Request::get("/readyz").body(Vec::new()).expect("a request");
    match time::timeout(PATIENCE, client.request_text(request)).await {
        Ok(Ok(text)) => Some(text).filter(|text| text != "ok"),
        Ok(Err(error)) => Some(format!("{error:?}")),
        Err(_) => Some("it does not answer in time".to_owned()),
    }
}
