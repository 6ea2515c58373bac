//! The six steps: create, nothing to do, import, update, replace, destroy; `topology` takes other versions and clusters
//! through them.

use kube::ResourceExt;
use serde_json::json;

use super::everything;
use crate::support::{
    ADDRESS, CLAIM, CONFIG_MAP, DEPLOYMENT, INGRESS, Instance, NAMESPACE, SECRET, SERVICE, Scene, VOLUME, done,
    eventually, kubernetes,
};

const NOTHING: [&str; 0] = [];

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_is_made_imported_changed_replaced_and_destroyed() {
    let scene = Scene::new("steps").await;
    let minimal = scene.instance().with("ingress = { class = \"lab\" }");
    scene.configure(&minimal).await;
    scene.apply().await;
    has_all_objects(&scene).await;
    scene.is_settled().await;
    is_imported_as_it_is(&scene, &minimal).await;
    is_updated_in_place(&scene, &minimal).await;

    scene.configure(&everything::on_one_node("steps-replaced")).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert!(
        scene.object(&NAMESPACE, "steps").await.is_none(),
        "nothing of the old one is left"
    );
    scene.is_settled().await;

    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, "steps-replaced").await.is_none());
    let volumes = scene
        .api(&VOLUME)
        .list(&Default::default())
        .await
        .expect("volumes are listed");
    let left = volumes
        .iter()
        .filter(|volume| volume.data["spec"]["claimRef"]["namespace"] == "steps-replaced");
    assert_eq!(left.map(ResourceExt::name_any).collect::<Vec<_>>(), NOTHING);
}

async fn has_all_objects(scene: &Scene) {
    assert_eq!(
        scene.owned(&DEPLOYMENT).await,
        ["cht-api", "cht-couchdb", "cht-haproxy", "cht-sentinel"]
    );
    assert_eq!(scene.owned(&SERVICE).await, ["api", "couchdb", "haproxy", "nouveau"]);
    assert_eq!(scene.owned(&CLAIM).await, ["couchdb-claim0"]);
    assert_eq!(scene.owned(&INGRESS).await, ["api-ingress"]);
    let made = scene.state().await["values"].clone();
    assert_eq!(made["url"], "https://steps.health.example/");
    assert_eq!(made["live_version"], "5.3.1");
    assert_eq!(made["ready"], true);
    assert_eq!(made["ingress_address"], "127.0.0.1");
    assert_eq!(made["couchdb"]["storage_class"], "lab");
}

/// A scene in which the same instance is configured and not in the state yet.
async fn without_state(scene: &Scene, instance: &Instance, more: &str) -> Scene {
    let other = scene.elsewhere().await;
    let provider = format!("provider \"cht\" {{\n  kubernetes = {}\n}}\n", kubernetes().await);
    other.write(&(provider + &instance.hcl("") + more));
    other
}

async fn is_imported_as_it_is(scene: &Scene, instance: &Instance) {
    let other = without_state(scene, instance, "").await;
    done("import", other.workspace.import(ADDRESS, &scene.namespace).await);
    let (imported, made) = (other.state().await, scene.state().await);
    for attribute in ["couchdb", "url", "live_version", "ready", "ingress_address", "ingress"] {
        assert_eq!(imported["values"][attribute], made["values"][attribute], "{attribute}");
    }
    assert!(other.plan().await.is_empty(), "an imported instance needs no change");
}

/// A block names an instance by its identity, which is then in the state, and in that of the instance's maker as well.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_is_imported_by_its_identity() {
    let scene = Scene::new("identified").await;
    let instance = scene.instance();
    scene.configure(&instance).await;
    scene.apply().await;
    let identity = json!({"namespace": "identified"});
    assert_eq!(scene.stored()["identity"], identity);

    let import = |namespace: &str| {
        format!("\nimport {{\n  to = {ADDRESS}\n  identity = {{ namespace = \"{namespace}\" }}\n}}\n")
    };
    let other = without_state(&scene, &instance, &import("identified")).await;
    assert_eq!(other.plan().await.actions(ADDRESS), ["no-op"]);
    other.apply().await;
    assert_eq!(other.stored()["identity"], identity);
    assert_eq!(
        other.state().await["values"]["couchdb"],
        scene.state().await["values"]["couchdb"]
    );
    other.is_settled().await;

    let nowhere = without_state(&scene, &instance, &import("nowhere")).await;
    assert_eq!(nowhere.plan_fails().await.summary, "No CHT instance to import");
    scene.destroy().await;
}

async fn is_updated_in_place(scene: &Scene, instance: &Instance) {
    let untouched = scene
        .object(&DEPLOYMENT, "cht-sentinel")
        .await
        .expect("it is there")
        .metadata
        .generation;
    let changed = instance.clone().with("api = { log_level = \"debug\" }");
    scene
        .configure(&changed.couchdb("resources = { requests = { memory = \"2Gi\" } }"))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let couchdb = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    let container = &couchdb.data["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["resources"]["requests"], json!({"memory": "2Gi"}));
    let sentinel = scene.object(&DEPLOYMENT, "cht-sentinel").await.expect("it is there");
    assert_eq!(
        sentinel.metadata.generation, untouched,
        "what does not change is not restarted"
    );
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn c10_a_destroyed_instance_leaves_its_data_and_nothing_else() {
    let scene = Scene::new("retained").await;
    scene
        .configure(&scene.instance().protected().with("deletion_protection = false"))
        .await;
    scene.apply().await;
    let made = scene.state().await["values"]["couchdb"].clone();
    scene.destroy().await;
    for kind in [&DEPLOYMENT, &SERVICE, &SECRET, &CONFIG_MAP, &INGRESS] {
        assert_eq!(scene.owned(kind).await, NOTHING);
    }
    assert_eq!(scene.owned(&CLAIM).await, ["couchdb-claim0"]);

    let refused = scene.plan_fails().await;
    crate::support::blames(
        &refused,
        "Data of an earlier instance",
        "`secret` and `uuid`",
        "couchdb = {",
    );

    let credentials = ["admin_password", "secret", "uuid"]
        .map(|name| format!("{name} = {}\n", made[name]))
        .concat();
    scene.configure(&scene.instance().couchdb(&credentials)).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_given_namespace_outlives_its_instance() {
    let scene = Scene::new("given").await;
    scene
        .configure(&scene.instance().with("create_namespace = false"))
        .await;
    let refused = scene.plan_fails().await;
    crate::support::blames(&refused, "Namespace not found", "does not exist", "namespace = ");
    let namespace = serde_json::from_value(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "given"}
    }));
    scene
        .api(&NAMESPACE)
        .create(&Default::default(), &namespace.expect("an object"))
        .await
        .expect("the namespace is made");
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, "given").await.is_some());
    assert_eq!(scene.owned(&CLAIM).await, NOTHING);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_volume_grows_in_place_where_its_class_allows_it() {
    let scene = Scene::new("growing").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene
        .configure(&scene.instance().couchdb("storage_size = \"2048Mi\"\n"))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    eventually("the claim to grow", async || {
        let claim = scene.object(&CLAIM, "couchdb-claim0").await.expect("it is there");
        let size = claim.data["status"]["capacity"]["storage"].clone();
        if size == "2Gi" { Ok(()) } else { Err(size.to_string()) }
    })
    .await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_ingress_that_is_taken_away_takes_its_address_with_it() {
    let scene = Scene::new("withdrawn").await;
    scene
        .configure(&scene.instance().with("ingress = { class = \"lab\" }"))
        .await;
    scene.apply().await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    assert_eq!(scene.owned(&INGRESS).await, NOTHING);
    let state = scene.state().await["values"].clone();
    assert_eq!((&state["url"], &state["ingress_address"]), (&json!(null), &json!(null)));
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn other_timeouts_alone_change_nothing_in_the_cluster() {
    let scene = Scene::new("patient").await;
    let instance = scene.instance().with("ingress = { class = \"lab\" }");
    scene.configure(&instance).await;
    scene.apply().await;
    scene.is_settled().await;
    let record = async || {
        let record = scene.object(&CONFIG_MAP, "terraform-provider-cht").await;
        record.expect("it is there").metadata.resource_version
    };
    let before = record().await;
    scene.configure(&instance.with("timeouts = { update = \"2h\" }")).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let after = &plan.change(ADDRESS).expect("it is planned").after;
    for (attribute, expected) in [
        ("live_version", json!("5.3.1")),
        ("ready", json!(true)),
        ("ingress_address", json!("127.0.0.1")),
    ] {
        assert_eq!(after[attribute], expected, "{attribute}");
    }
    scene.apply().await;
    assert_eq!(record().await, before, "the instance was not changed");
    scene.is_settled().await;
    scene.destroy().await;
}
