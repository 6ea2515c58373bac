//! Agents: what they need to join, and what they no longer need once they have joined.

use crate::support::{DATA, Hosts, State, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_13_agent_with_the_hash_of_another_ca_waits() {
    let hosts = Hosts::with_servers(1, 1).await;
    let agent = hosts.host(2);
    agent.configure(&hosts.joining(1, &format!("token: K10{}::node:{TOKEN}\n", "0".repeat(64))));
    hosts.start(2, "agent");
    agent.until_said("token CA hash does not match").await;
    assert_eq!((agent.state(), agent.restarts()), (State::Activating, 0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_14_agent_that_has_joined_does_not_need_its_token() {
    let hosts = Hosts::with_servers(1, 1).await;
    let (server, agent) = (hosts.host(1), hosts.host(2));
    agent.configure(&hosts.joining(1, ""));
    hosts.start(2, "agent");
    agent.until_active().await;
    server
        .until("the node", || {
            server.condition("h2", "Ready").as_deref() == Some("True")
        })
        .await;
    agent.configure(&hosts.joining(1, "token: wrong\n"));
    hosts.restart(2, "agent");
    agent.until_active().await;

    // One that has not is told off, and waits.
    agent.stop();
    agent.remove(&format!("{DATA}/agent"));
    hosts.start(2, "agent");
    agent.until_said("not authorized").await;
    assert_eq!(agent.state(), State::Activating);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_15_host_that_lost_its_node_password_waits_for_its_node_to_be_deleted() {
    let hosts = Hosts::with_servers(1, 1).await;
    let (server, agent) = (hosts.host(1), hosts.host(2));
    agent.configure(&hosts.joining(1, ""));
    hosts.start(2, "agent");
    agent.until_active().await;
    server.until("the node", || server.node("h2").is_some()).await;
    agent.stop();
    for path in ["/etc/rancher/node/password", &format!("{DATA}/agent")] {
        agent.remove(path);
    }
    hosts.start(2, "agent");
    agent.until_said("Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry").await;
    assert_eq!(agent.state(), State::Activating);
    server.said(&["kubectl", "delete", "node", "h2", "--timeout=60s"]);
    agent.until_active().await;
    server
        .until("the node", || {
            server.condition("h2", "Ready").as_deref() == Some("True")
        })
        .await;
    assert_eq!(agent.restarts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn agent_keeps_to_another_server_when_its_own_is_gone() {
    let hosts = Hosts::with_servers(3, 1).await;
    let agent = hosts.host(4);
    agent.configure(&hosts.joining(1, ""));
    hosts.start(4, "agent");
    agent.until_active().await;
    let list = format!("{DATA}/agent/etc/k3s-agent-load-balancer.json");
    let third = format!("{}:6443", hosts.host(3).address);
    agent
        .until("the list of servers", || {
            agent.has(&list) && agent.read(&list).contains(&third)
        })
        .await;
    hosts.host(3).until_voter().await;
    hosts.host(1).stop();
    let beat = || {
        hosts.host(2).node("h4").and_then(|node| {
            let conditions = node["status"]["conditions"].as_array()?.clone();
            Some(conditions.iter().find(|condition| condition["type"] == "Ready")?["lastHeartbeatTime"].to_string())
        })
    };
    hosts.host(2).until("an answer", || beat().is_some()).await;
    let before = beat();
    hosts
        .host(2)
        .until("another heartbeat", || beat().is_some_and(|now| Some(now) != before))
        .await;
}
