//! Members that go: by deleting a Node, by asking for it, by stopping too many.

use crate::support::{DATA, Hosts, State};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_05_to_07_deleted_server_comes_back_only_without_its_data() {
    let hosts = Hosts::with_servers(3, 0).await;
    let (first, third) = (hosts.host(1), hosts.host(3));
    let member = third.read(&format!("{DATA}/server/db/etcd/name"));
    third.stop();
    first.said(&["kubectl", "delete", "node", "h3", "--timeout=60s"]);
    // Whoever leads has done it.
    let said = format!("{}{}", first.journal(), hosts.host(2).journal());
    assert!(said.contains(&format!("Removing name={member} ")), "{said}");

    // Row 6: it hangs, and says why.
    hosts.start(3, "server");
    third
        .until_said("the member has been permanently removed from the cluster")
        .await;
    third.until_said("data-dir").await;
    third.until_said("must be removed").await;
    third
        .until("the tombstone", || {
            third.has(&format!("{DATA}/server/db/etcd/tombstone"))
        })
        .await;
    assert_eq!(
        (third.state(), third.restarts()),
        (State::Activating, 0),
        "{}",
        third.journal()
    );

    // Row 7: without its data it joins again, under the same name and with its old node password.
    third.stop();
    third.remove(&format!("{DATA}/server/db"));
    hosts.start(3, "server");
    third.until_voter().await;
    assert_eq!(first.nodes(), ["h1", "h2", "h3"]);
    assert_ne!(third.read(&format!("{DATA}/server/db/etcd/name")), member);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_08_and_09_init_server_asked_to_leave_panics_until_it_is_told_to_join() {
    let hosts = Hosts::with_servers(3, 0).await;
    let (first, second) = (hosts.host(1), hosts.host(2));
    second.said(&["kubectl", "annotate", "node", "h1", "etcd.k3s.cattle.io/remove=true"]);
    first.until_said("panic: removed all voters").await;
    first
        .until("the unit to be started again and again", || first.restarts() > 2)
        .await;
    assert!(first.has(&format!("{DATA}/server/db/etcd/tombstone")));
    let removed = || {
        second
            .node("h1")
            .is_some_and(|node| node["metadata"]["annotations"]["etcd.k3s.cattle.io/removed-node-name"].is_string())
    };
    second.until("the result", removed).await;

    // Row 9: the right way.
    first.stop();
    second.said(&["kubectl", "delete", "node", "h1", "--timeout=60s"]);
    first.remove(&format!("{DATA}/server/db"));
    first.configure(&hosts.joining(2, ""));
    hosts.start(1, "server");
    first.until_voter().await;
    assert_eq!(first.nodes(), ["h1", "h2", "h3"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn init_server_of_1_35_0_that_was_asked_to_leave_is_a_second_cluster() {
    let Some(hosts) = Hosts::of_stand_in(2).await else {
        return;
    };
    hosts.host(1).install(&hosts.release("v1.35.0+k3s3"));
    hosts.start_first().await;
    hosts.join(2, "").await;
    hosts.host(2).until_voter().await;
    hosts
        .host(2)
        .said(&["kubectl", "annotate", "node", "h1", "etcd.k3s.cattle.io/remove=true"]);
    hosts
        .host(1)
        .until("a second cluster", || {
            hosts.host(1).restarts() > 0 && hosts.host(1).state() == State::Active
        })
        .await;
    hosts.host(1).until_ready().await;
    assert_eq!(hosts.host(1).nodes(), ["h1"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn running_server_whose_node_is_deleted_goes_down_and_joins_anew() {
    let hosts = Hosts::with_servers(3, 0).await;
    let third = hosts.host(3);
    hosts
        .host(1)
        .said(&["kubectl", "delete", "node", "h3", "--timeout=60s"]);
    third.until_said("This node has been removed from the cluster").await;
    third
        .until_said("tombstone file has been detected, removing data dir to rejoin the cluster")
        .await;
    third.until_voter().await;
    assert!(third.restarts() > 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_20_unit_without_a_quorum_is_active_and_not_healthy() {
    let hosts = Hosts::with_servers(3, 0).await;
    let third = hosts.host(3);
    third.until_voter().await;
    hosts.host(1).stop();
    hosts.host(2).stop();
    let readyz = || {
        String::from_utf8_lossy(
            &third
                .k3s(&["kubectl", "get", "--raw", "/readyz?verbose", "--request-timeout=10s"])
                .stderr,
        )
        .into_owned()
    };
    third
        .until("etcd to be missed", || readyz().contains("[-]etcd failed"))
        .await;
    assert_eq!(third.state(), State::Active);
    assert!(
        !third
            .k3s(&["kubectl", "get", "nodes", "--request-timeout=3s"])
            .status
            .success()
    );
    hosts.start(2, "server");
    third
        .until("the API to answer", || {
            third.k3s(&["kubectl", "get", "--raw", "/readyz"]).status.success()
        })
        .await;
    hosts.host(2).until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_that_lost_its_disk_without_being_deleted_is_refused() {
    let hosts = Hosts::with_servers(3, 0).await;
    let third = hosts.host(3);
    third.stop();
    third.remove(&format!("{DATA}/server/db"));
    hosts.start(3, "server");
    third
        .until_said("etcd cluster join failed: duplicate node name found")
        .await;
    assert_eq!(hosts.host(1).nodes(), ["h1", "h2", "h3"]);
}
