//! Volumes of the chart, and the attributes that lead to them.

use serde_json::{Value, json};
use tf_framework::ToValue;

use super::*;

#[track_caller]
fn check(volume: Value, expected: NodeStorage) {
    let spec: PersistentVolumeSpec = serde_json::from_value(volume).expect("a volume");
    let deployment = json!({"metadata": {"name": "cht-couchdb-2"}, "spec": {
        "selector": {}, "template": {}}});
    let deployment: Deployment = serde_json::from_value(deployment).expect("a Deployment");
    assert_eq!(source(&spec, &deployment).to_value(), expected.to_value());
}

#[test]
fn each_kind_of_disk_has_its_attribute_and_for_others_the_claim_stands() {
    let none = NodeStorage::default;
    let text = |text: &str| Some(text.to_owned());
    check(
        json!({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1", "volumeAttributes": {"partition": "2"}}}),
        NodeStorage {
            ebs_volume_id: text("vol-1"),
            partition: Some(2),
            ..none()
        },
    );
    check(
        json!({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1", "volumeAttributes": {"partition": "0"}}}),
        NodeStorage {
            ebs_volume_id: text("vol-1"),
            ..none()
        },
    );
    check(
        json!({"gcePersistentDisk": {"pdName": "data", "partition": 1}}),
        NodeStorage {
            gce_disk: text("data"),
            partition: Some(1),
            ..none()
        },
    );
    check(
        json!({"hostPath": {"path": "/srv"}}),
        NodeStorage {
            host_path: text("/srv"),
            ..none()
        },
    );
    check(
        json!({"local": {"path": "/srv"}}),
        NodeStorage {
            host_path: text("/srv"),
            ..none()
        },
    );
    check(
        json!({"csi": {"driver": "csi.vsphere.vmware.com", "volumeHandle": "1-2"}}),
        NodeStorage {
            vsphere_volume_handle: text("1-2"),
            ..none()
        },
    );
    check(
        json!({"vsphereVolume": {"volumePath": "[store] a/b"}}),
        NodeStorage {
            claim_name: text("couchdb-2-claim0"),
            ..none()
        },
    );
}

#[test]
fn the_names_of_the_chart_follow_from_the_namespace_and_the_number() {
    assert_eq!(official_volume("cht", "couchdb"), "couchdb-pv-cht");
    assert_eq!(official_volume("cht", "couchdb-3"), "couchdb-pv-cht-3");
}
