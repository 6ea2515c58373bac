//! Servers that join: one learner at a time, the same critical values, and what a joiner does while there is nobody to
//! join.

use crate::support::{DATA, Hosts, State, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_02_servers_that_join_at_once_become_voters_one_after_the_other() {
    let hosts = Hosts::with_servers(1, 3).await;
    for n in [2, 3] {
        hosts.host(n).configure(&hosts.joining(1, ""));
        hosts.start(n, "server");
    }
    hosts.host(4).configure(&hosts.joining(1, ""));
    hosts.start(4, "agent");
    for n in [2, 3] {
        hosts.host(n).until_ready().await;
        hosts.host(n).until_voter().await;
    }
    let first = hosts.host(1);
    first
        .until("the agent to be ready", || {
            first.condition("h4", "Ready").as_deref() == Some("True")
        })
        .await;
    let said = format!("{}{}", hosts.host(2).journal(), hosts.host(3).journal());
    assert!(said.contains("not yet been promoted from learner"), "{said}");
    assert_eq!(hosts.host(4).restarts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn only_one_learner_is_taken_in() {
    let Some(hosts) = Hosts::of_stand_in(3).await else {
        return;
    };
    hosts.start_first().await;
    // The first is the leader, and does not promote.
    hosts.host(1).fault("never-promoted\n");
    hosts.host(2).configure(&hosts.joining(1, ""));
    hosts.start(2, "server");
    hosts.host(2).until_said("not yet been promoted from learner").await;
    hosts.host(3).configure(&hosts.joining(1, ""));
    hosts.start(3, "server");
    hosts.host(3).until_said("etcd cluster join failed").await;
    hosts.host(3).until_said("too many learner").await;
    assert_eq!(hosts.host(2).state(), State::Activating);
    hosts.host(1).fault("");
    for n in [2, 3] {
        hosts.host(n).until_voter().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_16_server_keeps_trying_while_the_first_is_unreachable() {
    let hosts = Hosts::with_servers(1, 1).await;
    hosts.host(1).stop();
    hosts.host(2).configure(&hosts.joining(1, ""));
    hosts.start(2, "server");
    hosts.host(2).until_said("failed to get CA certs").await;
    hosts
        .host(2)
        .until("the unit to be started again", || hosts.host(2).restarts() > 1)
        .await;
    assert!(hosts.host(2).journal().contains("level=fatal"));
    hosts.start(1, "server");
    hosts.host(2).until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_17_other_critical_values_keep_a_server_out() {
    let hosts = Hosts::with_servers(1, 1).await;
    let host = hosts.host(2);
    host.configure(&hosts.joining(1, "flannel-backend: host-gw\ndisable-network-policy: true\n"));
    hosts.start(2, "server");
    host.until_said("critical configuration value mismatch between servers")
        .await;
    let said = host.journal();
    for key in ["flannel-backend", "disable-network-policy"] {
        assert!(
            said.contains(&format!("critical configuration mismatched: {key}")),
            "{said}"
        );
    }
    assert_eq!(hosts.host(1).nodes(), ["h1"]);
    assert!(!host.has(&format!("{DATA}/server/db/etcd/member")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_18_server_with_data_starts_with_other_critical_values() {
    let hosts = Hosts::with_servers(2, 0).await;
    let host = hosts.host(2);
    host.configure(&hosts.joining(1, "flannel-backend: host-gw\n"));
    hosts.restart(2, "server");
    host.until_ready().await;
    assert!(!host.journal().contains("critical configuration"), "{}", host.journal());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn data_on_disk_beats_what_the_configuration_says() {
    let hosts = Hosts::with_servers(2, 0).await;
    // The second is told to be a cluster of its own, the first to join a server that does not exist.
    hosts
        .host(2)
        .configure(&format!("cluster-init: true\ntoken: {TOKEN}\n"));
    hosts.restart(2, "server");
    hosts.host(2).until_ready().await;
    assert_eq!(hosts.host(2).nodes(), ["h1", "h2"]);
    hosts
        .host(1)
        .configure(&format!("server: https://127.0.0.1:9\ntoken: {TOKEN}\n"));
    hosts.restart(1, "server");
    hosts.host(1).until_ready().await;
    hosts.host(1).until_voter().await;
    assert_eq!(hosts.host(1).nodes(), ["h1", "h2"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn name_of_another_server_is_refused() {
    let hosts = Hosts::with_servers(1, 1).await;
    let host = hosts.host(2);
    host.configure(&hosts.joining(1, ""));
    let text = host.read("/etc/rancher/k3s/config.yaml");
    let others = text.replace("node-name: h2\n", "");
    host.write("/etc/rancher/k3s/config.yaml", &format!("{others}node-name: h1\n"));
    hosts.start(2, "server");
    host.until_said("duplicate node name found, please use a unique name for this node")
        .await;
}
