//! The provider is killed in each phase of an upgrade: what the CHT and the cluster show then tells that it was that
//! one, and the next apply goes on from there.

use acceptance_tests::cht::Fault as ChtFault;
use acceptance_tests::cluster::faults::{Call, Fault};

use super::super::{database, image, images, is_upgraded, running, upgrade_is};
use super::Held;
use crate::support::{DEPLOYMENT, Kind, SERVICE, Scene, lab};

const TARGET: &str = "5.3.1";
/// What CHT 4 has and CHT 5 on one node has not.
const HEALTHCHECK: [&str; 2] = ["cht-haproxy-healthcheck", "healthcheck"];

/// What keeps an apply in a phase.
#[derive(Clone, Copy)]
enum Stop {
    /// The CHT does not get further.
    Stall(ChtFault),
    /// The first of these calls gets no answer; it is carried out only if it is withheld.
    At(&'static str, Fault),
}

/// What tells that it is this phase.
#[derive(Debug, PartialEq)]
struct Seen {
    /// The state of the newest entry in the CHT's log of upgrades.
    log: &'static str,
    /// Whether CouchDB and the API have the images of the target.
    swapped: (bool, bool),
    /// Whether the Deployment and the Service are there that only CHT 4 has.
    left: (bool, bool),
}

/// A phase.
struct Phase {
    name: &'static str,
    stop: Stop,
    log: &'static str,
    swapped: (bool, bool),
}

const PHASES: [Phase; 6] = [
    Phase {
        name: "requested",
        stop: Stop::Stall(ChtFault::FetchingStalls),
        log: "initiated",
        swapped: (false, false),
    },
    Phase {
        name: "staged",
        stop: Stop::Stall(ChtFault::IndexingWaits),
        log: "staged",
        swapped: (false, false),
    },
    Phase {
        name: "indexing",
        stop: Stop::Stall(ChtFault::IndexingStalls),
        log: "indexing",
        swapped: (false, false),
    },
    Phase {
        name: "indexed",
        stop: Stop::At("PATCH namespaces/*/deployments/cht-couchdb", Fault::Hang),
        log: "indexed",
        swapped: (false, false),
    },
    Phase {
        name: "swapping",
        stop: Stop::At("PATCH namespaces/*/deployments/cht-api", Fault::Hang),
        log: "indexed",
        swapped: (true, false),
    },
    Phase {
        name: "swapped",
        stop: Stop::Stall(ChtFault::SlowStart),
        log: "finalized",
        swapped: (true, true),
    },
];

/// The phases that only an upgrade from CHT 4 has: which call is the last, and what is left of CHT 4 then.
const REMOVALS: [(&str, Stop, (bool, bool)); 2] = [
    (
        "removing",
        Stop::At(
            "DELETE namespaces/*/deployments/cht-haproxy-healthcheck",
            Fault::Withheld,
        ),
        (false, true),
    ),
    (
        "removed",
        Stop::At("DELETE namespaces/*/services/healthcheck", Fault::Withheld),
        (false, false),
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_within_cht_5_goes_on_after_a_kill_in_each_phase() {
    for phase in &PHASES {
        let seen = Seen {
            log: phase.log,
            swapped: phase.swapped,
            left: (false, false),
        };
        goes_on("5.2.0", phase.name, phase.stop, seen).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_from_cht_4_goes_on_after_a_kill_in_each_phase() {
    for phase in &PHASES {
        let seen = Seen {
            log: phase.log,
            swapped: phase.swapped,
            left: (true, true),
        };
        goes_on("4.22.0", phase.name, phase.stop, seen).await;
    }
    for (name, stop, left) in REMOVALS {
        let seen = Seen {
            log: "finalized",
            swapped: (true, true),
            left,
        };
        goes_on("4.22.0", name, stop, seen).await;
    }
}

/// Upgrades an instance of its own, kills the provider in a phase, checks that it was this one, and applies again.
async fn goes_on(from: &str, name: &str, stop: Stop, seen: Seen) {
    let when = format!("from {from}, killed when {name}");
    let held = Held::new(&format!("killed-{}-{name}", &from[..1])).await;
    let scene = &held.scene;
    held.configure(&running(scene, from)).await;
    scene.apply().await;
    assert!(database(scene).await.log.is_empty(), "{when}: it begins anew");

    held.configure(&running(scene, TARGET)).await;
    let is_killed = match stop {
        Stop::Stall(fault) => {
            lab().await.cht.inject(&scene.namespace, fault);
            held.apply_to(upgrade_is(scene, seen.log)).await
        }
        Stop::At(call, fault) => {
            let what = call.to_owned();
            held.server.fail(Call { what, nth: 1 }, fault);
            held.apply_to(held.server.stopped()).await
        }
    };
    assert!(is_killed, "{when}: it ended before");
    assert_eq!(look(scene).await, seen, "{when}");
    if let Stop::Stall(fault) = stop {
        lab().await.cht.heal(&scene.namespace, fault);
    }

    scene.apply().await;
    is_upgraded(scene, TARGET, &when).await;
    assert_eq!(database(scene).await.log.len(), 1, "{when}: it was staged again");
    for image in images(scene).await {
        assert!(image.ends_with(TARGET), "{when}: {image}");
    }
    assert_eq!(look(scene).await.left, (false, false), "{when}");
    assert!(scene.plan().await.is_empty(), "{when}, there is still something to do");
    scene.destroy().await;
}

async fn look(scene: &Scene) -> Seen {
    let [deployment, service] = HEALTHCHECK;
    let swapped = async |deployment: &str| image(scene, deployment).await.ends_with(TARGET);
    let stays = async |kind: &Kind, name: &str| {
        let object = scene.object(kind, name).await;
        object.is_some_and(|object| object.metadata.deletion_timestamp.is_none())
    };
    Seen {
        log: database(scene).await.log.last().map_or("none", |entry| entry.state),
        swapped: (swapped("cht-couchdb").await, swapped("cht-api").await),
        left: (stays(&DEPLOYMENT, deployment).await, stays(&SERVICE, service).await),
    }
}
