//! Which labels and taints of a Node are ours: they are noted in an annotation of the Node.
//!
//! A kubelet sets them when it registers, and later they change through the API. Others set labels and taints, too, so
//! that what is not wanted any more can only be told from what was never ours by a note. It stands on the Node, where
//! no killed process can lose it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::k3s::config::{NodeSettings, Taint};
use crate::k3s::probe::NodeState;

/// The annotation.
pub const ANNOTATION: &str = "cht.terraform.io/node-settings";

/// What is noted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Names of labels.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// Keys of taints with their effects, as `key:effect`.
    #[serde(default)]
    pub taints: BTreeSet<String>,
}

impl Noted {
    /// What is to be noted of settings.
    #[must_use]
    pub fn of(settings: &NodeSettings) -> Self {
        Self {
            labels: settings.labels.keys().cloned().collect(),
            taints: settings.taints.iter().map(identity).collect(),
        }
    }

    /// What is noted on a Node. A note that cannot be read is none.
    #[must_use]
    pub fn on(node: &NodeState) -> Self {
        let text = node.annotations.get(ANNOTATION);
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }
}

/// The steps that bring a Node to the settings; none if it is as it should be.
pub(super) fn steps(settings: &NodeSettings, live: &Value) -> Vec<Value> {
    let wanted = Noted::of(settings);
    let annotations = map(live, "/metadata/annotations");
    let noted: Noted = annotations
        .get(ANNOTATION)
        .and_then(|text| serde_json::from_str(text.as_str()?).ok())
        .unwrap_or_default();
    let mut steps = Vec::new();
    let labels = map(live, "/metadata/labels");
    let new_labels = set_labels(labels.clone(), &noted, settings);
    if new_labels != labels {
        steps.push(json!({"op": "add", "path": "/metadata/labels", "value": new_labels}));
    }
    let taints: Vec<Value> = live
        .pointer("/spec/taints")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let new_taints = set_taints(&taints, &noted, settings);
    if new_taints != taints {
        steps.push(json!({"op": "add", "path": "/spec/taints", "value": new_taints}));
    }
    if noted != wanted {
        let mut annotations = annotations;
        annotations.insert(ANNOTATION.to_owned(), json!(json!(wanted).to_string()));
        steps.push(json!({"op": "add", "path": "/metadata/annotations", "value": annotations}));
    }
    steps
}

fn set_labels(mut labels: Map<String, Value>, noted: &Noted, settings: &NodeSettings) -> Map<String, Value> {
    labels.retain(|name, _| !noted.labels.contains(name) || settings.labels.contains_key(name));
    for (name, value) in &settings.labels {
        labels.insert(name.clone(), json!(value));
    }
    labels
}

/// Taints that stay keep their place, so that nothing is written where nothing changes.
fn set_taints(taints: &[Value], noted: &Noted, settings: &NodeSettings) -> Vec<Value> {
    let mut wanted: BTreeMap<String, &Taint> = settings.taints.iter().map(|taint| (identity(taint), taint)).collect();
    let mut kept = Vec::new();
    for live in taints {
        let text = |name: &str| live.get(name).and_then(Value::as_str).unwrap_or_default();
        let live_identity = format!("{}:{}", text("key"), text("effect"));
        match wanted.remove(&live_identity) {
            Some(taint) if text("value") == taint.value => kept.push(live.clone()),
            Some(taint) => kept.push(json(taint)),
            None if noted.taints.contains(&live_identity) => {}
            None => kept.push(live.clone()),
        }
    }
    kept.extend(wanted.into_values().map(json));
    kept
}

/// What makes two taints the same one: the value can change.
fn identity(taint: &Taint) -> String {
    format!("{}:{}", taint.key, taint.effect)
}

fn json(taint: &Taint) -> Value {
    let mut json = json!({"key": taint.key, "effect": taint.effect});
    if !taint.value.is_empty() {
        json["value"] = json!(taint.value);
    }
    json
}

fn map(live: &Value, pointer: &str) -> Map<String, Value> {
    live.pointer(pointer)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(labels: &[(&str, &str)], taints: &[(&str, &str)]) -> NodeSettings {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        NodeSettings {
            name: "w".to_owned(),
            labels: labels.iter().map(text).collect(),
            taints: taints
                .iter()
                .map(|(key, value)| Taint {
                    key: (*key).to_owned(),
                    value: (*value).to_owned(),
                    effect: "NoSchedule".to_owned(),
                })
                .collect(),
            ..NodeSettings::default()
        }
    }

    /// Carries out the steps, all of which replace a whole value.
    fn applied(settings: &NodeSettings, mut live: Value) -> Value {
        for step in steps(settings, &live) {
            let path: Vec<&str> = step["path"].as_str().unwrap().split('/').skip(1).collect();
            live[path[0]][path[1]] = step["value"].clone();
        }
        live
    }

    #[test]
    fn what_we_set_goes_when_it_is_not_wanted_any_more_and_what_others_set_stays() {
        let others = json!({
            "metadata": {"labels": {"kubernetes.io/os": "linux", "theirs": "1"}, "annotations": {"a": "b"}},
            "spec": {"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}]},
        });
        let first = settings(&[("tier", "db"), ("zone", "a")], &[("only", "db")]);
        let live = applied(&first, others.clone());
        assert_eq!(live["metadata"]["labels"]["tier"], "db");
        assert_eq!(
            live["spec"]["taints"][1],
            json!({"key": "only", "value": "db", "effect": "NoSchedule"})
        );
        assert_eq!(steps(&first, &live), Vec::<Value>::new(), "nothing is left to do");
        let live = applied(&settings(&[("zone", "b")], &[]), live);
        assert_eq!(
            live["metadata"]["labels"],
            json!({"kubernetes.io/os": "linux", "theirs": "1", "zone": "b"})
        );
        assert_eq!(live["spec"], others["spec"]);
        let live = applied(&settings(&[], &[]), live);
        assert_eq!(live["metadata"]["labels"], others["metadata"]["labels"]);
        assert_eq!(live["metadata"]["annotations"]["a"], "b");
    }

    #[test]
    fn what_the_kubelet_set_is_only_noted_and_a_taint_of_another_value_is_the_same_one() {
        let live = json!({
            "metadata": {"labels": {"tier": "db"}},
            "spec": {"taints": [{"key": "only", "value": "web", "effect": "NoSchedule"}]},
        });
        let wanted = settings(&[("tier", "db")], &[("only", "db")]);
        let paths: Vec<Value> = steps(&wanted, &live).iter().map(|step| step["path"].clone()).collect();
        assert_eq!(paths, ["/spec/taints", "/metadata/annotations"]);
        assert_eq!(
            applied(&wanted, live)["spec"]["taints"].as_array().map(Vec::len),
            Some(1)
        );
    }

    #[test]
    fn a_node_of_which_nothing_is_wanted_is_not_written_to() {
        assert_eq!(
            steps(&settings(&[], &[]), &json!({"metadata": {}})),
            Vec::<Value>::new()
        );
    }
}
