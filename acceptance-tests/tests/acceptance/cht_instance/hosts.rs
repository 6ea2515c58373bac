//! A host belongs to one instance of a cluster.

use serde_json::Value;

use crate::support::{ADDRESS, INGRESS, Instance, Scene, blames, kubernetes};

const LAB: &str = "ingress = { class = \"lab\" }";

/// The configuration of an instance that has another one's host.
async fn with_host(instance: &Instance, own: &str, host: &str) -> String {
    let hcl = instance.clone().with(LAB).hcl(&kubernetes().await);
    hcl.replace(&format!("{own}.health.example"), host)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v07_a_host_that_another_instance_has_is_refused_in_the_plan() {
    let host = "shared.health.example";
    let first = Scene::new("host-a").await;
    first.write(&with_host(&first.instance(), "host-a", host).await);
    first.apply().await;

    let second = Scene::new("host-b").await;
    second.write(&with_host(&second.instance(), "host-b", host).await);
    let error = second.plan_fails().await;
    blames(
        &error,
        "Host belongs to another instance",
        "in the namespace `host-a`",
        "host = ",
    );

    // Without an ingress it takes the host from nobody, and by an update it may not take it either.
    let without = second.instance().hcl(&kubernetes().await);
    let without = without.replace("host-b.health.example", host);
    second.write(&without);
    second.apply().await;
    second.write(&with_host(&second.instance(), "host-b", host).await);
    let error = second.plan_fails().await;
    blames(
        &error,
        "Host belongs to another instance",
        "in the namespace `host-a`",
        "host = ",
    );
    second.write(&without);
    second.destroy().await;

    first.is_settled().await;
    first.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn two_instances_of_one_run_do_not_get_the_same_host() {
    let scene = Scene::new("twin-a").await;
    let many = with_host(&scene.instance(), "twin-a", "twins.health.example")
        .await
        .replace("\"test\" {", "\"test\" {\n  for_each = toset([\"a\", \"b\"])");
    scene.write(&many.replace("twin-a", "twin-${each.key}"));
    let error = scene.plan_fails().await;
    blames(
        &error,
        "Host belongs to another instance",
        "Another instance of the same run, in the namespace `twin-",
        "host = ",
    );
}

/// The core plans the second half of a replacement as if there were nothing to replace.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_is_replaced_hands_its_host_over() {
    let host = "moving.health.example";
    let scene = Scene::new("before").await;
    scene.write(&with_host(&scene.instance(), "before", host).await);
    scene.apply().await;
    scene.write(&with_host(&Instance::new("after"), "after", host).await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    let after = Scene::new("after").await;
    let ingress = after.object(&INGRESS, "api-ingress").await.expect("it is there");
    assert_eq!(ingress.data["spec"]["rules"][0]["host"], Value::from(host));
    scene.destroy().await;
}
