//! Rotation of the keys that encrypt secrets: the servers differ until each was started again.

use crate::support::{Hosts, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_22_servers_differ_after_a_rotation_until_they_were_restarted() {
    let hosts = Hosts::new(2).await;
    let first = hosts.host(1);
    first.configure(&format!(
        "cluster-init: true\ntoken: {TOKEN}\nsecrets-encryption: true\n"
    ));
    hosts.start(1, "server");
    first.until_ready().await;
    hosts.join(2, "secrets-encryption: true\n").await;
    let status = || first.said(&["secrets-encrypt", "status"]);
    first
        .until("the hashes", || status().contains("All hashes match"))
        .await;
    assert!(status().contains("Current Rotation Stage: start"), "{}", status());

    first.said(&["secrets-encrypt", "rotate-keys"]);
    let said = status();
    assert!(said.contains("Current Rotation Stage: reencrypt_finished"), "{said}");
    assert!(said.contains("hash does not match between h1 and h2"), "{said}");
    hosts.restart(2, "server");
    hosts.host(2).until_ready().await;
    first
        .until("the hashes", || status().contains("All hashes match"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn encryption_that_was_never_asked_for_is_off() {
    let hosts = Hosts::with_servers(1, 0).await;
    let said = hosts.host(1).said(&["secrets-encrypt", "status"]);
    assert_eq!(said, "Encryption Status: Disabled, no configuration file found\n");
}
