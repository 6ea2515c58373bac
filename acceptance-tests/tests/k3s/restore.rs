//! Snapshots and the way back.

use serde_json::Value;

use crate::support::{DATA, Hosts};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_21_snapshot_is_restored_by_a_reset_that_ends_well_and_logs_an_error() {
    let hosts = Hosts::with_servers(3, 0).await;
    let (first, second) = (hosts.host(1), hosts.host(2));
    first.said(&["kubectl", "create", "namespace", "before"]);
    first.said(&["etcd-snapshot", "save", "--name", "cht"]);
    let listed: Value = serde_json::from_str(&first.said(&["etcd-snapshot", "ls", "-o", "json"])).unwrap();
    let location = listed["items"][0]["spec"]["location"].as_str().unwrap().to_owned();
    first.said(&["kubectl", "create", "namespace", "after"]);
    for n in 1..=3 {
        hosts.host(n).stop();
    }

    let path = location.strip_prefix("file://").unwrap();
    let restore = format!("--cluster-reset-restore-path={path}");
    let reset = first.k3s(&["server", "--cluster-reset", &restore]);
    let said = String::from_utf8_lossy(&reset.stderr);
    assert_eq!(reset.status.code(), Some(0), "{said}");
    let line = said.lines().find(|line| line.contains("membership has been reset"));
    assert!(line.is_some_and(|line| line.contains("level=error")), "{said}");
    assert!(first.has(&format!("{DATA}/server/db/reset-flag")));
    let again = first.k3s(&["server", "--cluster-reset", &restore]);
    assert!(!again.status.success());

    hosts.start(1, "server");
    first.until_ready().await;
    assert!(!first.has(&format!("{DATA}/server/db/reset-flag")));
    first.said(&["kubectl", "get", "namespace", "before"]);
    assert!(!first.k3s(&["kubectl", "get", "namespace", "after"]).status.success());

    second.remove(&format!("{DATA}/server/db"));
    hosts.start(2, "server");
    second.until_voter().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn snapshots_are_saved_listed_deleted_and_pruned() {
    let hosts = Hosts::with_servers(1, 0).await;
    let host = hosts.host(1);
    let names = || {
        let listed: Value = serde_json::from_str(&host.said(&["etcd-snapshot", "ls", "-o", "json"])).unwrap();
        let items = listed["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["spec"]["snapshotName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(names().is_empty());
    host.said(&["etcd-snapshot", "save"]);
    host.said(&["etcd-snapshot", "save", "--name", "cht"]);
    let saved = names();
    assert_eq!(saved.len(), 2);
    let own = saved.iter().find(|name| name.starts_with("cht-h1-")).unwrap();
    assert!(host.said(&["etcd-snapshot", "ls"]).contains(own.as_str()));
    host.said(&["etcd-snapshot", "delete", own]);
    assert_eq!(names().len(), 1);
    host.said(&["etcd-snapshot", "prune", "--snapshot-retention", "0"]);
    assert!(names().is_empty());
}
