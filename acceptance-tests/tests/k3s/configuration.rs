//! What k3s makes of its configuration: keys that it does not know, and what counts at the first registration only.

use crate::support::{Hosts, State, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_warns_of_an_unknown_key_and_an_agent_ends() {
    let hosts = Hosts::new(2).await;
    let (server, agent) = (hosts.host(1), hosts.host(2));
    server.configure(&format!("cluster-init: true\ntoken: {TOKEN}\nno-such-key: 1\n"));
    hosts.start(1, "server");
    server.until_ready().await;
    assert!(
        server
            .journal()
            .contains("level=warning msg=\"Unknown flag --no-such-key found in config.yaml, skipping")
    );
    agent.configure(&hosts.joining(1, "no-such-key: 1\n"));
    hosts.start(2, "agent");
    agent.until_said("flag provided but not defined: -no-such-key").await;
    agent
        .until("the unit to be started again", || agent.restarts() > 1)
        .await;
    assert_eq!(agent.state(), State::Activating);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn command_warns_on_standard_error_of_keys_for_servers() {
    let hosts = Hosts::with_servers(1, 0).await;
    let output = hosts.host(1).k3s(&["etcd-snapshot", "ls", "-o", "json"]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("Unknown flag --cluster-init found in config.yaml, skipping"),
        "{complaint}"
    );
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn labels_and_taints_count_at_the_first_registration_only() {
    let hosts = Hosts::with_servers(1, 1).await;
    let (server, agent) = (hosts.host(1), hosts.host(2));
    let told = |zone: &str| {
        hosts.joining(
            1,
            &format!("node-label: [zone={zone}]\nnode-taint: [dedicated={zone}:NoSchedule]\n"),
        )
    };
    agent.configure(&told("a"));
    hosts.start(2, "agent");
    server
        .until("the node", || server.condition("h2", "Ready").is_some())
        .await;
    let args = || server.node("h2").unwrap()["metadata"]["annotations"]["k3s.io/node-args"].to_string();
    let first = args();
    agent.configure(&told("b"));
    hosts.restart(2, "agent");
    server.until("the new arguments", || args() != first).await;
    let node = server.node("h2").unwrap();
    assert_eq!(node["metadata"]["labels"]["zone"], "a");
    assert_eq!(node["spec"]["taints"][0]["value"], "a");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn provider_id_and_external_cloud_provider_are_seen_on_the_node() {
    let hosts = Hosts::new(2).await;
    let cloud = "kubelet-arg: [cloud-provider=external, provider-id=vsphere://42]\n";
    let server = hosts.host(1);
    server.configure(&format!(
        "cluster-init: true\ntoken: {TOKEN}\ndisable-cloud-controller: true\n{cloud}"
    ));
    hosts.start(1, "server");
    server.until_ready().await;
    hosts.host(2).configure(&hosts.joining(1, cloud));
    hosts.start(2, "agent");
    server.until("the node", || server.node("h2").is_some()).await;
    for name in ["h1", "h2"] {
        let node = server.node(name).unwrap();
        assert_eq!(node["spec"]["providerID"], "vsphere://42");
        assert_eq!(
            node["spec"]["taints"][0]["key"],
            "node.cloudprovider.kubernetes.io/uninitialized"
        );
    }
}
