//! Upgrades: one server after the other, with another always there to answer.

use acceptance_tests::k3s::release;

use crate::support::{DATA, Hosts};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_10_servers_are_upgraded_one_by_one() {
    let hosts = Hosts::new(3).await;
    let [before, after] = ["v1.36.1+k3s1", "v1.36.2+k3s1"].map(|version| {
        let path = hosts.host(1).path(version);
        release::stamp(env!("CARGO_BIN_EXE_k3s").as_ref(), version, &path).unwrap();
        path
    });
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
        let [current, previous] =
            ["current", "previous"].map(|name| std::fs::read_link(host.path(&format!("{DATA}/data/{name}"))).unwrap());
        assert_ne!(current, previous);
    }
}
