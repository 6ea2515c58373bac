//! What goes wrong: a disk that is lost, a run that is killed, a server that cannot start.

use std::time::Duration;

use acceptance_tests::cluster::wait;
use acceptance_tests::k3s::faults;
use terraform_provider_cht::k3s::marker::Phase;
use terraform_provider_cht::k3s::token::Token;

use crate::support::{Lab, NEW, Wanted, run};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_server_whose_disk_is_lost_joins_anew_and_one_that_is_gone_is_forgotten() {
    let Some(lab) = Lab::start(3).await else { return };
    let wanted = Wanted::servers(&[1, 2, 3]);
    lab.converge(&wanted).await;
    lab.hosts[0].replace().await.unwrap();
    let wanted = wanted.again();
    let plan = lab.fleet(&wanted).plan(&lab.fleet(&wanted).look().await);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let mut steps = lab.converge(&wanted).await;
    // A machine that is replaced quickly is not missed yet.
    steps.retain(|step| step != "wait until h1 answers or is missed");
    assert_eq!(steps[0], "delete the node h1 through h2", "{steps:#?}");
    assert!(steps[1].starts_with("join h1 through h"), "{steps:#?}");
    let looked = lab.fleet(&wanted).look().await;
    for name in ["h1", "h2", "h3"] {
        assert!(looked.is_healthy(name), "{name}");
    }
    assert!(lab.converge(&wanted).await.is_empty(), "nothing is left to do");

    lab.hosts[2].power_off().unwrap();
    let looked = lab.fleet(&wanted).look().await;
    assert_eq!(looked.failures().map(|(name, _)| name).collect::<Vec<_>>(), ["h3"]);
    let fewer = Wanted {
        servers: vec![1, 2],
        ..wanted
    };
    let steps = lab.converge(&fewer).await;
    assert!(
        steps.iter().any(|step| step.starts_with("delete the node h3")),
        "{steps:#?}"
    );
    assert!(lab.fleet(&fewer).look().await.node("h3").is_none());
}

/// When a server was given another token than its file has.
const GIVEN_A_TOKEN: &str =
    "[ $(sed 's/.*://' /var/lib/rancher/k3s/server/token) != $(sed 's/.*://' /etc/rancher/k3s/token) ]";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_token_that_was_lost_with_a_killed_run_is_changed_once_more() {
    let Some(lab) = Lab::start(3).await else { return };
    let wanted = Wanted::servers(&[1, 2, 3]);
    lab.converge(&wanted).await;
    let with = |token: &Token| Wanted {
        token: Some(token.clone()),
        ..wanted.again()
    };
    let (lost, kept) = (Token::generate(), Token::generate());
    kill(&lab, &with(&lost), 1, GIVEN_A_TOKEN).await;
    let steps = lab.converge(&with(&kept)).await;
    assert_eq!(
        steps.iter().filter(|step| *step == "change the token on h1").count(),
        1,
        "{steps:#?}"
    );
    for number in [1, 2, 3] {
        let tokens = lab.host(number).tokens().await.unwrap();
        for token in [tokens.server, tokens.cluster] {
            assert_eq!(token.map(|token| token.sha256()), Some(kept.sha256()), "h{number}");
        }
    }
    assert!(lab.converge(&with(&kept)).await.is_empty(), "nothing is left to do");
}

/// Where a run is killed: when this is true on a host.
const KILLED_WHEN: [(usize, &str); 5] = [
    (1, "test -e /etc/rancher/k3s/cht.json"),
    (1, "systemctl is-active k3s"),
    (2, "grep -q joining /etc/rancher/k3s/cht.json"),
    (2, "test -e /etc/systemd/system/k3s.service"),
    (3, "test -d /var/lib/rancher/k3s/server/db/etcd"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_run_that_is_killed_is_continued_by_the_next() {
    let Some(lab) = Lab::start(3).await else { return };
    let wanted = Wanted::servers(&[1, 2, 3]);
    for (number, when) in KILLED_WHEN {
        kill(&lab, &wanted, number, when).await;
    }
    lab.converge(&wanted).await;
    let looked = lab.fleet(&wanted).look().await;
    for name in ["h1", "h2", "h3"] {
        assert!(looked.is_healthy(name), "{name}");
        assert_eq!(
            looked.state(name).unwrap().marker.as_ref().unwrap().phase,
            Phase::Joined
        );
    }
    let authorities = looked
        .hosts
        .values()
        .map(|probed| probed.as_ref().unwrap().state.ca_sha256.clone());
    let mut authorities: Vec<_> = authorities.collect();
    authorities.dedup();
    assert_eq!(authorities.len(), 1, "one cluster was begun");

    let upgraded = Wanted {
        version: NEW,
        ..wanted.again()
    };
    kill(&lab, &upgraded, 2, "k3s --version | grep -q v1.36.3").await;
    lab.converge(&upgraded).await;
    assert!(lab.converge(&upgraded).await.is_empty(), "nothing is left to do");
    let looked = lab.fleet(&upgraded).look().await;
    assert!(
        looked.nodes().unwrap().iter().all(|node| !node.unschedulable),
        "no cordon is left behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_server_that_cannot_start_ends_the_run_with_what_its_journal_says() {
    let Some(lab) = Lab::start(2).await else { return };
    lab.converge(&Wanted::servers(&[1])).await;
    let text = "critical configuration value mismatch between servers";
    let fault = format!("mkdir -p $(dirname {0}); echo 'fatal={text}' > {0}", faults::FILE);
    lab.hosts[1].exec(&fault).await.unwrap();
    let wanted = Wanted::servers(&[1, 2]).again();
    let fleet = lab.fleet(&wanted);
    let (result, steps) = run(&fleet).await;
    let said = fleet.diagnose(result.unwrap_err()).to_string();
    for part in [
        "k3s does not start",
        text,
        "Give all servers the same values",
        "join h2 through h1",
        "goes on from there",
    ] {
        assert!(said.contains(part), "{part} is missing after {steps:?}: {said}");
    }
    lab.hosts[1].exec(&format!("rm {}", faults::FILE)).await.unwrap();
    lab.converge(&wanted).await;
    assert!(fleet.look().await.is_healthy("h2"));
}

/// Begins a run and drops it when a command succeeds on a host.
async fn kill(lab: &Lab, wanted: &Wanted, number: usize, when: &str) {
    let host = &lab.hosts[number - 1];
    let is_time = async || host.exec(when).await.map(drop).map_err(|error| error.to_string());
    let fleet = lab.fleet(wanted);
    tokio::select! {
        (result, steps) = run(&fleet) => panic!("it was not killed when {when} on h{number}: {result:?} after {steps:?}"),
        waited = wait::until("the time to kill", Duration::from_secs(300), is_time) => waited.unwrap(),
    }
}
