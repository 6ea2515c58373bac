//! The objects as golden files, `UPDATE_GOLDEN=1 cargo test` writes them anew; read the difference then.

use std::path::Path;

use super::super::super::in_cluster::login::VCenterLogin;
use super::super::model::NodeAddresses;
use super::*;
use crate::kubernetes::LiveObject;

fn minimal() -> CloudProviderModel {
    let unsaid = config::unsaid();
    CloudProviderModel {
        vcenter: VCenterLogin {
            server: "vcenter.health.example".to_owned(),
            user: "cht-k8s@vsphere.local".to_owned(),
            datacenters: vec!["Nairobi".to_owned()],
            ..unsaid.vcenter.clone()
        },
        version: Attr::Known("v1.34.0".to_owned()),
        image_registry: "registry.k8s.io".to_owned(),
        ..unsaid
    }
}

fn everything() -> CloudProviderModel {
    let minimal = minimal();
    CloudProviderModel {
        vcenter: VCenterLogin {
            port: 444,
            datacenters: vec!["/Kenya/Nairobi".to_owned(), "Kisumu".to_owned()],
            ca_certificate: Some("-----BEGIN CERTIFICATE-----\n".to_owned()),
            ..minimal.vcenter.clone()
        },
        image_registry: "registry.health.example/mirror".to_owned(),
        region_category: Some("k8s-region".to_owned()),
        zone_category: Some("k8s-zone".to_owned()),
        node_addresses: Some(NodeAddresses {
            internal_cidr: "10.20.0.0/24".parse().ok(),
            external_network: Some("Public".to_owned()),
            ..NodeAddresses::default()
        }),
        ip_families: Some(vec!["ipv4".to_owned(), "ipv6".to_owned()]),
        skip_node_deletion: true,
        ..minimal
    }
}

fn made(model: &CloudProviderModel) -> ObjectSet {
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
        let path = format!("src/vsphere/cloud_provider/objects/golden/{name}.json");
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
    let secret = found(&set);
    let secret = secret.get(&secret_key()).expect("it is there");
    let stored = secret.data_text("vcenter.health.example.password");
    assert_eq!(stored.as_deref(), Some("pä\"ss\\word"));
    for object in set.objects().filter(|object| *object.key() != secret_key()) {
        let text = object.json().to_string();
        assert!(!text.contains("word") && !text.contains("cht-k8s@"), "{text}");
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
fn another_configuration_restarts_the_pods_and_another_password_does_not() {
    let pods = |set: &ObjectSet| {
        let key = ObjectKey::namespaced::<DaemonSet>(NAMESPACE, NAME);
        found(set).get(&key).expect("it is there").json().clone()
    };
    let model = minimal();
    let other = set(&model, &SecretString::from("another")).expect("the model is complete");
    assert_eq!(pods(&made(&model)), pods(&other));
    let mut elsewhere = minimal();
    elsewhere.vcenter.datacenters.push("Kisumu".to_owned());
    assert_ne!(pods(&made(&model)), pods(&made(&elsewhere)));
}
