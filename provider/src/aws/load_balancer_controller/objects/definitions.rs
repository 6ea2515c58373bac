//! The kinds that the controller works with, `elbv2.k8s.aws/v1beta1`: what holds for the Ingresses of a class, and
//! which pods are the targets of a target group.
//!
//! Their schemas have what people and the controller say in them today. What a later version says besides is kept, not
//! dropped, and checked by its webhooks.

use serde_json::{Value, json};

use crate::kubernetes::Kind;

pub(super) fn definitions() -> Vec<Value> {
    vec![
        definition(
            Kind::CLASS_PARAMETERS,
            &class_parameters(),
            &[
                ("GROUP-NAME", "string", ".spec.group.name"),
                ("SCHEME", "string", ".spec.scheme"),
                ("AGE", "date", ".metadata.creationTimestamp"),
            ],
        ),
        definition(
            Kind::TARGET_GROUP_BINDING,
            &target_group_binding(),
            &[
                ("SERVICE-NAME", "string", ".spec.serviceRef.name"),
                ("SERVICE-PORT", "string", ".spec.serviceRef.port"),
                ("TARGET-TYPE", "string", ".spec.targetType"),
                ("AGE", "date", ".metadata.creationTimestamp"),
            ],
        ),
    ]
}

fn definition(kind: Kind, spec: &Value, columns: &[(&str, &str, &str)]) -> Value {
    let is_binding = kind == Kind::TARGET_GROUP_BINDING;
    let columns: Vec<Value> = columns
        .iter()
        .map(|(name, kind, path)| json!({ "name": name, "type": kind, "jsonPath": path }))
        .collect();
    let mut properties = json!({
        "apiVersion": text(), "kind": text(), "metadata": { "type": "object" }, "spec": spec,
    });
    let mut version = json!({
        "name": kind.version, "served": true, "storage": true, "additionalPrinterColumns": columns,
    });
    if is_binding {
        properties["status"] = open(json!({ "observedGeneration": { "type": "integer", "format": "int64" } }));
        version["subresources"] = json!({ "status": {} });
    }
    version["schema"] = json!({ "openAPIV3Schema": { "type": "object", "properties": properties } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": kind.resource() },
        "spec": {
            "group": kind.group,
            "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
            "names": {
                "kind": kind.kind, "listKind": format!("{}List", kind.kind), "plural": kind.plural,
                "singular": if is_binding { "targetgroupbinding" } else { kind.plural },
            },
            "versions": [version],
        },
    })
}

fn class_parameters() -> Value {
    let pair = || required(json!({ "key": text(), "value": text() }), &["key", "value"]);
    let selector = json!({
        "matchLabels": map(text()),
        "matchExpressions": list(required(
            json!({ "key": text(), "operator": text(), "values": list(text()) }),
            &["key", "operator"],
        )),
    });
    open(json!({
        "certificateArn": list(text()),
        "group": required(json!({ "name": text() }), &["name"]),
        "inboundCIDRs": list(text()),
        "ipAddressType": one_of(&["ipv4", "dualstack", "dualstack-without-public-ipv4"]),
        "loadBalancerAttributes": list(pair()),
        "loadBalancerName": text(),
        "namespaceSelector": { "type": "object", "properties": selector, "x-kubernetes-map-type": "atomic" },
        "scheme": one_of(&["internal", "internet-facing"]),
        "sslPolicy": text(),
        "sslRedirectPort": text(),
        "subnets": {
            "type": "object",
            "properties": { "ids": list(text()), "tags": map(list(text())) },
        },
        "tags": list(pair()),
        "targetType": one_of(&["instance", "ip"]),
    }))
}

fn target_group_binding() -> Value {
    let port = json!({ "anyOf": [{ "type": "integer" }, { "type": "string" }], "x-kubernetes-int-or-string": true });
    let mut spec = open(json!({
        "ipAddressType": one_of(&["ipv4", "ipv6"]),
        "serviceRef": required(json!({ "name": text(), "port": port }), &["name", "port"]),
        "targetGroupARN": text(),
        "targetGroupName": text(),
        "targetType": one_of(&["instance", "ip"]),
        "vpcID": text(),
    }));
    spec["required"] = json!(["serviceRef"]);
    spec
}

/// What may have more in it than these.
fn open(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "x-kubernetes-preserve-unknown-fields": true })
}

fn required(properties: Value, names: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": names })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn one_of(values: &[&str]) -> Value {
    json!({ "type": "string", "enum": values })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn map(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}
