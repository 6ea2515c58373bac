//! Whole lives of instances, by accounts that have the roles of the examples and nothing else.

use std::collections::BTreeSet;

use super::make_namespace;
use super::roles::{Account, Permission, permissions, role};
use crate::support::{ADDRESS, Instance, NAMESPACE, Scene};

/// What no audit log tells of; tests of their own take it away.
fn is_seen((verb, _): &Permission) -> bool {
    verb != "create"
}

/// Checks that an account has used everything that some roles allow, and asked for nothing else.
pub(super) async fn is_all_used(account: &Account, roles: &[&str], but: &[(&str, &str)]) {
    let rules: Vec<_> = roles.iter().flat_map(|name| role(name)).collect();
    let granted = permissions(&rules);
    let requested = account.requested().await;
    let lacking: BTreeSet<_> = requested.difference(&granted).collect();
    assert!(lacking.is_empty(), "the roles {roles:?} lack {lacking:?}");
    let exempt = |permission: &Permission| {
        but.iter()
            .any(|(verb, resource)| permission.0 == *verb && permission.1 == *resource)
    };
    let unused: BTreeSet<_> = granted
        .difference(&requested)
        .filter(|permission| is_seen(permission) && !exempt(permission))
        .collect();
    assert!(unused.is_empty(), "nobody needs {unused:?} of the roles {roles:?}");
}

/// Creates, refreshes, looks at, upgrades and destroys an instance.
async fn live(scene: &Scene, way: &str, lines: &str) {
    let data = format!(
        "data \"cht_instance\" \"seen\" {{
           instance = {{ kubernetes = {way}, namespace = cht_instance.test.namespace }}
         }}"
    );
    let instance = |version: &str, size: &str| {
        let instance = Instance::new(&scene.namespace).with(lines);
        let instance = instance.with(&format!("cht_version = {version:?}\ningress = {{ class = \"lab\" }}"));
        let instance = instance.couchdb(&format!("storage_size = {size:?}\n"));
        format!("{}\n{data}", instance.hcl(way))
    };
    scene.write(&instance("5.2.0", "1Gi"));
    scene.apply().await;
    scene.is_settled().await;
    scene.write(&instance("5.3.1", "2Gi"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["live_version"], "5.3.1");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_account_in_a_namespace_is_enough_for_an_instance_there() {
    let scene = Scene::new("permitted-inside").await;
    make_namespace(&scene).await;
    let account = Account::from_example("namespace.yaml", &scene.namespace).await;
    live(&scene, &account.way().await, "create_namespace = false").await;
    assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_some());
    let requested = account.requested().await;
    let looked_up = |resource: &str| requested.iter().any(|(_, other)| other == resource);
    assert!(
        looked_up("storageclasses") && looked_up("ingressclasses"),
        "it asks for what it may not look at, and goes on without: {requested:?}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_account_for_the_cluster_is_enough_for_instances_that_make_their_namespaces() {
    let scene = Scene::new("permitted").await;
    let account = Account::from_example("cluster.yaml", &scene.namespace).await;
    live(&scene, &account.way().await, "").await;
    assert!(
        scene.object(&NAMESPACE, &scene.namespace).await.is_none(),
        "what is in it could be told"
    );
    let roles = [
        "cht-instance",
        "cht-namespaces",
        "cht-neighbors",
        "cht-diagnosis",
        "cht-lookups",
    ];
    // Only an instance with a disk in a zone looks at the nodes, and only one that crashes has a log to read.
    is_all_used(&account, &roles, &[("list", "nodes"), ("get", "pods/log")]).await;
}
