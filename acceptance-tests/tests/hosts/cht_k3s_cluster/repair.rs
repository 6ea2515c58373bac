//! What goes wrong with hosts and nodes of a running cluster: the plan shows it, an apply repairs it, and the cluster
//! is there all along.

use std::time::Duration;

use acceptance_tests::k3s::lab::VERSIONS;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use crate::support::{CLUSTER, CONFIG, Configuration, Scene, condition, eventually};

/// The agent in the configurations here.
const AGENT: &str = "cht_k3s_agent.h4";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_happens_to_nodes_is_shown_and_repaired() {
    let Some(scene) = Scene::new(4).await else { return };
    let configuration = Configuration::new([1, 2, 3])
        .agents([4])
        .with_server(2, "labels = { \"health.example/zone\" = \"a\" }");
    scene.configure(&configuration);
    scene.apply().await;
    scene.is_settled_after("created").await;
    let id = scene.state(CLUSTER).await["id"].clone();

    let nodes = Api::<Node>::all(scene.client(1).await);
    let without = Patch::Merge(json!({"metadata": {"labels": {"health.example/zone": null}}}));
    nodes
        .patch("h2", &PatchParams::default(), &without)
        .await
        .expect("the label goes");
    scene
        .is_repaired(CLUSTER, "its label health.example/zone is missing")
        .await;

    scene.run(4, "systemctl disable --now k3s-agent").await;
    scene.is_repaired(AGENT, "k3s does not run").await;

    scene.run(2, &format!("echo 'debug: true' >> {CONFIG}")).await;
    scene.is_repaired(CLUSTER, "config.yaml was changed").await;

    scene.run(2, "rm /usr/local/bin/k3s").await;
    scene.is_repaired(CLUSTER, "k3s is not installed").await;

    // Rows 6 and 8: a member that was removed never comes back by itself, and the first server must not begin anew.
    for name in ["h3", "h1"] {
        let healthy = Api::<Node>::all(scene.client(2).await);
        healthy
            .delete(name, &DeleteParams::default())
            .await
            .expect("the node goes");
        let gone = async || match healthy.get_opt(name).await {
            Ok(None) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        eventually("the node to be gone", gone).await;
        scene.is_repaired(CLUSTER, "has no node in the cluster").await;
        three_vote(&scene).await;
    }
    assert_eq!(scene.state(CLUSTER).await["id"], id, "it is the same cluster");
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_happens_to_machines_is_shown_and_repaired() {
    let Some(mut scene) = Scene::of_stand_in(4).await else {
        return;
    };
    let configuration = Configuration::new([1, 2, 3]);
    scene.configure(&configuration);
    scene.apply().await;

    // Row 20: a service that runs is no health.
    for number in [1, 2] {
        scene.run(number, "systemctl stop k3s").await;
    }
    scene.is_repaired(CLUSTER, "k3s does not run").await;
    three_vote(&scene).await;

    // A reboot in the middle of an upgrade.
    let upgraded = configuration.clone().version(VERSIONS[1]);
    scene.configure(&upgraded);
    let running = scene.workspace.start_apply().expect("it starts");
    let installed = format!("/usr/local/bin/k3s --version | grep -F {:?}", VERSIONS[1]);
    let begun = async || scene.host(2).exec(&installed).await.map_err(|error| error.to_string());
    eventually("the upgrade of h2", begun).await;
    scene.host(2).reboot().await.expect("it comes back");
    let outcome = running.wait().await.expect("it ends");
    if outcome.code != Some(0) {
        scene.apply().await;
    }
    scene.is_settled_after("rebooted in the middle").await;
    three_vote(&scene).await;

    // A new machine in the place of one: another host key, an empty disk.
    scene.host(3).replace().await.expect("a new machine");
    let refused = scene.workspace.plan().await;
    let said = match &refused {
        Ok(plan) => format!("{:#?}", plan.diagnostics()),
        Err(error) => format!("{:#?}", error.diagnostics()),
    };
    assert!(
        said.contains("but it is known by"),
        "another host key is no matter of course: {said}"
    );
    scene.configure(&upgraded);
    scene.is_repaired(CLUSTER, "k3s is not installed").await;
    three_vote(&scene).await;

    // The first server is dead for good, and another host takes its place.
    scene.host(1).power_off().expect("it is dead");
    scene.workspace.set_limit(Duration::from_secs(600));
    let plan = scene.plan().await;
    let warnings = format!("{:#?}", plan.diagnostics());
    assert!(
        warnings.contains("h1"),
        "a host that does not answer is named: {warnings}"
    );
    scene.configure(&Configuration::new([2, 3, 4]).version(VERSIONS[1]));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);
    scene.apply().await;
    assert!(scene.plan().await.is_empty(), "nothing is left to do");
    // What was the first server's, the administrator's credentials, the state has from another one after that.
    scene.apply().await;
    scene.is_settled_after("another host in the place of the first").await;
    let names: Vec<_> = scene.nodes(2).await;
    assert_eq!(names, ["h2", "h3", "h4"]);
    scene.destroy().await;
    for number in 2..=4 {
        scene.is_clean(number).await;
    }
}

/// Checks that the three servers are ready, and that each has a vote.
async fn three_vote(scene: &Scene) {
    for name in ["h1", "h2", "h3"] {
        let node = scene
            .node(2, name)
            .await
            .unwrap_or_else(|| panic!("{name} is not there"));
        for kind in ["Ready", "EtcdIsVoter"] {
            assert_eq!(condition(&node, kind).as_deref(), Some("True"), "{name}: {kind}");
        }
    }
}
