//! What is in the cluster of an instance, seen past the provider.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Client;
use kube::api::{DynamicObject, ListParams};
use serde_json::{Value, json};

use crate::support::{CLAIM, CONFIG_MAP, DEPLOYMENT, INGRESS, Kind, NAMESPACE, SECRET, SERVICE, eventually};

/// What the objects of an instance say that was wanted, by object and field.
pub(super) type Fields = BTreeMap<String, String>;

const KINDS: [&Kind; 7] = [
    &NAMESPACE,
    &CONFIG_MAP,
    &SECRET,
    &CLAIM,
    &SERVICE,
    &DEPLOYMENT,
    &INGRESS,
];

/// What the cluster, the clock or chance decides, whether a refresh came by, and checksums of what has the name of the
/// namespace in it.
const NOT_WANTED: [&str; 10] = [
    "/status",
    "/data/creation",
    "/data/made",
    "/data/saved",
    "/spec/clusterIP",
    "/spec/clusterIPs",
    "/spec/volumeName",
    "/spec/finalizers",
    "/spec/template/metadata/annotations/checksum~1secret",
    "/spec/template/metadata/annotations/checksum~1config",
];

/// The objects that carry the mark of a namespace's instance. The name of the namespace is left out, so that two
/// instances can be compared.
pub(super) async fn objects(client: &Client, namespace: &str) -> Fields {
    let mut fields = Fields::new();
    for kind in KINDS {
        for object in list(client, kind, namespace).await {
            let mut content = object.data;
            for pointer in NOT_WANTED {
                content.pointer_mut(pointer).map(Value::take);
            }
            if kind.name() == "Secret" {
                decode(&mut content["data"]);
            }
            content["labels"] = json!(object.metadata.labels);
            let name = object.metadata.name.unwrap_or_default();
            collect(&format!("{} {name}", kind.name()), &content, &mut fields);
        }
    }
    let anonymous = |text: &str| text.replace(namespace, "*");
    fields
        .iter()
        .map(|(name, value)| (anonymous(name), anonymous(value)))
        .collect()
}

/// What must stay the same objects, whatever happens in between: the data, and the credentials for it.
pub(super) async fn kept(client: &Client, namespace: &str) -> Fields {
    let mut kept = objects(client, namespace).await;
    kept.retain(|name, _| name.starts_with("Secret "));
    for kind in [&NAMESPACE, &SECRET, &CLAIM] {
        for object in list(client, kind, namespace).await {
            let name = format!("{} {:?}", kind.name(), object.metadata.name);
            kept.insert(name, object.metadata.uid.expect("every object has one"));
        }
    }
    kept
}

/// Checks that nothing is left of an instance, its namespace included.
pub(super) async fn is_gone(client: &Client, namespace: &str) -> Result<(), String> {
    let left = objects(client, namespace).await;
    let there = eventually("the API server to answer", async || {
        let there = NAMESPACE.api(client, namespace).get_opt(namespace).await;
        there.map(|there| there.is_some()).map_err(|error| error.to_string())
    })
    .await;
    match left.is_empty() && !there {
        true => Ok(()),
        false => Err(format!("left: {:?}, namespace: {there}", left.keys())),
    }
}

/// What differs between an instance and what it should be.
pub(super) fn differences(is: &Fields, should_be: &Fields) -> Vec<String> {
    let names: BTreeSet<_> = is.keys().chain(should_be.keys()).collect();
    let differing = names.into_iter().filter(|name| is.get(*name) != should_be.get(*name));
    differing
        .map(|name| format!("{name}: {:?} instead of {:?}", is.get(name), should_be.get(name)))
        .collect()
}

/// The objects of a kind. A server that hangs up on a connection that it has had for long is asked again.
async fn list(client: &Client, kind: &Kind, namespace: &str) -> Vec<DynamicObject> {
    eventually("the API server to answer", async || {
        let listed = kind.api(client, namespace).list(&mark(namespace)).await;
        listed.map(|listed| listed.items).map_err(|error| error.to_string())
    })
    .await
}

fn mark(namespace: &str) -> ListParams {
    ListParams::default().labels(&format!("cht.terraform.io/owner=instance.{namespace}"))
}

fn decode(data: &mut Value) {
    for value in data.as_object_mut().into_iter().flatten().map(|(_, value)| value) {
        let bytes = STANDARD.decode(value.as_str().unwrap_or_default());
        *value = String::from_utf8_lossy(&bytes.expect("it is base64")).into();
    }
}

fn collect(name: &str, value: &Value, fields: &mut Fields) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| collect(&format!("{name}/{key}"), value, fields)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| collect(&format!("{name}/{index}"), value, fields)),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            fields.insert(name.to_owned(), value.to_string());
        }
    }
}
