//! Volumes: new ones, and those of each platform that are there already.

use serde_json::{Value, json};

use super::{manifests, object, version};
use crate::cht::instance::spec::{InstanceSpec, Storage, Volume};

/// An instance on each kind of existing volume, by platform.
pub(super) fn on_each_platform() -> Vec<(&'static str, InstanceSpec)> {
    let zone = Some("eu-west-2a".to_owned());
    let ebs = |number: usize| Storage {
        volume: Volume::Ebs(format!("vol-0a1b2c3d4e5f6071{number}")),
        partition: Some(1),
        zone: zone.clone(),
        ..Storage::default()
    };
    let disk = |volume: Volume| Storage {
        volume,
        ..Storage::default()
    };
    let mut on_host = on(vec![disk(Volume::HostPath("/var/lib/cht-kisumu".to_owned()))]);
    on_host.couchdb.nodes[0].node_name = Some("worker-1".to_owned());
    vec![
        ("eks", on(vec![ebs(1), ebs(2), ebs(3)])),
        ("gke", on(vec![disk(Volume::GceDisk("kisumu-data".to_owned()))])),
        (
            "vsphere",
            on(vec![disk(Volume::VsphereCsi("3a1e0b1c-5f0e-4c3d".to_owned()))]),
        ),
        ("host_path", on_host),
        ("volume", on(vec![disk(Volume::Existing("kisumu".to_owned()))])),
        ("claim", on(vec![disk(Volume::Claim("kisumu".to_owned()))])),
    ]
}

fn on(volumes: Vec<Storage>) -> InstanceSpec {
    let mut spec = version("5.3.1", volumes.len());
    spec.couchdb.existing_data = true;
    for (node, volume) in spec.couchdb.nodes.iter_mut().zip(volumes) {
        node.storage = Storage {
            size: "100Gi".to_owned(),
            ..volume
        };
    }
    spec
}

fn platform(name: &str) -> InstanceSpec {
    let mut platforms = on_each_platform().into_iter();
    platforms.find(|(platform, _)| *platform == name).unwrap().1
}

#[test]
fn c02_a_disk_and_its_claim_name_each_other_in_no_class_and_the_disk_stays() {
    let table: [(&str, &str, &str, &str, Value); 4] = [
        (
            "eks",
            "couchdb-pv-cht-kisumu-2",
            "couchdb-2-claim0",
            "csi",
            json!("ebs.csi.aws.com"),
        ),
        (
            "gke",
            "couchdb-pv-cht-kisumu",
            "couchdb-claim0",
            "gcePersistentDisk",
            Value::Null,
        ),
        (
            "vsphere",
            "couchdb-pv-cht-kisumu",
            "couchdb-claim0",
            "csi",
            json!("csi.vsphere.vmware.com"),
        ),
        (
            "host_path",
            "couchdb-pv-cht-kisumu",
            "couchdb-claim0",
            "hostPath",
            Value::Null,
        ),
    ];
    for (name, volume, claim, source, driver) in table {
        let spec = platform(name);
        let made = object(&spec, "PersistentVolume", volume);
        assert_eq!(made["metadata"]["namespace"], Value::Null, "{name}");
        assert_eq!(made["spec"]["storageClassName"], Value::Null, "{name}");
        assert_eq!(made["spec"]["persistentVolumeReclaimPolicy"], "Retain", "{name}");
        assert_eq!(
            made["spec"]["claimRef"],
            json!({"namespace": "cht-kisumu", "name": claim}),
            "{name}"
        );
        assert_eq!(made["spec"][source]["driver"], driver, "{name}");
        assert_eq!(made["spec"]["capacity"], json!({"storage": "100Gi"}), "{name}");
        let claim = object(&spec, "PersistentVolumeClaim", claim);
        assert_eq!(claim["spec"]["volumeName"], volume, "{name}");
        assert_eq!(
            claim["spec"]["storageClassName"], "",
            "{name}: the default class would make a new volume"
        );
    }
}

#[test]
fn a_pod_is_kept_where_its_disk_is() {
    let affinity = |name: &str, volume: &str| {
        object(&platform(name), "PersistentVolume", volume)["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]
            ["matchExpressions"][0]
            .clone()
    };
    let expected = |key: &str, value: &str| json!({"key": key, "operator": "In", "values": [value]});
    assert_eq!(
        affinity("eks", "couchdb-pv-cht-kisumu-1"),
        expected("topology.kubernetes.io/zone", "eu-west-2a")
    );
    assert_eq!(
        affinity("host_path", "couchdb-pv-cht-kisumu"),
        expected("kubernetes.io/hostname", "worker-1")
    );
}

#[test]
fn a_directory_with_data_is_never_made() {
    let kind = |spec: &InstanceSpec| {
        object(spec, "PersistentVolume", "couchdb-pv-cht-kisumu")["spec"]["hostPath"]["type"].clone()
    };
    let mut spec = platform("host_path");
    assert_eq!(kind(&spec), "Directory");
    spec.couchdb.existing_data = false;
    assert_eq!(kind(&spec), "DirectoryOrCreate");
}

#[test]
fn what_is_in_the_cluster_already_is_used_and_not_made() {
    let claim = object(&platform("volume"), "PersistentVolumeClaim", "couchdb-claim0");
    assert_eq!(claim["spec"]["volumeName"], "kisumu");
    for name in ["volume", "claim"] {
        assert!(
            manifests(&platform(name))
                .iter()
                .all(|made| made.kind != "PersistentVolume")
        );
    }
    let on_claim = platform("claim");
    assert!(
        manifests(&on_claim)
            .iter()
            .all(|made| made.kind != "PersistentVolumeClaim")
    );
    let pod = object(&on_claim, "Deployment", "cht-couchdb")["spec"]["template"]["spec"].clone();
    assert_eq!(
        pod["volumes"],
        json!([{"name": "couchdb-claim0", "persistentVolumeClaim": {"claimName": "kisumu"}}])
    );
}

#[test]
fn the_number_of_a_node_is_in_its_data_path() {
    let mut spec = version("5.3.1", 2);
    spec.couchdb.data_path = "node%d/data".to_owned();
    let sub_path = |name: &str| {
        let pod = object(&spec, "Deployment", name)["spec"]["template"]["spec"].clone();
        pod["containers"][0]["volumeMounts"][0]["subPath"].clone()
    };
    assert_eq!(sub_path("cht-couchdb-1"), "node1/data");
    assert_eq!(sub_path("cht-couchdb-2"), "node2/data");
}

#[test]
fn each_node_of_a_cluster_has_a_claim_of_its_own() {
    let spec = version("5.3.1", 3);
    for number in 1..=3 {
        let name = format!("couchdb-{number}-claim0");
        let claim = object(&spec, "PersistentVolumeClaim", &name);
        assert_eq!(claim["metadata"]["labels"]["cht.service"], name);
        let pod = object(&spec, "Deployment", &format!("cht-couchdb-{number}"))["spec"]["template"]["spec"].clone();
        assert_eq!(pod["volumes"][0]["name"], name);
        assert_eq!(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], name);
    }
}
