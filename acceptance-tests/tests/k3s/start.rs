//! How a first server starts, and what it leaves on the disk.

use serde_json::Value;

use crate::support::{DATA, Hosts, State, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_01_unit_is_active_before_the_node_is_there() {
    let Some(hosts) = Hosts::of_stand_in(1).await else {
        return;
    };
    let host = hosts.host(1);
    // The moment between the two is short; here it lasts until the fault is gone.
    host.fault("no-node\n");
    host.configure(&format!("cluster-init: true\ntoken: {TOKEN}\n"));
    hosts.start(1, "server");
    host.until_active().await;
    assert_eq!(host.said(&["kubectl", "get", "--raw", "/readyz"]), "ok");
    assert!(host.nodes().is_empty());
    host.fault("");
    host.until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_03_node_says_how_it_was_started_and_masks_secrets() {
    let hosts = Hosts::with_servers(1, 0).await;
    let host = hosts.host(1);
    let node = host.node("h1").unwrap();
    let annotation = |key: &str| node["metadata"]["annotations"][key].as_str().unwrap().to_owned();
    let arguments: Vec<String> = serde_json::from_str(&annotation("k3s.io/node-args")).unwrap();
    assert_eq!(
        arguments[..5],
        ["server", "--cluster-init", "true", "--token", "********"]
    );
    assert!(!node.to_string().contains(TOKEN));
    let hash = annotation("k3s.io/node-config-hash");
    assert!(hash.len() == 56 && hash.ends_with("===="), "{hash}");

    // The file may change: what runs says so only after it was started again.
    let text = host.read("/etc/rancher/k3s/config.yaml");
    host.write(
        "/etc/rancher/k3s/config.yaml",
        &format!("{text}tls-san: [k3s.example]\n"),
    );
    assert_eq!(
        host.node("h1").unwrap()["metadata"]["annotations"]["k3s.io/node-config-hash"],
        *hash
    );
    hosts.restart(1, "server");
    let changed = || {
        host.node("h1")
            .is_some_and(|node| node["metadata"]["annotations"]["k3s.io/node-config-hash"] != *hash)
    };
    host.until("the hash to change", changed).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_lays_out_its_files_as_the_real_one() {
    let hosts = Hosts::with_servers(1, 0).await;
    let host = hosts.host(1);
    let server = |path: &str| format!("{DATA}/server/{path}");
    for path in [
        "token",
        "node-token",
        "agent-token",
        "cred/passwd",
        "tls/server-ca.crt",
        "db/etcd/name",
        "db/etcd/config",
        "db/etcd/member/wal",
    ] {
        assert!(host.has(&server(path)), "{path}");
    }
    assert!(host.read(&server("db/etcd/name")).starts_with("h1-"));
    assert!(host.has("/etc/rancher/node/password"));
    assert_eq!(host.mode("/etc/rancher/k3s/k3s.yaml"), 0o600);
    assert_eq!(host.mode(&server("token")), 0o600);
    let current = host.link(&format!("{DATA}/data/current"));
    assert!(current.contains(&format!("{DATA}/data/")), "{current}");
    assert!(host.has(&format!("{DATA}/data/current/bin/kubectl")));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_19_dotted_token_is_refused_by_a_first_server() {
    let hosts = Hosts::new(1).await;
    let host = hosts.host(1);
    host.configure("cluster-init: true\ntoken: abcdef.0123456789abcdef\n");
    hosts.start(1, "server");
    host.until_said("failed to normalize server token").await;
    host.until("the unit to be started again", || host.restarts() > 1).await;
    assert_eq!(host.state(), State::Activating);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_27_single_server_without_etcd_has_no_member() {
    let hosts = Hosts::new(1).await;
    let host = hosts.host(1);
    host.configure(&format!("token: {TOKEN}\n"));
    hosts.start(1, "server");
    host.until_ready().await;
    assert!(host.has(&format!("{DATA}/server/db/state.db")));
    assert!(!host.has(&format!("{DATA}/server/db/etcd")));
    let labels = &host.node("h1").unwrap()["metadata"]["labels"];
    assert_eq!(labels["node-role.kubernetes.io/control-plane"], "true");
    assert_eq!(labels["node-role.kubernetes.io/etcd"], Value::Null);
    assert_eq!(host.condition("h1", "EtcdIsVoter"), None);
    // It keeps what it stored.
    host.said(&["kubectl", "create", "namespace", "kept"]);
    hosts.restart(1, "server");
    host.until_ready().await;
    host.said(&["kubectl", "get", "namespace", "kept"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn version_is_what_the_file_says() {
    let Some(hosts) = Hosts::of_stand_in(1).await else {
        return;
    };
    let host = hosts.host(1);
    host.install(&hosts.release("v1.35.7+k3s2"));
    assert!(host.said(&["--version"]).starts_with("k3s version v1.35.7+k3s2 ("));
    hosts.start_first().await;
    assert_eq!(
        host.node("h1").unwrap()["status"]["nodeInfo"]["kubeletVersion"],
        "v1.35.7+k3s2"
    );
    let version: Value = serde_json::from_str(&host.said(&["kubectl", "get", "--raw", "/version"])).unwrap();
    assert_eq!(version["gitVersion"], "v1.35.7+k3s2");
}
