//! The objects as golden files, `UPDATE_GOLDEN=1 cargo test` writes them anew; read the difference then.

use std::path::Path;

use super::super::model::Snapshots;
use super::*;
use crate::kubernetes::LiveObject;

fn minimal() -> CsiDriverModel {
    let text = "[Global]\ncluster-id = \"6f1c0de4-9b0e-4c43-a3f0-1b8f7f6a2c55\"\n\n[VirtualCenter \"vcenter.health.example\"]\n\
                user = \"cht-k8s@vsphere.local\"\nport = \"443\"\ninsecure-flag = \"false\"\ndatacenters = \"Nairobi\"\n";
    CsiDriverModel {
        version: Attr::Known("v3.7.3".to_owned()),
        image_registry: "registry.k8s.io".to_owned(),
        replicas: Attr::Known(1),
        ..config::read(text).expect("it is complete")
    }
}

fn everything() -> CsiDriverModel {
    let mut model = minimal();
    model.vcenter.datacenters = vec!["/Kenya/Nairobi".to_owned(), "Kisumu".to_owned()];
    model.vcenter.user = "VSPHERE.LOCAL\\cht-k8s".to_owned();
    model.vcenter.port = 444;
    model.vcenter.ca_certificate = Some("-----BEGIN CERTIFICATE-----\n".to_owned());
    model.cluster_distribution = Some("k3s".to_owned());
    model.topology_categories = Some(vec!["k8s-region".to_owned(), "k8s-zone".to_owned()]);
    model.snapshots = Some(Snapshots {
        class: "vsphere".to_owned(),
        deletion_policy: "Retain".to_owned(),
        max_per_volume: 5,
        controller: true,
    });
    model.version = Attr::Known("v3.8.0-rc.1".to_owned());
    model.image_registry = "registry.health.example/mirror".to_owned();
    model.replicas = Attr::Known(3);
    model
}

fn made(model: &CsiDriverModel) -> ObjectSet {
    set(model, &SecretString::from("pä\"ss\\word")).expect("the model is complete")
}

fn found(set: &ObjectSet) -> Found {
    let live = set
        .objects()
        .map(|object| LiveObject::from_json(object.json().clone()).expect("a known kind"));
    live.collect()
}

#[test]
fn the_objects_are_the_golden_ones() {
    for (name, model) in [("minimal", minimal()), ("everything", everything())] {
        let set = made(&model);
        let objects: Vec<&Value> = set.objects().map(Object::json).collect();
        let rendered = format!("{:#}\n", json!(objects));
        let path = format!("src/vsphere/csi_driver/objects/golden/{name}.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &rendered).expect("it can be written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == rendered,
            "{} differs; UPDATE_GOLDEN=1 writes it anew",
            path.display()
        );
    }
}

#[test]
fn the_password_is_in_the_secret_and_in_nothing_else() {
    let set = made(&everything());
    let all = found(&set);
    let password = live_password(&all).expect("it is there");
    assert_eq!(secrecy::ExposeSecret::expose_secret(&password), "pä\"ss\\word");
    for object in set.objects().filter(|object| object.key().kind.kind != "Secret") {
        let text = object.json().to_string();
        assert!(!text.contains("word") && !text.contains("cht-k8s"), "{text}");
    }
}

#[test]
fn what_is_there_can_be_imported_without_its_password() {
    for model in [minimal(), everything()] {
        let set = made(&model);
        let read = imported(&found(&set)).expect("it is there");
        assert!(read.vcenter.password.is_none());
        assert_eq!(made(&read), set);
    }
}

#[test]
fn controllers_are_apart_from_each_other_on_nodes_of_the_control_plane_whatever_their_label_says() {
    let all = found(&made(&everything()));
    let deployment = all
        .get(&ObjectKey::namespaced::<Deployment>(NAMESPACE, CONTROLLER))
        .expect("it is there");
    let affinity = &deployment.json()["spec"]["template"]["spec"]["affinity"];
    let terms = &affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    assert_eq!(terms[0]["matchExpressions"][0]["operator"], "Exists");
    let apart = &affinity["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0];
    assert_eq!(apart["topologyKey"], "kubernetes.io/hostname");
}
