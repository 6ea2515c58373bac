//! Upgrades: one server after the other, with another always there to answer.

use crate::support::{DATA, Hosts};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_10_servers_are_upgraded_one_by_one() {
    let Some(hosts) = Hosts::of_stand_in(3).await else {
        return;
    };
    let [before, after] = ["v1.36.1+k3s1", "v1.36.2+k3s1"].map(|version| hosts.release(version));
    for n in 1..=3 {
        hosts.host(n).install(&before);
    }
    hosts.start_first().await;
    for n in [2, 3] {
        hosts.join(n, "").await;
        hosts.host(n).until_voter().await;
    }
    for n in 1..=3 {
        let (host, other) = (hosts.host(n), hosts.host(n % 3 + 1));
        host.install(&after);
        // The file is new; what runs is not.
        let version = || {
            other
                .node(&host.name)
                .map(|node| node["status"]["nodeInfo"]["kubeletVersion"].to_string())
        };
        assert!(host.said(&["--version"]).contains("v1.36.2+k3s1"));
        assert_eq!(version().as_deref(), Some("\"v1.36.1+k3s1\""));
        host.stop();
        assert_eq!(other.said(&["kubectl", "get", "--raw", "/readyz"]), "ok");
        hosts.start(n, "server");
        host.until("the new version", || version().as_deref() == Some("\"v1.36.2+k3s1\""))
            .await;
        host.until_voter().await;
        let [current, previous] = ["current", "previous"].map(|name| host.link(&format!("{DATA}/data/{name}")));
        assert_ne!(current, previous);
    }
}
