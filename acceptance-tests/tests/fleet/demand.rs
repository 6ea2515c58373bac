//! What is done on demand only: a snapshot brought back, new keys for the encryption of Secrets.

use std::time::Duration;

use acceptance_tests::cluster::wait;
use terraform_provider_cht::k3s::fleet::Restore;
use terraform_provider_cht::k3s::rollout::encryption::Encryption;

use crate::support::{Lab, Wanted, run, scope};

/// Makes an object, or asks for it: it is there or not.
const MAKE: &str = "k3s kubectl create namespace";
const FIND: &str = "k3s kubectl get --raw /api/v1/namespaces/";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_snapshot_brings_back_what_was_there_when_it_was_taken() {
    let Some(lab) = Lab::start(3).await else { return };
    let wanted = Wanted::servers(&[1, 2, 3]);
    lab.converge(&wanted).await;
    let wanted = wanted.again();
    lab.hosts[0].exec(&format!("{MAKE} before")).await.unwrap();
    lab.host(2).save_snapshot("kept").await.unwrap();
    lab.hosts[0].exec(&format!("{MAKE} after")).await.unwrap();
    let snapshots = lab.host(2).snapshots().await.unwrap();
    let snapshot = snapshots
        .iter()
        .find(|snapshot| snapshot.name.starts_with("kept"))
        .unwrap();
    let restore = Restore {
        on: "h2".to_owned(),
        snapshot: snapshot.location.trim_start_matches("file://").to_owned(),
        token: None,
    };
    let fleet = lab.fleet(&wanted);
    let looked = match fleet.restore(&scope().await, &fleet.look().await, &restore).await {
        Ok(looked) => looked,
        Err(stopped) => panic!("{}", fleet.diagnose(stopped)),
    };
    for name in ["h1", "h2", "h3"] {
        assert!(looked.is_healthy(name), "{name}");
        let marker = looked.state(name).unwrap().marker.clone().unwrap();
        assert!(!marker.restoring, "{name}");
    }
    lab.hosts[2].exec(&format!("{FIND}before")).await.unwrap();
    lab.hosts[2].exec(&format!("{FIND}after")).await.unwrap_err();
    assert_eq!(
        lab.converge(&wanted).await,
        ["write the files of h2"],
        "it is not the first one any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_restore_that_failed_keeps_all_servers_down_until_it_is_done() {
    let Some(lab) = Lab::start(2).await else { return };
    let wanted = Wanted::servers(&[1, 2]);
    lab.converge(&wanted).await;
    let wanted = wanted.again();
    lab.host(1).save_snapshot("kept").await.unwrap();
    let mut restore = Restore {
        on: "h1".to_owned(),
        snapshot: "/nowhere/kept".to_owned(),
        token: None,
    };
    let fleet = lab.fleet(&wanted);
    let stopped = fleet
        .restore(&scope().await, &fleet.look().await, &restore)
        .await
        .unwrap_err();
    let said = fleet.diagnose(stopped).to_string();
    assert!(
        said.contains("there is no snapshot /nowhere/kept on the host"),
        "{said}"
    );
    let (result, _) = run(&fleet).await;
    let said = fleet.diagnose(result.unwrap_err()).to_string();
    assert!(said.contains("apply again with `restore_from` as it was"), "{said}");
    let listed = lab.hosts[0]
        .exec("ls /var/lib/rancher/k3s/server/db/snapshots/kept*")
        .await
        .unwrap();
    restore.snapshot = listed.trim().to_owned();
    if let Err(stopped) = fleet.restore(&scope().await, &fleet.look().await, &restore).await {
        panic!("{}", fleet.diagnose(stopped));
    }
    assert_eq!(lab.converge(&wanted).await, ["write the files of h1"]);
    assert!(lab.converge(&wanted).await.is_empty(), "nothing is left to do");
}

/// When the node of a server that only the snapshot knows is being deleted.
const IS_FORGOTTEN: &str = "k3s kubectl get node h2 -o 'jsonpath={.metadata.deletionTimestamp}' | grep -q .";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_restore_that_was_killed_while_it_forgot_servers_is_begun_anew() {
    let Some(lab) = Lab::start(2).await else { return };
    lab.converge(&Wanted::servers(&[1, 2])).await;
    let first = &lab.hosts[0];
    // What holds the node holds it in the snapshot, too.
    let held = r#"[{"op": "add", "path": "/metadata/finalizers/-", "value": "cht.example/held"}]"#;
    let hold = format!("k3s kubectl patch node h2 --type json --patch '{held}'");
    first.exec(&hold).await.unwrap();
    lab.host(1).save_snapshot("kept").await.unwrap();
    let listed = first.exec("ls /var/lib/rancher/k3s/server/db/snapshots/kept*").await;
    let restore = Restore {
        on: "h1".to_owned(),
        snapshot: listed.unwrap().trim().to_owned(),
        token: None,
    };
    lab.hosts[1].power_off().unwrap();
    let one = Wanted::servers(&[1]).again();
    let waits_for = async |script: &str| {
        let is_so = async || first.exec(script).await.map(drop).map_err(|error| error.to_string());
        wait::until(script, Duration::from_secs(300), is_so).await.unwrap();
    };
    {
        let (fleet, scope) = (lab.fleet(&one), scope().await);
        let before = fleet.look().await;
        tokio::select! {
            ended = fleet.restore(&scope, &before, &restore) => panic!("it was not killed: {ended:?}"),
            () = waits_for(IS_FORGOTTEN) => {}
        }
    }
    let fleet = lab.fleet(&one);
    let (result, _) = run(&fleet).await;
    let said = fleet.diagnose(result.unwrap_err()).to_string();
    assert!(said.contains("apply again with `restore_from` as it was"), "{said}");

    let let_go = r#"k3s kubectl patch node h2 --type merge --patch '{"metadata": {"finalizers": null}}'"#;
    // What was let go before is held again in the snapshot.
    let let_go = format!("{IS_FORGOTTEN} && {let_go}; false");
    let (scope, before) = (scope().await, fleet.look().await);
    tokio::select! {
        restored = fleet.restore(&scope, &before, &restore) => {
            if let Err(stopped) = restored {
                panic!("{}", fleet.diagnose(stopped));
            }
        }
        () = waits_for(&let_go) => panic!("it never ends"),
    }
    lab.converge(&one).await;
    let looked = lab.fleet(&one).look().await;
    assert!(looked.is_healthy("h1") && looked.node("h2").is_none());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn keys_are_not_changed_where_nothing_is_encrypted() {
    let Some(lab) = Lab::start(1).await else { return };
    let wanted = Wanted::servers(&[1]);
    lab.converge(&wanted).await;
    let fleet = lab.fleet(&wanted.again());
    let said = fleet
        .rotate_keys(&scope().await, &fleet.look().await)
        .await
        .unwrap_err();
    let said = fleet.diagnose(said).to_string();
    assert!(said.contains("set `secrets_encryption`"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn keys_are_changed_where_secrets_are_encrypted() {
    let Some(lab) = Lab::start(2).await else { return };
    let wanted = Wanted {
        encrypted: true,
        ..Wanted::servers(&[1, 2])
    };
    lab.converge(&wanted).await;
    let wanted = wanted.again();
    let fleet = lab.fleet(&wanted);
    if let Err(stopped) = fleet.rotate_keys(&scope().await, &fleet.look().await).await {
        panic!("{}", fleet.diagnose(stopped));
    }
    let finished = Encryption {
        enable: true,
        stage: "reencrypt_finished".to_owned(),
        hashes_match: true,
    };
    for number in [1, 2] {
        assert_eq!(lab.host(number).encryption().await.unwrap(), finished);
    }
    assert!(lab.converge(&wanted).await.is_empty(), "nothing is left to do");
}
