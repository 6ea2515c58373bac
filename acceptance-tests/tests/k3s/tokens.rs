//! Tokens of servers: their forms, what opens which door, and rotation with its trap.

use aws_lc_rs::digest::{SHA256, digest};

use crate::support::{DATA, Hosts, TOKEN};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn secure_token_carries_the_hash_of_the_ca() {
    let hosts = Hosts::with_servers(1, 1).await;
    let first = hosts.host(1);
    let token = first.read(&format!("{DATA}/server/token"));
    let ca = first.read(&format!("{DATA}/server/tls/server-ca.crt"));
    let digest = digest(&SHA256, ca.as_bytes());
    let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(token.trim(), format!("K10{hash}::server:{TOKEN}"));
    hosts.join(2, &format!("token: {token}")).await;
    hosts.host(2).until_voter().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn supervisor_asks_for_a_password_and_tells_the_two_apart() {
    let hosts = Hosts::new(1).await;
    let host = hosts.host(1);
    host.configure(&format!("cluster-init: true\ntoken: {TOKEN}\nagent-token: agents\n"));
    hosts.start(1, "server");
    host.until_ready().await;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let ask = async |path: &str, who: Option<(&str, &str)>| {
        let mut request = http.get(format!("{}{path}", host.url()));
        if let Some((user, password)) = who {
            request = request.basic_auth(user, Some(password));
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask("/ping", None).await, (200, "pong".to_owned()));
    let ca = host.read(&format!("{DATA}/server/tls/server-ca.crt"));
    assert_eq!(ask("/cacerts", None).await, (200, ca));
    for (path, who, status) in [
        ("/v1-k3s/config", None, 403),
        ("/v1-k3s/config", Some(("node", "agents")), 200),
        ("/v1-k3s/config", Some(("node", "wrong")), 401),
        ("/v1-k3s/encrypt/status", Some(("node", "agents")), 403),
        ("/v1-k3s/encrypt/status", Some(("server", TOKEN)), 200),
        ("/v1-k3s/server-bootstrap", Some(("server", "agents")), 401),
        ("/readyz", None, 401),
    ] {
        assert_eq!(ask(path, who).await.0, status, "{path} as {who:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_with_a_wrong_password_or_another_ca_is_not_taken_in() {
    let hosts = Hosts::with_servers(1, 1).await;
    let host = hosts.host(2);
    host.configure(&hosts.joining(1, "token: wrong\n"));
    hosts.start(2, "server");
    host.until_said("401 Unauthorized").await;
    let other = format!("token: K10{}::server:{TOKEN}\n", "0".repeat(64));
    host.configure(&hosts.joining(1, &other));
    host.until_said("token CA hash does not match").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_11_and_12_server_with_the_old_token_fails_until_its_passwords_are_removed() {
    let hosts = Hosts::with_servers(3, 0).await;
    let (first, second) = (hosts.host(1), hosts.host(2));
    let said = first.said(&["token", "rotate", "--token", TOKEN, "--new-token", "renewed"]);
    assert!(
        said.contains("Token rotated, restart k3s nodes with new token"),
        "{said}"
    );
    assert!(
        first
            .read(&format!("{DATA}/server/token"))
            .trim()
            .ends_with("::server:renewed")
    );

    // With the old token: fatal.
    hosts.restart(2, "server");
    second
        .until_said("bootstrap data already found and encrypted with different token")
        .await;
    second
        .until_said("newer than datastore and could cause a cluster outage")
        .await;
    // The right token does not cure it.
    second.reconfigure("token: secret", "token: renewed");
    hosts.restart(2, "server");
    second
        .until_said(
            "/server/cred/passwd newer than datastore and could cause a cluster outage. Remove the file(s) from disk",
        )
        .await;
    // Removing the file does.
    second.stop();
    second.remove(&format!("{DATA}/server/cred/passwd"));
    hosts.start(2, "server");
    second.until_ready().await;

    // One that gets the new token at once has no trouble.
    let third = hosts.host(3);
    third.reconfigure("token: secret", "token: renewed");
    hosts.restart(3, "server");
    third.until_ready().await;
    assert_eq!(third.restarts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn another_token_of_agents_alone_is_fatal_at_the_start_after_the_next() {
    let hosts = Hosts::new(1).await;
    let host = hosts.host(1);
    host.configure(&format!("cluster-init: true\ntoken: {TOKEN}\nagent-token: agents\n"));
    hosts.start(1, "server");
    host.until_ready().await;
    host.reconfigure("agent-token: agents", "agent-token: others");
    hosts.restart(1, "server");
    host.until_ready().await;
    let written = host.read(&format!("{DATA}/server/agent-token"));
    assert!(written.trim().ends_with("::node:others"), "{written}");

    // Nobody has stored it.
    hosts.restart(1, "server");
    host.until_said("newer than datastore and could cause a cluster outage")
        .await;
    host.stop();
    host.remove(&format!("{DATA}/server/cred/passwd"));
    hosts.start(1, "server");
    host.until_ready().await;

    // Another token of servers has it stored.
    host.said(&["token", "rotate", "--token", TOKEN, "--new-token", "renewed"]);
    host.reconfigure("token: secret", "token: renewed");
    for _ in 0..2 {
        hosts.restart(1, "server");
        host.until_ready().await;
        assert_eq!(host.restarts(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn server_with_a_wrong_token_cannot_use_its_data() {
    let hosts = Hosts::with_servers(1, 0).await;
    let host = hosts.host(1);
    host.configure("cluster-init: true\ntoken: another\n");
    hosts.restart(1, "server");
    host.until_said("bootstrap data already found and encrypted with different token")
        .await;
}
