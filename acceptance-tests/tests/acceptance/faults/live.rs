//! What is in the cluster of an instance, seen past the provider.

use std::collections::BTreeMap;

use kube::Client;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::support::{CLAIM, CONFIG_MAP, DEPLOYMENT, INGRESS, Kind, NAMESPACE, SECRET, SERVICE};

const KINDS: [&Kind; 7] = [
    &NAMESPACE,
    &CONFIG_MAP,
    &SECRET,
    &CLAIM,
    &SERVICE,
    &DEPLOYMENT,
    &INGRESS,
];

/// The objects that carry the mark of a namespace's instance, as far as they say what was wanted, with the namespace's name left
/// out, so that those of two instances can be compared.
pub(super) async fn objects(client: &Client, namespace: &str) -> BTreeMap<String, Value> {
    let mark = ListParams::default().labels(&format!("cht.terraform.io/owner=instance.{namespace}"));
    let mut objects = BTreeMap::new();
    for kind in KINDS {
        let listed = kind.api(client, namespace).list(&mark).await;
        for object in listed.expect("the API server answers") {
            let name = format!("{} {}", kind.name(), object.metadata.name.unwrap_or_default());
            let mut wanted = object.data;
            for decided in [
                "/status",
                "/spec/clusterIP",
                "/spec/clusterIPs",
                "/spec/volumeName",
                "/spec/finalizers",
            ] {
                if let Some(value) = wanted.pointer_mut(decided) {
                    *value = Value::Null;
                }
            }
            let text = json!({"labels": object.metadata.labels, "content": wanted}).to_string();
            let anonymous = |text: &str| text.replace(namespace, "*");
            let content = serde_json::from_str(&anonymous(&text)).expect("it is still JSON");
            assert!(
                objects.insert(anonymous(&name), content).is_none(),
                "{name} is there twice"
            );
        }
    }
    objects
}

/// Checks that nothing is left of an instance, its namespace included.
pub(super) async fn is_gone(client: &Client, namespace: &str) -> Result<(), String> {
    let left: Vec<_> = objects(client, namespace).await.into_keys().collect();
    let there = NAMESPACE.api(client, namespace).get_opt(namespace).await;
    match there.expect("the API server answers") {
        None if left.is_empty() => Ok(()),
        there => Err(format!("left: {left:?}, namespace: {}", there.is_some())),
    }
}

/// What differs between two instances.
pub(super) fn differences(one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let differing = names.into_iter().filter(|name| one.get(*name) != other.get(*name));
    differing
        .map(|name| format!("{name}: {:?} instead of {:?}", one.get(name), other.get(name)))
        .collect()
}
