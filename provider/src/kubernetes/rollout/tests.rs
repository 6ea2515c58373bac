//! Workloads and pods as a cluster describes them, and what a rollout says of each.

use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, from_value, json};

use super::super::testing::{Exchange, cluster};
use super::*;

fn key() -> ObjectKey {
    ObjectKey::namespaced::<Deployment>("cht", "couchdb")
}

/// A Deployment of one replica; `status` is added to one that the controller has seen.
fn deployment(status: Value) -> Value {
    let mut json = json!({
        "metadata": {"name": "couchdb", "namespace": "cht", "uid": "d", "generation": 2,
                     "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 1, "selector": {}, "template": {"spec": {"containers": [],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}}},
        "status": {"observedGeneration": 2}});
    json["status"]
        .as_object_mut()
        .unwrap()
        .extend(status.as_object().unwrap().clone());
    json
}

fn rolled_out() -> Value {
    deployment(json!({"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}))
}

fn replica_set(uid: &str, revision: &str) -> Value {
    json!({"metadata": {"name": uid, "namespace": "cht", "uid": uid,
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "couchdb", "uid": "d"}]},
        "spec": {"selector": {}}})
}

fn pod(replica_set: &str, status: Value) -> Value {
    json!({"metadata": {"name": "couchdb-x", "namespace": "cht",
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": replica_set}]},
        "spec": {"containers": [{"name": "couchdb", "image": "public.ecr.aws/medic/cht-couchdb:5.3.1"}]}, "status": status})
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({"containerStatuses": [{"name": "couchdb", "image": "", "imageID": "", "ready": false, "restartCount": 4,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]})
}

fn claim(class: Option<&str>, volume: Option<&str>, phase: &str) -> Value {
    json!({"metadata": {"name": "data", "namespace": "cht", "uid": "c"},
        "spec": {"storageClassName": class, "volumeName": volume}, "status": {"phase": phase}})
}

fn claim_event(reason: &str, message: &str, time: &str) -> Value {
    json!({"metadata": {}, "reason": reason, "message": message, "lastTimestamp": time, "involvedObject":
        {"kind": "PersistentVolumeClaim", "name": "data", "namespace": "cht", "uid": "c"}})
}

/// Diagnoses a Deployment that is at its second revision.
fn text(deployment: Value, pods: Value, claims: Value, events: Value) -> String {
    let observed = Observed {
        deployments: vec![from_value(deployment).unwrap()],
        replica_sets: from_value(json!([replica_set("r1", "1"), replica_set("r2", "2")])).unwrap(),
        pods: from_value(pods).unwrap(),
        claims: from_value(claims).unwrap(),
        claim_events: from_value(events).unwrap(),
        ..Observed::default()
    };
    match diagnose(&[key()], &observed) {
        RolloutStatus::Ready => "ready".to_owned(),
        RolloutStatus::Progressing(text) => format!("progressing: {text}"),
        RolloutStatus::Blocked(reason) => format!("blocked: {reason}"),
        RolloutStatus::Failed(reason) => format!("failed: {reason}"),
    }
}

#[test]
fn progress_follows_generation_revision_and_availability() {
    let mut unseen = rolled_out();
    unseen["metadata"]["generation"] = json!(3);
    for (deployment, expected) in [
        (rolled_out(), "ready"),
        (
            unseen,
            "progressing: Deployment cht/couchdb: the controller has not seen the change yet",
        ),
        (
            deployment(json!({"replicas": 1})),
            "progressing: Deployment cht/couchdb: 0 of 1 replicas are of the new revision",
        ),
        (
            deployment(json!({"replicas": 2, "updatedReplicas": 1, "availableReplicas": 2})),
            "progressing: Deployment cht/couchdb: 1 replicas of the old revision are still there",
        ),
        (
            deployment(json!({"replicas": 1, "updatedReplicas": 1})),
            "progressing: Deployment cht/couchdb: 0 of 1 replicas are available",
        ),
    ] {
        assert_eq!(text(deployment, json!([]), json!([]), json!([])), expected);
    }
    let nothing = diagnose(&[key()], &Observed::default());
    assert_eq!(
        nothing,
        RolloutStatus::Failed(Reason {
            workload: key(),
            cause: Cause::Missing
        })
    );
}

#[test]
fn pods_of_the_newest_revision_say_what_is_wrong() {
    let pulling = "failed: Deployment cht/couchdb: the image public.ecr.aws/medic/cht-couchdb:5.3.1 of container \
                   \"couchdb\" of Pod \"couchdb-x\" cannot be had: not found";
    let cases = [
        (waiting("ImagePullBackOff", "not found"), pulling),
        (waiting("ErrImagePull", "not found"), pulling),
        (
            waiting("CrashLoopBackOff", "back-off"),
            "failed: Deployment cht/couchdb: container \"couchdb\" of Pod \"couchdb-x\" crashes: \
             exit code 137 (OOMKilled), 4 restarts",
        ),
        (
            waiting("CreateContainerConfigError", "secret \"couchdb\" not found"),
            "failed: Deployment cht/couchdb: container \"couchdb\" of Pod \"couchdb-x\" cannot be configured: \
             secret \"couchdb\" not found",
        ),
        (
            json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                   "message": "0/3 nodes are available"}]}),
            "failed: Deployment cht/couchdb: no node takes Pod \"couchdb-x\": 0/3 nodes are available",
        ),
        (
            waiting("ContainerCreating", ""),
            "progressing: Deployment cht/couchdb: 0 of 1 replicas are of the new revision",
        ),
    ];
    for (status, expected) in cases {
        assert_eq!(
            text(deployment(json!({})), json!([pod("r2", status)]), json!([]), json!([])),
            expected
        );
    }
    let old = json!([pod("r1", waiting("CrashLoopBackOff", ""))]);
    assert!(text(deployment(json!({})), old, json!([]), json!([])).starts_with("progressing"));
}

#[test]
fn daemon_set_is_ready_on_all_nodes_and_its_newest_pods_tell_what_is_wrong() {
    let key = ObjectKey::namespaced::<DaemonSet>("cht", "node");
    let text = |status: Value, generation: &str| {
        let set = json!({"metadata": {"name": "node", "namespace": "cht", "uid": "d", "generation": 1,
                "annotations": {"deprecated.daemonset.template.generation": "2"}},
            "spec": {"selector": {}, "template": {}}, "status": status});
        let mut pod = pod("d", waiting("ErrImagePull", "no route"));
        pod["metadata"]["labels"] = json!({"pod-template-generation": generation});
        let observed = Observed {
            daemon_sets: vec![from_value(set).unwrap()],
            pods: vec![from_value(pod).unwrap()],
            ..Observed::default()
        };
        format!("{:?}", diagnose(std::slice::from_ref(&key), &observed))
    };
    let status = |updated: i32, available: i32| {
        json!({"observedGeneration": 1, "currentNumberScheduled": 3, "numberMisscheduled": 0, "numberReady": available,
            "desiredNumberScheduled": 3, "updatedNumberScheduled": updated, "numberAvailable": available})
    };
    assert_eq!(text(status(3, 3), "2"), "Ready");
    assert_eq!(
        text(status(1, 3), "1"),
        r#"Progressing("DaemonSet cht/node: 1 of 3 nodes have the new revision")"#
    );
    assert_eq!(
        text(status(3, 2), "1"),
        r#"Progressing("DaemonSet cht/node: it is available on 2 of 3 nodes")"#
    );
    assert!(text(status(3, 2), "2").contains("no route"));
}

#[test]
fn conditions_tell_of_quota_and_deadline() {
    let quota = json!({"conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"},
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: small"}]});
    assert_eq!(
        text(deployment(quota), json!([]), json!([]), json!([])),
        "failed: Deployment cht/couchdb: its Pods cannot be made: exceeded quota: small"
    );
    let stuck = json!({"conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}]});
    assert_eq!(
        text(deployment(stuck.clone()), json!([]), json!([]), json!([])),
        "failed: Deployment cht/couchdb: it makes no progress: timed out"
    );
    let pods = json!([pod("r2", waiting("ImagePullBackOff", ""))]);
    let deeper = text(deployment(stuck), pods, json!([]), json!([]));
    assert!(deeper.contains("cannot be had"), "{deeper}");
}

#[test]
fn unbound_claim_is_named_with_its_reason_before_its_consequences() {
    let unschedulable = json!([pod(
        "r2",
        json!({"conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "pod has unbound immediate PersistentVolumeClaims"}]})
    )]);
    let old = claim_event("ExternalProvisioning", "old", "2026-01-01T00:00:00Z");
    let now = "2026-01-02T00:00:00Z";
    let event = |reason, message| json!([claim_event(reason, message, now), old]);
    let no_class = "no persistent volumes available for this claim and no storage class is set";
    let no_such_class = "storageclass.storage.k8s.io \"fast\" not found";
    for (claim, events, expected) in [
        (
            claim(None, None, "Pending"),
            event("FailedBinding", no_class),
            "it names no storage class and the cluster has no default one",
        ),
        (
            claim(Some("fast"), None, "Pending"),
            event("ProvisioningFailed", no_such_class),
            "there is no storage class \"fast\"",
        ),
        (
            claim(Some("x"), None, "Pending"),
            event("FailedBinding", "no fit"),
            "no volume fits: no fit",
        ),
        (
            claim(Some("x"), None, "Pending"),
            event("ProvisioningFailed", "no AWS"),
            "its volume is not provisioned: no AWS",
        ),
        (
            claim(None, Some("pv-1"), "Pending"),
            json!([]),
            "it asks for the volume \"pv-1\", which is not there or not free",
        ),
        (claim(None, None, "Pending"), json!([]), "the cluster gives no reason"),
        (claim(None, None, "Lost"), json!([]), "its volume was lost"),
    ] {
        let prefix = "failed: Deployment cht/couchdb: the volume claim \"data\" is not bound: ";
        let text = text(deployment(json!({})), unschedulable.clone(), json!([claim]), events);
        assert_eq!(text, format!("{prefix}{expected}"));
    }
    let waits = event(
        "WaitForFirstConsumer",
        "waiting for first consumer to be created before binding",
    );
    let text = text(
        deployment(json!({})),
        unschedulable,
        json!([claim(Some("x"), None, "Pending")]),
        waits,
    );
    assert!(text.contains("no node takes Pod"), "{text}");
}

fn list(items: Value) -> Value {
    json!({"metadata": {}, "items": items})
}

fn forbidden() -> Value {
    json!({"kind": "Status", "reason": "Forbidden"})
}

#[tokio::test]
async fn ready_deployments_cost_one_call() {
    let (cluster, server) = cluster(vec![
        Exchange::get("/apis/apps/v1/namespaces/cht/deployments?").answer(200, list(json!([rolled_out()]))),
    ]);
    let mut rollout = Rollout::new(cluster, vec![key()], Duration::ZERO, Duration::ZERO);
    assert_eq!(rollout.probe().await.unwrap(), RolloutStatus::Ready);
    server.finished().await;
}

#[tokio::test]
async fn crash_is_reported_with_its_log_and_missing_permissions_do_not_hide_it() {
    let pods = list(json!([pod("r2", waiting("CrashLoopBackOff", ""))]));
    let (cluster, server) = cluster(vec![
        Exchange::get("/deployments?").answer(200, list(json!([deployment(json!({}))]))),
        Exchange::get("/replicasets?").answer(200, list(json!([replica_set("r2", "2")]))),
        Exchange::get("/pods?").answer(200, pods),
        Exchange::get("/persistentvolumeclaims?").answer(403, forbidden()),
        Exchange::get("/events?limit=500&fieldSelector=involvedObject.kind%3DPersistentVolumeClaim")
            .answer(403, forbidden()),
        Exchange::get("/pods/couchdb-x/log?container=couchdb&previous=true").answer(200, json!("last words")),
    ]);
    let mut rollout = Rollout::new(cluster, vec![key()], Duration::ZERO, Duration::ZERO);
    let RolloutStatus::Failed(reason) = rollout.probe().await.unwrap() else {
        panic!("not failed")
    };
    assert!(
        matches!(&reason.cause, Cause::CrashLoop { log, .. } if log[0].contains("last words")),
        "{reason}"
    );
    server.finished().await;
}

#[tokio::test]
async fn what_may_heal_is_progress_until_the_grace_is_over() {
    let (cluster, server) = cluster(vec![
        Exchange::get("/deployments?").answer(200, list(json!([deployment(json!({}))]))),
        Exchange::get("/replicasets?").answer(200, list(json!([replica_set("r2", "2")]))),
        Exchange::get("/pods?").answer(200, list(json!([pod("r2", waiting("ImagePullBackOff", "no route"))]))),
        Exchange::get("/persistentvolumeclaims?").answer(200, list(json!([]))),
        Exchange::get("/events?").answer(200, list(json!([]))),
    ]);
    let mut rollout = Rollout::new(
        cluster,
        vec![key()],
        Duration::from_secs(3600),
        Duration::from_secs(3600),
    );
    let status = rollout.probe().await.unwrap();
    assert!(
        matches!(&status, RolloutStatus::Blocked(reason) if reason.to_string().contains("no route")),
        "{status:?}"
    );
    server.finished().await;
}
