//! Pods that may not be taken away, and how many agents are away at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acceptance_tests::k3s::lab::VERSIONS;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use crate::support::{Configuration, Scene, condition, version};

/// A pod on a node that a budget holds there. Its owner would make it again, as far as anybody can tell.
async fn hold_a_pod(client: &Client, node: &str) {
    let params = PostParams::default();
    let owner: ConfigMap = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "couchdb"},
    }))
    .expect("it is a map");
    let owners = Api::namespaced(client.clone(), "default");
    let owner = owners.create(&params, &owner).await.expect("the owner is made");
    let uid = owner.metadata.uid.expect("it has an id");
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "couchdb", "uid": uid, "controller": true});
    let pod: Pod = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "couchdb-0", "labels": {"app": "couchdb"}, "ownerReferences": [owner]},
        "spec": {"nodeName": node, "containers": [{"name": "couchdb", "image": "couchdb"}]},
    }))
    .expect("it is a pod");
    let budget: PodDisruptionBudget = serde_json::from_value(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "couchdb-stays"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "couchdb"}}},
    }))
    .expect("it is a budget");
    let pods = Api::namespaced(client.clone(), "default");
    pods.create(&params, &pod).await.expect("the pod is made");
    let budgets = Api::namespaced(client.clone(), "default");
    budgets.create(&params, &budget).await.expect("the budget is made");
}

/// Checks which version a host would run after a restart.
async fn comes_back_with(scene: &Scene, number: usize, version: &str) {
    let installed = scene.run(number, "/usr/local/bin/k3s --version").await;
    assert!(
        installed.contains(version),
        "h{number} would come back with {installed}"
    );
}

/// The sets of nodes that took no pods, each set that was seen.
struct Cordons {
    seen: Arc<Mutex<BTreeSet<BTreeSet<String>>>>,
    _watching: AbortOnDropHandle<()>,
}

impl Cordons {
    fn watch(client: Client) -> Self {
        let seen: Arc<Mutex<BTreeSet<BTreeSet<String>>>> = Arc::default();
        let noted = Arc::clone(&seen);
        let watching = async move {
            let nodes = Api::<Node>::all(client);
            let mut ticks = time::interval(Duration::from_millis(100));
            loop {
                ticks.tick().await;
                // The server is restarted, too.
                let Ok(list) = nodes.list(&ListParams::default()).await else {
                    continue;
                };
                let is_cordoned =
                    |node: &&Node| node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true));
                let cordoned = list
                    .items
                    .iter()
                    .filter(is_cordoned)
                    .map(ResourceExt::name_any)
                    .collect();
                noted.lock().expect("nobody panics").insert(cordoned);
            }
        };
        Self {
            seen,
            _watching: AbortOnDropHandle::new(tokio::spawn(watching)),
        }
    }

    fn seen(&self) -> Vec<BTreeSet<String>> {
        self.seen.lock().expect("nobody panics").iter().cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_names_the_budget_that_holds_it_and_takes_one_agent_after_another() {
    let Some(scene) = Scene::of_stand_in(3).await else {
        return;
    };
    let configuration = Configuration::new([1])
        .agents([2, 3])
        .with_agents("drain = { timeout = \"5s\" }");
    scene.configure(&configuration);
    scene.apply().await;
    let client = scene.client(1).await;
    hold_a_pod(&client, "h2").await;

    scene.configure(&configuration.version(VERSIONS[1]));
    let cordons = Cordons::watch(client.clone());
    let held = scene.workspace.apply().await.expect_err("the pod is held");
    let errors = held.diagnostics();
    let drained = errors.iter().find(|error| error.summary == "Unable to drain the node");
    let detail = &drained.unwrap_or_else(|| panic!("{errors:#?}")).detail;
    for words in ["default/couchdb-0", "couchdb-stays", "h2"] {
        assert!(detail.contains(words), "{words:?} is not in: {detail}");
    }
    let node = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(version(&node).as_deref(), Some(VERSIONS[0]), "it was not touched");
    comes_back_with(&scene, 2, VERSIONS[0]).await;

    let budgets = Api::<PodDisruptionBudget>::namespaced(client.clone(), "default");
    let deleted = budgets.delete("couchdb-stays", &DeleteParams::default()).await;
    deleted.expect("the budget goes");
    scene.apply().await;
    for name in ["h2", "h3"] {
        let node = scene.node(1, name).await.expect("the node is there");
        assert_eq!(version(&node).as_deref(), Some(VERSIONS[1]), "{name}");
        assert_eq!(condition(&node, "Ready").as_deref(), Some("True"), "{name}");
        let unschedulable = node.spec.as_ref().and_then(|spec| spec.unschedulable);
        assert_ne!(unschedulable, Some(true), "{name} was left cordoned");
    }
    let seen = cordons.seen();
    assert!(seen.iter().all(|cordoned| cordoned.len() <= 1), "{seen:?}");
    for name in ["h2", "h3"] {
        assert!(seen.iter().any(|cordoned| cordoned.contains(name)), "{name}: {seen:?}");
    }
    let pods = Api::<Pod>::namespaced(client, "default");
    let left = pods.list(&ListParams::default()).await.expect("the API server answers");
    assert!(left.items.is_empty(), "it was evicted at last");
    scene.is_settled_after("upgraded").await;
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_server_that_cannot_be_emptied_comes_back_with_the_version_that_it_has() {
    let Some(scene) = Scene::of_stand_in(2).await else {
        return;
    };
    let drained = "upgrade = { drain = true, drain_timeout = \"5s\" }";
    let configuration = Configuration::new([1]).agents([2]).with(drained);
    scene.configure(&configuration);
    scene.apply().await;
    let client = scene.client(1).await;
    hold_a_pod(&client, "h1").await;

    scene.configure(&configuration.version(VERSIONS[1]));
    let held = scene.workspace.apply().await.expect_err("the pod is held");
    assert!(
        held.diagnostics()
            .iter()
            .any(|error| error.detail.contains("couchdb-stays")),
        "{:#?}",
        held.diagnostics()
    );
    comes_back_with(&scene, 1, VERSIONS[0]).await;

    let budgets = Api::<PodDisruptionBudget>::namespaced(client, "default");
    let deleted = budgets.delete("couchdb-stays", &DeleteParams::default()).await;
    deleted.expect("the budget goes");
    scene.apply().await;
    comes_back_with(&scene, 1, VERSIONS[1]).await;
    let left = scene.run(1, "ls -A /usr/local/bin").await;
    assert!(!left.contains("next"), "a program still waits: {left}");
    scene.is_settled_after("upgraded").await;
    scene.destroy().await;
}
