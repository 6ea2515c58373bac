//! Objects of other tools that become ours, with a server that answers by a script.

use super::super::testing::{Exchange, cluster};
use super::*;

/// A Deployment as Helm made it, seen in this version.
fn made_by_helm(version: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "api", "namespace": "cht", "resourceVersion": version, "labels": {"cht.service": "api"},
            "managedFields": [
                {"manager": "helm", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-02T00:00:00Z",
                 "fieldsV1": {"f:metadata": {"f:labels": {"f:cht.service": {}}}, "f:spec": {"f:replicas": {}, "f:strategy": {}}}},
                {"manager": "kubectl-edit", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-03T00:00:00Z",
                 "fieldsV1": {"f:spec": {"f:strategy": {"f:type": {}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
                 "fieldsV1": {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1", "subresource": "status",
                 "fieldsV1": {"f:status": {}}},
            ],
        },
        "spec": {"replicas": 1},
    })
}

fn owner() -> OwnerId {
    OwnerId::new("one").unwrap()
}

fn found(json: Value) -> Found {
    [LiveObject::from_json(json).unwrap()].into_iter().collect()
}

#[test]
fn fields_of_tools_become_ours_and_those_of_controllers_stay_theirs() {
    let live = made_by_helm("7");
    let entries = transferred(&live).unwrap();
    let managers: Vec<&str> = entries.iter().map(|entry| text(entry, "manager")).collect();
    assert_eq!(
        managers,
        ["kube-controller-manager", "kube-controller-manager", MANAGER]
    );
    let ours = &entries[2];
    assert_eq!(
        (text(ours, "operation"), text(ours, "time")),
        ("Apply", "2026-01-03T00:00:00Z")
    );
    assert_eq!(
        ours["fieldsV1"],
        json!({"f:metadata": {"f:labels": {"f:cht.service": {}}},
               "f:spec": {"f:replicas": {}, "f:strategy": {"f:type": {}}}})
    );
    let mut done = live;
    done["metadata"]["managedFields"] = Value::from(entries);
    assert_eq!(transferred(&done), None, "there is nothing left to take");
}

#[tokio::test]
async fn an_object_that_changed_meanwhile_is_looked_at_again() {
    let conflict = json!({"kind": "Status", "reason": "Invalid", "message": "test failed"});
    let (cluster, server) = cluster(vec![
        Exchange::patch("/deployments/api?fieldManager=terraform-provider-cht").answer(422, conflict),
        Exchange::get("/deployments/api").answer(200, made_by_helm("8")),
        Exchange::patch("/deployments/api?fieldManager=terraform-provider-cht").answer(200, made_by_helm("9")),
    ]);
    cluster.take_over(&owner(), &found(made_by_helm("7"))).await.unwrap();
    let bodies = server.finished().await;
    assert_eq!(bodies[0][0]["value"], "7");
    assert_eq!(bodies[2][0]["value"], "8");
    assert_eq!(
        bodies[2][1]["value"],
        json!({"cht.service": "api", MANAGED_BY_LABEL: MANAGER, OWNER_LABEL: "one"})
    );
    assert_eq!(bodies[2][2]["path"], "/metadata/managedFields");
}

#[tokio::test]
async fn what_is_ours_is_left_alone_and_a_claim_is_only_marked() {
    let mut ours = made_by_helm("7");
    ours["metadata"]["labels"] = json!({MANAGED_BY_LABEL: MANAGER, OWNER_LABEL: "one"});
    let mut claim = made_by_helm("7");
    claim["apiVersion"] = json!("v1");
    claim["kind"] = json!("PersistentVolumeClaim");
    let (cluster, server) = cluster(vec![
        Exchange::patch("/persistentvolumeclaims/api").answer(200, claim.clone()),
    ]);
    cluster.take_over(&owner(), &found(ours)).await.unwrap();
    cluster.take_over(&owner(), &found(claim)).await.unwrap();
    let bodies = server.finished().await;
    assert_eq!(bodies[0].as_array().map(Vec::len), Some(2), "{}", bodies[0]);
}

#[test]
fn what_cannot_be_changed_of_a_volume_or_claim_is_applied_as_it_is() {
    let volume =
        |spec: Value| json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": spec});
    let desired = volume(json!({
        "capacity": {"storage": "20Gi"}, "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/srv", "type": "Directory"}, "nodeAffinity": {"required": {}},
        "claimRef": {"namespace": "cht", "name": "couchdb-claim0"},
    }));
    let live = volume(json!({
        "capacity": {"storage": "10Gi"}, "persistentVolumeReclaimPolicy": "Delete", "storageClassName": "local-path",
        "hostPath": {"path": "/srv", "type": "DirectoryOrCreate"},
        "claimRef": {"namespace": "cht", "name": "couchdb-claim0", "uid": "u"},
    }));
    let applied = as_it_is(
        Object::from_json(desired).unwrap(),
        &LiveObject::from_json(live).unwrap(),
    );
    assert_eq!(
        applied.json()["spec"],
        json!({
            "capacity": {"storage": "10Gi"}, "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/srv", "type": "DirectoryOrCreate"},
            "claimRef": {"namespace": "cht", "name": "couchdb-claim0"},
        })
    );
    let claim = |spec: Value| json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "cht"}, "spec": spec});
    let desired =
        claim(json!({"storageClassName": "", "volumeName": "other", "resources": {"requests": {"storage": "20Gi"}}}));
    let live = claim(json!({"storageClassName": "gp2", "resources": {"requests": {"storage": "10Gi"}}}));
    let applied = as_it_is(
        Object::from_json(desired).unwrap(),
        &LiveObject::from_json(live).unwrap(),
    );
    assert_eq!(
        applied.json()["spec"],
        json!({"storageClassName": "gp2", "resources": {"requests": {"storage": "20Gi"}}})
    );
}
