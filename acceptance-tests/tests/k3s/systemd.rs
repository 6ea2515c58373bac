//! What needs a real systemd: a start that never returns, what a unit leaves behind, and a reboot.

use crate::support::{DATA, Hosts, State};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_01_to_07_hold_under_systemd() {
    let Some(hosts) = Hosts::with_systemd(4).await else {
        return;
    };
    hosts.start_first().await;
    for n in [2, 3] {
        hosts.join(n, "").await;
        hosts.host(n).until_voter().await;
    }
    let (first, second) = (hosts.host(1), hosts.host(2));
    hosts.host(4).configure(&hosts.joining(1, ""));
    hosts.start(4, "agent");
    let agent = || first.condition("h4", "Ready").as_deref() == Some("True");
    first.until("the agent to be ready", agent).await;
    let exe = "readlink /proc/$(systemctl show k3s --property MainPID --value)/exe";
    let exe = first.machine().exec(exe).await.unwrap();
    let current = first.link(&format!("{DATA}/data/current"));
    assert!(exe.starts_with(&current), "{exe} is not below {current}");

    // Row 6: the start of a removed server never returns, so nobody must wait for it.
    second.stop();
    let left = second.machine().exec("pgrep -l 'etcd|kube-' || true").await.unwrap();
    assert_eq!(
        left, "",
        "the peers end with the unit, which kills its main process alone"
    );
    first.said(&["kubectl", "delete", "node", "h2", "--timeout=60s"]);
    hosts.start(2, "server");
    second.until_said("permanently removed from the cluster").await;
    let start = second
        .machine()
        .exec("timeout 5 systemctl start k3s || echo $?")
        .await
        .unwrap();
    assert_eq!(start.trim(), "124");
    assert_eq!((second.state(), second.restarts()), (State::Activating, 0));

    // Row 7.
    second.stop();
    second.remove(&format!("{DATA}/server/db"));
    hosts.start(2, "server");
    second.until_voter().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_25_rebooted_hosts_come_back_by_themselves() {
    let Some(hosts) = Hosts::with_systemd(2).await else {
        return;
    };
    hosts.start_first().await;
    let (server, agent) = (hosts.host(1), hosts.host(2));
    agent.configure(&hosts.joining(1, ""));
    hosts.start(2, "agent");
    agent.until_active().await;
    server.until("the node", || server.node("h2").is_some()).await;
    let boot = || {
        server
            .node("h2")
            .map(|node| node["status"]["nodeInfo"]["bootID"].to_string())
    };
    assert!(boot().is_some());
    for host in [agent, server] {
        host.machine().reboot().await.unwrap();
        host.until_active().await;
    }
    server.until_ready().await;
    server.until_voter().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_19_fatal_server_is_restarted_again_and_again() {
    let Some(hosts) = Hosts::with_systemd(1).await else {
        return;
    };
    let host = hosts.host(1);
    host.configure("cluster-init: true\ntoken: abcdef.0123456789abcdef\n");
    hosts.start(1, "server");
    host.until("the unit to be started again", || host.restarts() > 1).await;
    assert_eq!(host.state(), State::Activating);
    assert!(host.journal().contains("failed to normalize server token"));
}
