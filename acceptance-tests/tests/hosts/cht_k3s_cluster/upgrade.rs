//! Three servers and two agents: made, upgraded while somebody uses them, and gone.

use acceptance_tests::k3s::lab::VERSIONS;
use serde_json::json;

use super::lifecycle::is_imported;
use crate::support::{CLUSTER, Configuration, Readiness, Scene, condition, version};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn three_servers_and_two_agents_are_upgraded_while_one_answers_at_all_times() {
    let Some(scene) = Scene::of_stand_in(5).await else {
        return;
    };
    let configuration = Configuration::new([1, 2, 3]).agents([4, 5]);
    scene.configure(&configuration);
    scene.apply().await;
    scene.is_settled_after("created").await;
    let state = scene.state(CLUSTER).await;
    for server in ["h1", "h2", "h3"] {
        assert_eq!(state["status"][server]["voter"], json!(true), "{server}");
    }
    is_alone_in_joining(&scene).await;
    each_host_is_asked_once(&scene).await;
    is_imported(&scene, &Configuration::new([1, 2, 3])).await;

    scene.configure(&configuration.clone().version(VERSIONS[1]));
    let plan = scene.plan().await;
    for address in [CLUSTER, "cht_k3s_agent.h4", "cht_k3s_agent.h5"] {
        assert_eq!(plan.actions(address), ["update"], "{address}");
    }
    let leader = leader(&scene).await;
    let readiness = Readiness::watch(&scene, &[1, 2, 3]).await;
    scene.apply().await;
    readiness.never_without_an_answer();
    assert_eq!(started_last(&scene).await, leader, "who leads etcd is upgraded last");
    for name in ["h1", "h2", "h3", "h4", "h5"] {
        let node = scene.node(1, name).await.expect("the node is there");
        assert_eq!(version(&node).as_deref(), Some(VERSIONS[1]), "{name}");
        assert_eq!(condition(&node, "Ready").as_deref(), Some("True"), "{name}");
        let unschedulable = node.spec.as_ref().and_then(|spec| spec.unschedulable);
        assert_ne!(unschedulable, Some(true), "{name} was left cordoned");
    }
    scene.is_settled_after("upgraded").await;

    scene.destroy().await;
    for number in 1..=5 {
        scene.is_clean(number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_token_that_is_given_and_kept_nowhere_is_known_without_being_read() {
    let Some(scene) = Scene::new(3).await else { return };
    let given = |token: &str, version: u8| {
        let lines = format!("token = {token:?}\ntoken_version = {version}");
        Configuration::new([1, 2]).agents([3]).with(&lines)
    };
    scene.configure(&given("first-given-token", 1));
    scene.apply().await;
    each_host_is_asked_once(&scene).await;
    scene.configure(&given("second-given-token", 2));
    scene.apply().await;
    scene.is_settled_after("another token").await;
    each_host_is_asked_once(&scene).await;

    // That it is another one is noticed all the same.
    scene.run(2, "echo other > /etc/rancher/k3s/token").await;
    scene.is_repaired(CLUSTER, "token was changed").await;
    each_host_is_asked_once(&scene).await;
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn no_pod_goes_for_a_program_that_cannot_be_had() {
    let Some(scene) = Scene::of_stand_in(2).await else {
        return;
    };
    let configuration = Configuration::new([1]).agents([2]);
    scene.configure(&configuration);
    scene.apply().await;

    let binary = scene.lab.release(VERSIONS[1]).expect("a release").attribute();
    let nowhere = format!("{{ url = \"https://127.0.0.1:1\", sha256 = \"{}\" }}", "0".repeat(64));
    let upgraded = configuration.version(VERSIONS[1]).hcl(&scene.lab);
    assert!(upgraded.contains(&binary), "{upgraded}");
    scene.write(&upgraded.replace(&binary, &nowhere));
    let refused = scene.apply_fails().await;
    assert!(refused.detail.contains("127.0.0.1:1"), "{refused:#?}");
    let node = scene.node(1, "h1").await.expect("the node is there");
    let unschedulable = node.spec.as_ref().and_then(|spec| spec.unschedulable);
    assert_ne!(unschedulable, Some(true), "it was emptied for nothing");
    assert_eq!(version(&node).as_deref(), Some(VERSIONS[0]));

    scene.write(&upgraded);
    scene.apply().await;
    scene.is_settled_after("upgraded").await;
    scene.destroy().await;
}

/// The number of the server that leads etcd, as each member tells its own host.
async fn leader(scene: &Scene) -> usize {
    const TELLS: &str = "exec 3<>/dev/tcp/127.0.0.1/2381; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
    let mut leaders = Vec::new();
    for number in 1..=3 {
        let told = scene.run(number, &format!("bash -c \"{TELLS}\"")).await;
        assert!(told.contains("etcd_server_has_leader 1"), "h{number}: {told}");
        if told.contains("etcd_server_is_leader 1") {
            leaders.push(number);
        }
    }
    assert_eq!(leaders.len(), 1, "{leaders:?}");
    leaders[0]
}

/// The number of the server on which k3s was started last.
async fn started_last(scene: &Scene) -> usize {
    let mut last = (0, 0);
    for number in 1..=3 {
        let since = scene
            .run(
                number,
                "systemctl show k3s --property ActiveEnterTimestampMonotonic --value",
            )
            .await;
        last = last.max((since.parse::<u64>().expect("a time"), number));
    }
    last.1
}

/// No server would make a cluster of its own if its disk were empty.
async fn is_alone_in_joining(scene: &Scene) {
    for number in 1..=3 {
        let config = scene.run(number, "cat /etc/rancher/k3s/config.yaml").await;
        assert!(!config.contains("cluster-init"), "{config}");
        assert!(config.contains("server:"), "{config}");
        let own = format!("https://{}:6443", scene.host(number).ip());
        assert!(!config.contains(&own), "h{number} would join itself: {config}");
    }
}

/// A plan without changes costs one connection and one command for each host.
async fn each_host_is_asked_once(scene: &Scene) {
    let mut since = Vec::new();
    for host in scene.lab.hosts().iter() {
        since.push(host.watch_ssh().await.expect("sshd tells"));
    }
    assert!(scene.plan().await.is_empty());
    let mut commands = Vec::new();
    for (host, since) in scene.lab.hosts().iter().zip(&since) {
        let used = host.ssh_since(since).await.expect("sshd has told");
        assert_eq!(used.connections, 1, "{}", host.name());
        commands.push(used.commands);
    }
    assert!(commands.iter().all(|commands| *commands == 1), "{commands:?}");
}
