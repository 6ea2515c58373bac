//! The kinds of snapshots, `snapshot.storage.k8s.io/v1`, as the API of Kubernetes' storage group has them: what users
//! ask for, what there is of it, and how it is made.

use serde_json::{Value, json};

/// What says that the group is the one that Kubernetes' own people have agreed on.
const APPROVED: &str = "https://github.com/kubernetes-csi/external-snapshotter/pull/814";

/// One kind.
struct Definition {
    kind: &'static str,
    plural: &'static str,
    short: [&'static str; 2],
    is_namespaced: bool,
    schema: Value,
    /// Titles and paths of what lists show.
    columns: &'static [(&'static str, &'static str, &'static str)],
}

/// The definitions of the three kinds.
pub(super) fn definitions() -> Vec<Value> {
    let all = [class(), content(), snapshot()];
    all.into_iter().map(Definition::object).collect()
}

impl Definition {
    fn object(self) -> Value {
        let columns: Vec<Value> = self
            .columns
            .iter()
            .map(|(name, kind, path)| json!({ "name": name, "type": kind, "jsonPath": path }))
            .collect();
        // A class has no status.
        let has_status = self.kind != "VolumeSnapshotClass";
        let subresources = has_status.then(|| json!({ "status": {} }));
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{}.snapshot.storage.k8s.io", self.plural),
                "annotations": { "api-approved.kubernetes.io": APPROVED },
            },
            "spec": {
                "group": "snapshot.storage.k8s.io",
                "scope": if self.is_namespaced { "Namespaced" } else { "Cluster" },
                "names": {
                    "kind": self.kind, "listKind": format!("{}List", self.kind), "plural": self.plural,
                    "singular": self.kind.to_lowercase(), "shortNames": self.short,
                },
                "versions": [{
                    "name": "v1", "served": true, "storage": true, "subresources": subresources,
                    "schema": { "openAPIV3Schema": self.schema }, "additionalPrinterColumns": columns,
                }],
            },
        })
    }
}

fn class() -> Definition {
    let schema = json!({
        "type": "object", "required": ["driver", "deletionPolicy"],
        "properties": common(&[
            ("driver", text()),
            ("deletionPolicy", policy()),
            ("parameters", json!({ "type": "object", "additionalProperties": text() })),
        ]),
    });
    Definition {
        kind: "VolumeSnapshotClass",
        plural: "volumesnapshotclasses",
        short: ["vsclass", "vsclasses"],
        is_namespaced: false,
        schema,
        columns: &[
            ("Driver", "string", ".driver"),
            ("DeletionPolicy", "string", ".deletionPolicy"),
        ],
    }
}

fn content() -> Definition {
    let source = json!({
        "type": "object", "properties": { "snapshotHandle": text(), "volumeHandle": text() },
        "x-kubernetes-validations": [one_of("snapshotHandle", "volumeHandle")],
    });
    let spec = json!({
        "type": "object", "required": ["deletionPolicy", "driver", "source", "volumeSnapshotRef"],
        "properties": {
            "deletionPolicy": policy(), "driver": text(), "source": source, "sourceVolumeMode": text(),
            "volumeSnapshotClassName": text(),
            "volumeSnapshotRef": {
                "type": "object", "x-kubernetes-map-type": "atomic",
                "properties": {
                    "apiVersion": text(), "fieldPath": text(), "kind": text(), "name": text(), "namespace": text(),
                    "resourceVersion": text(), "uid": text(),
                },
            },
        },
    });
    let status = json!({
        "type": "object",
        "properties": {
            "creationTime": number(), "error": error(), "readyToUse": { "type": "boolean" }, "restoreSize": number(),
            "snapshotHandle": text(), "volumeGroupSnapshotHandle": text(),
        },
    });
    Definition {
        kind: "VolumeSnapshotContent",
        plural: "volumesnapshotcontents",
        short: ["vsc", "vscs"],
        is_namespaced: false,
        schema: json!({
            "type": "object", "required": ["spec"], "properties": common(&[("spec", spec), ("status", status)]),
        }),
        columns: &[
            ("ReadyToUse", "boolean", ".status.readyToUse"),
            ("Driver", "string", ".spec.driver"),
            ("VolumeSnapshot", "string", ".spec.volumeSnapshotRef.name"),
            ("VolumeSnapshotNamespace", "string", ".spec.volumeSnapshotRef.namespace"),
        ],
    }
}

fn snapshot() -> Definition {
    let source = json!({
        "type": "object", "properties": { "persistentVolumeClaimName": text(), "volumeSnapshotContentName": text() },
        "x-kubernetes-validations": [one_of("persistentVolumeClaimName", "volumeSnapshotContentName")],
    });
    let spec = json!({
        "type": "object", "required": ["source"],
        "properties": { "source": source, "volumeSnapshotClassName": text() },
    });
    let size = json!({ "anyOf": [{ "type": "integer" }, { "type": "string" }], "x-kubernetes-int-or-string": true });
    let status = json!({
        "type": "object",
        "properties": {
            "boundVolumeSnapshotContentName": text(), "creationTime": time(), "error": error(),
            "readyToUse": { "type": "boolean" }, "restoreSize": size, "volumeGroupSnapshotName": text(),
        },
    });
    Definition {
        kind: "VolumeSnapshot",
        plural: "volumesnapshots",
        short: ["vs", "vss"],
        is_namespaced: true,
        schema: json!({
            "type": "object", "required": ["spec"], "properties": common(&[("spec", spec), ("status", status)]),
        }),
        columns: &[
            ("ReadyToUse", "boolean", ".status.readyToUse"),
            ("SourcePVC", "string", ".spec.source.persistentVolumeClaimName"),
            ("RestoreSize", "string", ".status.restoreSize"),
            ("SnapshotClass", "string", ".spec.volumeSnapshotClassName"),
        ],
    }
}

/// The properties of a kind, with those that all kinds have.
fn common(own: &[(&str, Value)]) -> Value {
    let mut properties = json!({ "apiVersion": text(), "kind": text(), "metadata": { "type": "object" } });
    for (name, schema) in own {
        properties[*name] = schema.clone();
    }
    properties
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "integer", "format": "int64" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn policy() -> Value {
    json!({ "type": "string", "enum": ["Delete", "Retain"] })
}

fn error() -> Value {
    json!({ "type": "object", "properties": { "message": text(), "time": time() } })
}

/// A snapshot is taken of something, or is there already.
fn one_of(one: &str, other: &str) -> Value {
    json!({
        "rule": format!("has(self.{one}) != has(self.{other})"),
        "message": format!("exactly one of {one} and {other} has to be given"),
    })
}
