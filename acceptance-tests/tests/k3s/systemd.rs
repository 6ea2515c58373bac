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
async fn pods_volumes_and_ingresses_are_looked_after_on_servers_and_agents() {
    const WORKLOAD: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "each"}, "spec": {
            "selector": {"matchLabels": {"app": "each"}},
            "template": {"metadata": {"labels": {"app": "each"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {
            "containers": [{"name": "a", "image": "a:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "door"}, "spec": {
            "ingressClassName": "traefik",
            "defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}}}
    ]}"#;
    let Some(hosts) = Hosts::with_systemd(2).await else {
        return;
    };
    hosts.start_first().await;
    let (server, agent) = (hosts.host(1), hosts.host(2));
    agent.configure(&hosts.joining(1, ""));
    hosts.start(2, "agent");
    server
        .until("the node", || {
            server.condition("h2", "Ready").as_deref() == Some("True")
        })
        .await;
    server.write("/srv/workload.json", WORKLOAD);
    server.said(&["kubectl", "apply", "-f", "/srv/workload.json"]);
    let says =
        |object: &str, path: &str| server.said(&["kubectl", "get", object, "-o", &format!("jsonpath={{{path}}}")]);
    server
        .until("a pod on each node", || {
            says("daemonset/each", ".status.numberReady") == "2"
        })
        .await;
    server
        .until("the pod with a volume", || {
            says("pod/one", ".status.phase") == "Running"
        })
        .await;
    assert_eq!(says("pvc/data", ".status.phase"), "Bound");
    assert_eq!(says("pvc/data", ".spec.storageClassName"), "local-path");
    let address = || says("ingress/door", ".status.loadBalancer.ingress[0].ip");
    server
        .until("the address of the ingress", || address() == server.address.to_string())
        .await;
    // Nodes are not kwok's: they say so themselves when they are gone.
    agent.stop();
    server.said(&["kubectl", "delete", "pod", "one", "--timeout=30s"]);
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
