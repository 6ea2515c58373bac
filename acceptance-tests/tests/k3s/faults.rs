//! The faults that a test can ask for.

use crate::support::{Hosts, State, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_fails_with_the_text_that_was_asked_for() {
    let Some(hosts) = Hosts::of_stand_in(1).await else {
        return;
    };
    let host = hosts.host(1);
    host.fault("fatal=the disk is on fire\n");
    host.configure(&format!("cluster-init: true\ntoken: {TOKEN}\n"));
    let output = host.k3s(&["server"]);
    assert_eq!(output.status.code(), Some(1));
    host.fault("fatal=the disk is on fire\nexit=0\n");
    assert_eq!(host.k3s(&["server"]).status.code(), Some(0));
    hosts.start(1, "server");
    host.until_said("level=fatal msg=\"the disk is on fire\"").await;
    host.until("the unit to be started again", || host.restarts() > 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_is_up_and_nobody_is_told() {
    let Some(hosts) = Hosts::of_stand_in(1).await else {
        return;
    };
    let host = hosts.host(1);
    host.fault("no-notify\nslow-start=1\n");
    host.configure(&format!("cluster-init: true\ntoken: {TOKEN}\n"));
    hosts.start(1, "server");
    host.until("the node to be ready", || {
        host.condition("h1", "Ready").as_deref() == Some("True")
    })
    .await;
    assert_eq!(host.state(), State::Activating);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn healthy_server_turns_sick_and_healthy_again() {
    let Some(hosts) = Hosts::of_stand_in(1).await else {
        return;
    };
    hosts.start_first().await;
    let host = hosts.host(1);
    host.fault("never-ready\n");
    host.until("the node not to be ready", || {
        host.condition("h1", "Ready").as_deref() == Some("False")
    })
    .await;
    host.fault("api-500\n");
    let output = host.k3s(&["kubectl", "get", "--raw", "/readyz"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("[-]etcd failed"));
    host.fault("api-silent\n");
    assert!(
        !host
            .k3s(&["kubectl", "get", "nodes", "--request-timeout=1s"])
            .status
            .success()
    );
    host.fault("command-fails=etcd-snapshot\n");
    assert!(!host.k3s(&["etcd-snapshot", "save"]).status.success());
    host.fault("");
    host.until_ready().await;
}
