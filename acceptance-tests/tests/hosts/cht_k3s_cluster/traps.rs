//! What k3s does that nobody expects, by the numbers under which it was measured: the provider does not fall for it.

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use crate::support::{CLUSTER, CONFIG, Configuration, Scene, condition, eventually};

/// The token of servers, as they keep it.
const TOKEN: &str = "/etc/rancher/k3s/token";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_06_a_server_that_was_removed_while_it_was_stopped_joins_anew_though_it_has_no_mark_of_it() {
    const TOMBSTONE: &str = "/var/lib/rancher/k3s/server/db/etcd/tombstone";
    let Some(scene) = Scene::of_stand_in(3).await else {
        return;
    };
    scene.configure(&Configuration::new([1, 2, 3]));
    scene.apply().await;
    scene.run(3, "systemctl stop k3s").await;
    let nodes = Api::<Node>::all(scene.client(1).await);
    nodes.delete("h3", &DeleteParams::default()).await.expect("it goes");
    let gone = async || match nodes.get_opt("h3").await {
        Ok(None) => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually("the node to be gone", gone).await;

    // It waits for ever, and has said why only once.
    scene.run(3, "systemctl start --no-block k3s").await;
    let marked = async || {
        let marked = scene.host(3).exec(&format!("test -e {TOMBSTONE}")).await;
        marked.map_err(|error| error.to_string())
    };
    eventually("the removal to be seen", marked).await;
    scene.run(3, &format!("rm {TOMBSTONE}")).await;
    scene.is_repaired(CLUSTER, "has no node in the cluster").await;
    assert_eq!(scene.members(1).await.len(), 3);
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_12_and_22_tokens_and_keys_are_changed_without_a_server_that_never_starts_again() {
    let Some(scene) = Scene::of_stand_in(4).await else {
        return;
    };
    let configuration = Configuration::new([1, 2, 3])
        .agents([4])
        .with("secrets_encryption = true");
    scene.configure(&configuration);
    scene.apply().await;
    let before = scene.state(CLUSTER).await;

    scene.configure(&configuration.clone().with("token_version = 2"));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);
    scene.apply().await;
    scene.is_settled_after("another token").await;
    let after = scene.state(CLUSTER).await;
    assert_ne!(after["server_token"], before["server_token"]);
    let previous = after["previous_tokens"].to_string();
    let secret = before["server_token"].as_str().expect("a token").to_owned();
    assert!(
        previous.contains(&secret),
        "snapshots of before need the token of before"
    );

    scene.configure(
        &configuration
            .with("token_version = 2")
            .with("secrets_encryption_key_version = 2"),
    );
    scene.apply().await;
    scene.is_settled_after("other keys").await;
    for number in 1..=3 {
        let status = scene.run(number, "/usr/local/bin/k3s secrets-encrypt status").await;
        assert!(status.contains("All hashes match"), "h{number}: {status}");
    }
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_12_agents_get_another_token_and_every_server_starts_again_by_itself() {
    const OF_AGENTS: &str = "/etc/rancher/k3s/agent-token";
    const AGENT: &str = "cht_k3s_agent.h3";
    let Some(scene) = Scene::new(4).await else { return };
    let configuration = Configuration::new([1, 2]).agents([3]);
    scene.configure(&configuration);
    scene.apply().await;
    let before = scene.state(CLUSTER).await;
    let old = scene.run(1, &format!("cat {OF_AGENTS}")).await;

    let alone = configuration.clone().with("agent_token_version = 1");
    scene.configure(&alone);
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains("token_version"), "{refused:#?}");

    let renewed = |agents: &[usize]| {
        let agents = Configuration::new([1, 2]).agents(agents.iter().copied());
        agents.with("agent_token_version = 1\ntoken_version = 1")
    };
    scene.configure(&renewed(&[3]));
    let plan = scene.plan().await;
    for address in [CLUSTER, AGENT] {
        assert_eq!(plan.actions(address), ["update"], "{address}");
    }
    scene.apply().await;
    scene.is_settled_after("another token of agents").await;
    let new = scene.run(1, &format!("cat {OF_AGENTS}")).await;
    assert_ne!(new, old);
    assert_eq!(scene.run(2, &format!("cat {OF_AGENTS}")).await, new);
    let secure = scene.run(3, &format!("cat {TOKEN}")).await;
    assert!(secure.ends_with(&format!("::node:{new}")), "the agent has another");
    let after = scene.state(CLUSTER).await;
    assert_eq!(after["kubernetes"], before["kubernetes"], "the way is as it was");
    let node = scene.node(1, "h3").await.expect("the node is there");
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));

    // The whole site loses its power: there is no other server that one could ask.
    scene.start_again(&[1, 2]).await;

    // Whoever comes now joins with it.
    scene.configure(&renewed(&[3, 4]));
    scene.apply().await;
    scene.is_settled_after("joined by another agent").await;
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_12_a_server_that_was_started_with_the_old_token_is_cured() {
    let Some(scene) = Scene::of_stand_in(3).await else {
        return;
    };
    let configuration = Configuration::new([1, 2, 3]);
    scene.configure(&configuration);
    scene.apply().await;
    let old = scene.run(3, &format!("cat {TOKEN}")).await;
    scene.configure(&configuration.with("token_version = 2"));
    scene.apply().await;

    // A server that somebody starts with the old token: its loop is not cured by the right one alone.
    scene
        .run(
            3,
            &format!("printf '%s\\n' '{old}' > {TOKEN} && systemctl --no-block restart k3s"),
        )
        .await;
    let looping = async || {
        let said = scene
            .host(3)
            .exec("journalctl --unit k3s --since '1 minute ago' --output cat")
            .await;
        let said = said.map_err(|error| error.to_string())?;
        let texts = ["newer than datastore", "encrypted with different token"];
        match texts.iter().any(|text| said.contains(text)) {
            true => Ok(()),
            false => Err(said),
        }
    };
    eventually("the loop", looping).await;
    scene.is_repaired(CLUSTER, "token was changed").await;
    let node = scene.node(1, "h3").await.expect("the node is there");
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_14_and_15_an_agent_with_a_wrong_token_or_without_its_password_is_seen() {
    const AGENT: &str = "cht_k3s_agent.h2";
    let Some(scene) = Scene::new(2).await else { return };
    scene.configure(&Configuration::new([1]).agents([2]));
    scene.apply().await;

    // Row 14: the agent goes on as if nothing were wrong.
    scene
        .run(2, &format!("echo wrong > {TOKEN} && systemctl restart k3s-agent"))
        .await;
    let node = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));
    scene.is_repaired(AGENT, "token was changed").await;

    // Row 15: the server does not know it any more.
    scene
        .run(
            2,
            "systemctl stop k3s-agent; rm -r /etc/rancher/node /var/lib/rancher/k3s/agent; systemctl start --no-block k3s-agent",
        )
        .await;
    let rejected = async || {
        let said = scene
            .host(2)
            .exec("journalctl --unit k3s-agent --since '1 minute ago' --output cat")
            .await;
        let said = said.map_err(|error| error.to_string())?;
        match said.contains("Node password rejected") {
            true => Ok(()),
            false => Err(said),
        }
    };
    eventually("the rejection", rejected).await;
    // Its node counts as ready for a while still, so that what begins now learns of the password on the way.
    let node = scene.node(1, "h2").await.expect("the node is there");
    let registered = node.metadata.uid.clone();
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));
    scene.is_repaired(AGENT, "k3s does not run").await;
    let node = scene.node(1, "h2").await.expect("the node is there");
    assert_ne!(node.metadata.uid, registered, "another node was registered");
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_16_a_server_joins_the_cluster_that_there_is_or_none() {
    let Some(scene) = Scene::new(3).await else { return };
    let one = Configuration::new([1]);
    scene.configure(&one);
    scene.apply().await;
    let id = scene.state(CLUSTER).await["id"].clone();

    // Row 16: nobody is there to join, so nothing begins.
    let three = Configuration::new([1, 2, 3]);
    scene.configure(&three);
    scene.host(1).disconnect().expect("it is cut off");
    let refused = scene.apply_fails().await;
    assert!(refused.detail.contains("h1"), "{refused:#?}");
    let begun = scene
        .run(2, "ls /var/lib/rancher/k3s/server/db 2> /dev/null; true")
        .await;
    assert_eq!(begun, "", "h2 made a cluster of its own");
    scene.host(1).connect().expect("it is back");

    scene.apply().await;
    scene.is_settled_after("joined").await;
    let state = scene.state(CLUSTER).await;
    assert_eq!(state["id"], id);
    for name in ["h1", "h2", "h3"] {
        assert_eq!(state["status"][name]["voter"], json!(true), "{name}");
    }
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn rows_17_and_18_a_server_that_runs_with_other_values_is_seen_and_restarted() {
    let Some(scene) = Scene::new(3).await else { return };
    scene.configure(&Configuration::new([1, 2]));
    scene.apply().await;

    // Row 18: it starts with them, and says no word.
    let changed =
        format!("cp {CONFIG} /srv/before && echo 'cluster-domain: other.local' >> {CONFIG} && systemctl restart k3s");
    scene.run(2, &changed).await;
    let runs = async || match scene.node(1, "h2").await {
        Some(node) if format!("{:?}", node.metadata.annotations).contains("other.local") => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually("h2 with another domain", runs).await;
    // Somebody puts the file right, but does not restart k3s with it.
    scene.run(2, &format!("cp /srv/before {CONFIG}")).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);

    // Row 17: whoever joins through it would be refused.
    scene.configure(&Configuration::new([1, 2, 3]));
    scene
        .is_repaired(CLUSTER, "k3s runs with another value of cluster-domain")
        .await;
    assert_eq!(scene.members(1).await.len(), 3);
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_19_a_token_that_no_server_takes_is_refused_before_anything_is_done() {
    let Some(scene) = Scene::new(1).await else { return };
    scene.configure(&Configuration::new([1]).with("token = \"abcdef.0123456789abcdef\"\ntoken_version = 1"));
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains("token"), "{refused:#?}");
    assert!(!refused.detail.contains("0123456789abcdef"), "{refused:#?}");
    scene.is_clean(1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_unknown_key_is_refused_by_the_plan_as_servers_would_ignore_it() {
    let Some(scene) = Scene::new(1).await else { return };
    scene.configure(&Configuration::new([1]).with("extra_config = jsonencode({ \"flanel-backend\" = \"none\" })"));
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains("flanel-backend"), "{refused:#?}");
    scene.is_clean(1).await;
}
