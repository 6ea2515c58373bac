//! Live objects beside what was sent, and what counts as a difference.

use serde_json::{Value, json};

use super::super::ownership::OwnerId;
use super::super::read::LiveObject;
use super::*;

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": "cht"},
        "spec": {"template": {"spec": spec}}})
}

/// Compares two manifests as a set of one object and its live counterpart, and returns the drift as text.
fn texts(desired: Value, live: Value) -> Vec<String> {
    let set = ObjectSet::new(
        OwnerId::new("one").unwrap(),
        vec![vec![Object::from_json(desired).unwrap()]],
    );
    let mut live = live;
    let labels = json!({"app.kubernetes.io/managed-by": "terraform-provider-cht", "cht.terraform.io/owner": "one"});
    for (name, value) in labels.as_object().unwrap() {
        live["metadata"]["labels"][name] = value.clone();
    }
    let found = [LiveObject::from_json(live).unwrap()].into_iter().collect();
    drift(&set, &found).iter().map(ToString::to_string).collect()
}

fn managed_by_kubectl(mut live: Value, template_fields: Value) -> Value {
    live["metadata"]["managedFields"] = json!([
        {"manager": "terraform-provider-cht", "operation": "Apply", "time": "2026-01-03T00:00:00Z",
         "fieldsV1": {"f:spec": {"f:template": {"f:spec": template_fields}}}},
        {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z",
         "fieldsV1": {"f:spec": {"f:template": {"f:spec": template_fields}}}},
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
         "time": "2026-01-04T00:00:00Z", "fieldsV1": {"f:spec": {}}}
    ]);
    live
}

#[test]
fn fields_that_we_do_not_set_are_not_drift() {
    let desired =
        deployment(json!({"containers": [{"name": "api", "image": "a:1", "ports": [{"containerPort": 5988}]}]}));
    let mut live = deployment(
        json!({"restartPolicy": "Always", "containers": [{"name": "api", "image": "a:1",
        "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 5988, "protocol": "TCP"}]}]}),
    );
    live["status"] = json!({"replicas": 1});
    live["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "3"});
    assert_eq!(texts(desired, live), Vec::<String>::new());
}

#[test]
fn changed_image_names_the_container_and_who_changed_it() {
    let desired = deployment(json!({"containers": [{"name": "api", "image": "a:1"}]}));
    let live = deployment(json!({"containers": [{"name": "sidecar"}, {"name": "api", "image": "a:2"}]}));
    let live = managed_by_kubectl(live, json!({"f:containers": {"k:{\"name\":\"api\"}": {"f:image": {}}}}));
    assert_eq!(
        texts(desired, live),
        [
            "Deployment cht/api spec.template.spec.containers[name=api].image: \"a:2\" instead of \"a:1\" by \"kubectl-edit\""
        ]
    );
}

#[test]
fn variable_that_another_manager_added_is_drift_with_and_without_own_variables() {
    let live = deployment(json!({"containers": [{"name": "api", "env": [
        {"name": "OURS", "value": "1"}, {"name": "ADMISSION", "value": "x"}, {"name": "EXTRA", "value": "x"}]}]}));
    let live = managed_by_kubectl(
        live,
        json!({"f:containers": {"k:{\"name\":\"api\"}": {"f:env": {"k:{\"name\":\"EXTRA\"}": {".": {}, "f:name": {}}}}}}),
    );
    let expected =
        ["Deployment cht/api spec.template.spec.containers[name=api].env[name=EXTRA]: was added by \"kubectl-edit\""];
    let ours = deployment(json!({"containers": [{"name": "api", "env": [{"name": "OURS", "value": "1"}]}]}));
    assert_eq!(texts(ours, live.clone()), expected);
    assert_eq!(
        texts(deployment(json!({"containers": [{"name": "api"}]})), live),
        expected
    );
}

#[test]
fn removal_patch_tests_each_item_and_goes_backwards() {
    let fields = json!({"f:containers": {"k:{\"name\":\"api\"}": {"f:env": {}}}});
    let env = json!([{"name": "X"}, {"name": "OURS"}, {"name": "Y"}]);
    let live = managed_by_kubectl(deployment(json!({"containers": [{"name": "api", "env": env}]})), fields);
    let desired = deployment(json!({"containers": [{"name": "api", "env": [{"name": "OURS"}]}]}));
    let at = |index| format!("/spec/template/spec/containers/0/env/{index}");
    assert_eq!(
        removal_patch(&desired, &live).unwrap(),
        json!([
            {"op": "test", "path": at(2), "value": {"name": "Y"}}, {"op": "remove", "path": at(2)},
            {"op": "test", "path": at(0), "value": {"name": "X"}}, {"op": "remove", "path": at(0)},
        ])
    );
    assert_eq!(removal_patch(&desired, &desired), None);
}

#[test]
fn lists_are_matched_by_their_merge_keys() {
    let same_in_another_order = [
        (
            json!({"volumes": [{"name": "a"}, {"name": "b"}]}),
            json!({"volumes": [{"name": "b"}, {"name": "a"}]}),
        ),
        (
            json!({"containers": [{"name": "c", "volumeMounts": [{"mountPath": "/a"}, {"mountPath": "/b"}]}]}),
            json!({"containers": [{"name": "c", "volumeMounts": [{"mountPath": "/b"}, {"mountPath": "/a"}]}]}),
        ),
        (
            json!({"containers": [{"name": "c", "ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]}]}),
            json!({"containers": [{"name": "c", "ports": [{"containerPort": 53, "protocol": "UDP"},
                {"containerPort": 53, "protocol": "TCP"}]}]}),
        ),
        (
            json!({"tolerations": [{"key": "a", "effect": "NoExecute"}, {"key": "a", "effect": "NoSchedule"}]}),
            json!({"tolerations": [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}]}),
        ),
    ];
    for (desired, live) in same_in_another_order {
        assert_eq!(
            texts(deployment(desired.clone()), deployment(live)),
            Vec::<String>::new(),
            "{desired}"
        );
    }
    let removed = texts(
        deployment(json!({"hostAliases": [{"ip": "10.0.0.1"}], "containers": [{"name": "c", "command": ["a", "b"]}]})),
        deployment(json!({"hostAliases": [], "containers": [{"name": "c", "command": ["a"]}]})),
    );
    assert_eq!(
        removed,
        [
            "Deployment cht/api spec.template.spec.containers[name=c].command: [\"a\"] instead of [\"a\",\"b\"]",
            "Deployment cht/api spec.template.spec.hostAliases[ip=10.0.0.1]: was removed",
        ]
    );
}

#[test]
fn amounts_are_compared_by_value_and_zero_values_may_be_absent() {
    let desired = deployment(
        json!({"hostNetwork": false, "nodeSelector": {}, "containers": [{"name": "c",
        "env": [{"name": "EMPTY", "value": ""}], "resources": {"limits": {"memory": "1Gi", "cpu": 1}}}]}),
    );
    let live = deployment(json!({"containers": [{"name": "c", "env": [{"name": "EMPTY"}],
        "resources": {"limits": {"memory": "1024Mi", "cpu": "1000m"}}}]}));
    assert_eq!(texts(desired, live), Vec::<String>::new());
    let volume = deployment(json!({"volumes": [{"name": "v", "emptyDir": {}}]}));
    let swapped = deployment(json!({"volumes": [{"name": "v", "hostPath": {"path": "/x"}}]}));
    assert_eq!(
        texts(volume, swapped),
        ["Deployment cht/api spec.template.spec.volumes[name=v].emptyDir: was removed"]
    );
}

#[test]
fn secret_values_are_compared_and_never_shown() {
    let desired = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "cht"},
        "type": "Opaque", "stringData": {"same": "a", "changed": "hunter2", "gone": ""}});
    let live = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "cht"},
        "type": "Opaque", "data": {"same": "YQ==", "changed": "aHVudGVyMw==", "theirs": "Yg=="}});
    assert_eq!(
        texts(desired, live),
        [
            "Secret cht/s data.changed: \"(sensitive value)\" instead of \"(sensitive value)\"",
            "Secret cht/s data.gone: was removed",
        ]
    );
}

#[test]
fn missing_or_dying_object_and_removed_label_are_drift() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "cht", "labels": {"a.b/c": ""}}, "data": {"k": "v"}});
    let set = ObjectSet::new(
        OwnerId::new("one").unwrap(),
        vec![vec![Object::from_json(object.clone()).unwrap()]],
    );
    let missing: Vec<_> = drift(&set, &Found::default()).iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["ConfigMap cht/c is not there"]);
    let mut live = object.clone();
    live["metadata"]["labels"] = json!({});
    let label = "ConfigMap cht/c metadata.labels[\"a.b/c\"]: was removed";
    assert_eq!(texts(object.clone(), live), [label]);
    let mut dying = object.clone();
    dying["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(texts(object, dying), ["ConfigMap cht/c is being deleted"]);
}
