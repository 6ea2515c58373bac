//! A cluster whose hosts need nothing from outside: its program from a mirror, its images from files, its authority
//! from whoever runs it. And the way back to a snapshot.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::PostParams;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::support::{CLUSTER, Configuration, Mirror, Scene, condition};

/// What stands for an archive of images.
const ARCHIVE: &str = "images of an air gap";

/// Where archives lie on hosts.
const IMAGES: &str = "/var/lib/rancher/k3s/agent/images";

/// Where etcd's snapshots lie on servers.
const SNAPSHOTS: &str = "/var/lib/rancher/k3s/server/db/snapshots";

/// The certificate and the key of an authority.
fn authority() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Ministry of Health");
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

/// Writes the configuration, with the program from a mirror.
fn configure(scene: &Scene, configuration: &Configuration, binary: &str) {
    let release = scene.lab.release(scene.lab.first_version()).expect("a release");
    let text = configuration.hcl(&scene.lab).replace(&release.attribute(), binary);
    scene.write(&text);
}

fn config_map(name: &str) -> ConfigMap {
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    serde_json::from_value(config_map).expect("it is one")
}

async fn make(scene: &Scene, name: &str) {
    let config_maps = Api::<ConfigMap>::namespaced(scene.client(1).await, "default");
    let made = config_maps.create(&PostParams::default(), &config_map(name)).await;
    made.expect("it is made");
}

/// Whether the cluster has each of the two: one made before the snapshot, one after it.
async fn remembers(scene: &Scene) -> (bool, bool) {
    let config_maps = Api::<ConfigMap>::namespaced(scene.client(1).await, "default");
    let has = async |name| {
        config_maps
            .get_opt(name)
            .await
            .expect("the API server answers")
            .is_some()
    };
    (has("before").await, has("after").await)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn hosts_need_nothing_from_outside_and_a_cluster_goes_back_to_a_snapshot() {
    let Some(mut scene) = Scene::of_stand_in(2).await else {
        return;
    };
    let cache = scene.workspace.directory().join("cache").display().to_string();
    scene.workspace.set_environment("XDG_CACHE_HOME", &cache);
    scene.workspace.write("air.tar", ARCHIVE).expect("an archive");
    let archive = scene.workspace.directory().join("air.tar");
    let mirror = Mirror::of(scene.lab.release(scene.lab.first_version()).expect("a release")).await;
    let (certificate, key) = authority();
    let images = format!("images = [{:?}]", archive.display().to_string());
    let configuration = Configuration::new([1])
        .agents([2])
        .with(&format!(
            "{images}\nca = {{ server = {{ certificate = {certificate:?}, private_key = {key:?} }} }}"
        ))
        .with_agents(&images);

    configure(&scene, &configuration, &mirror.attribute(false));
    let refused = scene.apply_fails().await;
    assert!(refused.detail.contains("401"), "{refused:#?}");
    assert!(scene.state(CLUSTER).await.is_null(), "nothing was begun");

    let mirrored = mirror.attribute(true);
    configure(&scene, &configuration, &mirrored);
    scene.apply().await;
    let loaded = mirror.answers().into_iter().filter(|status| *status == 200).count();
    assert_eq!(loaded, 1, "it is loaded once for both hosts");
    scene.is_settled_after("created").await;
    for number in [1, 2] {
        let archived = scene.run(number, &format!("cat {IMAGES}/cht-*-air.tar")).await;
        assert_eq!(archived, ARCHIVE, "h{number}");
    }
    let own = scene.run(1, "cat /var/lib/rancher/k3s/server/tls/server-ca.crt").await;
    assert_eq!(own, certificate.trim(), "the authority is the given one");
    goes_back(&scene, &configuration, &mirrored).await;
    scene.destroy().await;
    for number in [1, 2] {
        scene.is_clean(number).await;
    }
}

/// Takes the cluster back to a snapshot, once.
async fn goes_back(scene: &Scene, configuration: &Configuration, mirrored: &str) {
    make(scene, "before").await;
    scene.run(1, "/usr/local/bin/k3s etcd-snapshot save --name kept").await;
    make(scene, "after").await;
    let snapshot = scene.run(1, &format!("ls {SNAPSHOTS}/kept-*")).await;
    assert_eq!(remembers(scene).await, (true, true));

    let restored = configuration
        .clone()
        .with(&format!("restore_from = {{ snapshot = {snapshot:?} }}"));
    configure(scene, &restored, mirrored);
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);
    let warns = plan.diagnostics().iter().any(|told| told.detail.contains("snapshot"));
    assert!(warns, "what is lost is said beforehand: {:#?}", plan.diagnostics());
    scene.apply().await;
    assert_eq!(remembers(scene).await, (true, false));
    scene.is_settled_after("taken back").await;
    assert_eq!(scene.state(CLUSTER).await["drift"], Value::Array(Vec::new()));
    let agent = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(condition(&agent, "Ready").as_deref(), Some("True"));

    // Nothing is restored again, whether it stays in the configuration or not.
    configure(scene, configuration, mirrored);
    make(scene, "after").await;
    scene.apply().await;
    assert_eq!(remembers(scene).await, (true, true));
    scene.is_settled_after("without the snapshot").await;
}
