//! Which volumes lead to which disks.

use serde_json::{Value, json};

use super::*;
use crate::cht::instance::fixtures::{couchdb_of, first_member};

const EBS: &str = "vol-0a1b2c3d4e5f60718";

fn disk(node: Value) -> Disk {
    let couchdb = couchdb_of(node);
    let member = first_member(&couchdb);
    Disk::of_member(&member).expect("it names one")
}

fn volume(owner: &str, spec: Value, phase: &str) -> LiveObject {
    let mut spec = spec;
    spec["claimRef"] = json!({"namespace": owner, "name": "couchdb-claim0"});
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": format!("couchdb-pv-{owner}")}, "spec": spec, "status": {"phase": phase},
    });
    LiveObject::from_json(volume).expect("a known kind")
}

fn bound_to(label: &str, value: &str) -> Value {
    let expression = json!({"key": label, "operator": "In", "values": [value]});
    json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}})
}

fn csi(driver: &str, handle: &str) -> Value {
    json!({"csi": {"driver": driver, "volumeHandle": handle}})
}

/// Whether the volume of another instance leads to what a node names.
#[track_caller]
fn is_taken(node: Value, spec: Value) -> bool {
    let disk = disk(node);
    let own = ["cht-kisumu", "cht-before"];
    for (owner, phase, expected) in [
        ("cht-kisumu", "Bound", false),
        ("cht-before", "Bound", false),
        ("cht-other", "Released", false),
    ] {
        if disk.source != Source::Directory {
            let found = [volume(owner, spec.clone(), phase)];
            assert_eq!(holder(found.iter(), &disk, &own).is_some(), expected, "{owner} {phase}");
        }
    }
    holder([volume("cht-other", spec, "Bound")].iter(), &disk, &own).is_some()
}

#[test]
fn v08_c09_a_directory_is_not_shared() {
    let node = json!({"node_name": "a", "storage": {"host_path": "/srv/cht/"}});
    let on = |source: &str, host: &str| {
        let affinity = bound_to("kubernetes.io/hostname", host);
        json!({source: {"path": "/srv/cht"}, "nodeAffinity": affinity})
    };
    assert!(is_taken(node.clone(), on("hostPath", "a")));
    assert!(is_taken(node.clone(), on("local", "a")));
    assert!(
        is_taken(node.clone(), json!({"hostPath": {"path": "/srv/cht"}})),
        "on any node"
    );
    assert!(!is_taken(node.clone(), on("hostPath", "b")));
    assert!(!is_taken(node.clone(), json!({"hostPath": {"path": "/srv/other"}})));
    let mut own = volume("cht-kisumu", on("hostPath", "a"), "Released").json().clone();
    own["metadata"]["labels"] = json!({"cht.terraform.io/owner": "instance.cht-kisumu"});
    let own = LiveObject::from_json(own).expect("a known kind");
    assert!(holder([own].iter(), &disk(node), &["cht-kisumu"]).is_none());
}

#[test]
fn v08_a_disk_of_any_platform_is_not_shared() {
    let ebs = json!({"storage": {"ebs_volume_id": EBS}});
    assert!(is_taken(ebs.clone(), csi("ebs.csi.aws.com", EBS)));
    assert!(is_taken(ebs.clone(), csi("ebs.csi.eks.amazonaws.com", EBS)));
    let old = json!({"awsElasticBlockStore": {"volumeID": format!("aws://eu-west-1a/{EBS}")}});
    assert!(is_taken(ebs.clone(), old));
    assert!(!is_taken(ebs.clone(), csi("ebs.csi.aws.com", "vol-0a1b2c3d4e5f60719")));
    assert!(!is_taken(ebs, csi("csi.example", EBS)));

    let vsphere = json!({"storage": {"vsphere_volume_handle": "3a1e"}});
    assert!(is_taken(vsphere, csi("csi.vsphere.vmware.com", "3a1e")));
}

#[test]
fn the_name_of_a_disk_of_google_is_one_of_its_zone() {
    let in_zone = |zone: Value| json!({"storage": {"gce_disk": "data", "zone": zone}});
    let mut there = json!({"gcePersistentDisk": {"pdName": "data"}});
    assert!(is_taken(in_zone(json!("zone-1")), there.clone()), "it may be anywhere");
    there["nodeAffinity"] = bound_to("topology.kubernetes.io/zone", "zone-1");
    assert!(is_taken(in_zone(json!("zone-1")), there.clone()));
    assert!(is_taken(in_zone(Value::Null), there.clone()));
    assert!(!is_taken(in_zone(json!("zone-2")), there));
    let handle = csi("pd.csi.storage.gke.io", "projects/p/zones/zone-1/disks/data");
    assert!(is_taken(in_zone(Value::Null), handle));
}

#[test]
fn a_disk_is_taken_once_in_a_run_and_cluster() {
    let disks = Disks::default();
    let ebs = disk(json!({"storage": {"ebs_volume_id": EBS}}));
    let named = disk(json!({"storage": {"volume_name": EBS}}));
    for (cluster, namespace, disk, expected) in [
        ("https://a", "cht-one", &ebs, None),
        ("https://a", "cht-one", &ebs, None),
        ("https://a", "cht-other", &ebs, Some("cht-one".to_owned())),
        ("https://b", "cht-other", &ebs, None),
        ("https://a", "cht-other", &named, None),
    ] {
        assert_eq!(disks.claim(cluster, namespace, disk), expected);
    }
}

#[test]
fn the_disk_that_is_refused_is_named_with_who_has_it() {
    let disk = disk(json!({"storage": {"ebs_volume_id": EBS}}));
    let other = volume("cht-other", csi("ebs.csi.aws.com", EBS), "Bound");
    let error = taken(&disk, &described(&other)).detail;
    let expected = format!(
        "The volume couchdb-pv-cht-other, which the claim cht-other/couchdb-claim0 has, leads to the disk {EBS}"
    );
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn a_volume_that_is_named_or_claimed_here_is_not_that_of_another() {
    let volumes = [volume("cht-kisumu", csi("ebs.csi.aws.com", EBS), "Bound")];
    for storage in [
        json!({"volume_name": "couchdb-pv-cht-kisumu"}),
        json!({"claim_name": "couchdb-claim0"}),
    ] {
        let couchdb = couchdb_of(json!({ "storage": storage }));
        let member = first_member(&couchdb);
        let own = own_volume(&volumes, &member, "cht-kisumu").expect("it is there");
        assert_eq!(own.key().name, "couchdb-pv-cht-kisumu");
    }
}
