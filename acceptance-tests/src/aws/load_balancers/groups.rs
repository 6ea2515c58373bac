//! Which Ingresses share a load balancer, and what they ask for. Nothing is called here.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;
use serde_json::Value;

/// The controllers, by the names that classes have for them.
pub(super) const CONTROLLER: &str = "ingress.k8s.aws/alb";
pub(super) const AUTO_MODE: &str = "eks.amazonaws.com/alb";

const ANNOTATIONS: &str = "alb.ingress.kubernetes.io";

/// The finalizer of an Ingress that has a load balancer of its own; those of groups are named after them.
const ALONE: &str = "ingress.k8s.aws/resources";
const IN_GROUP: &str = "group.ingress.k8s.aws/";

/// An ingress class.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) controller: &'static str,
    /// The `spec` of its IngressClassParams.
    pub(super) parameters: Value,
}

/// Ingresses that share a load balancer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// The group's name, or namespace and name of the only Ingress.
    pub(super) stack: String,
    pub(super) controller: &'static str,
    pub(super) finalizer: String,
    /// Those that are served.
    pub(super) members: Vec<Member>,
    /// Those that are on their way out, by namespace and name.
    pub(super) leaving: Vec<(String, String)>,
}

/// One Ingress of a group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) has_finalizer: bool,
    pub(super) hosts: BTreeSet<String>,
    /// Host, service and port of each path.
    pub(super) backends: Vec<(String, String, String)>,
    annotations: BTreeMap<String, String>,
    parameters: Value,
}

/// The groups of a cluster.
pub(super) fn of(ingresses: &[Ingress], classes: &BTreeMap<String, Class>) -> Vec<Group> {
    let mut groups = BTreeMap::<String, Group>::new();
    for ingress in ingresses {
        let (namespace, name) = (ingress.namespace().unwrap_or_default(), ingress.name_any());
        let own = format!("{namespace}/{name}");
        let class = class(ingress).and_then(|class| classes.get(class));
        let kept = ingress
            .finalizers()
            .iter()
            .find(|one| *one == ALONE || one.starts_with(IN_GROUP));
        let joined = class.map(|class| group_name(ingress, class));
        let (group, controller) = match (joined, kept) {
            (Some(group), _) => (group, class.map_or(CONTROLLER, |class| class.controller)),
            (None, Some(finalizer)) => (finalizer.strip_prefix(IN_GROUP).map(str::to_owned), CONTROLLER),
            (None, None) => continue,
        };
        let finalizer = group
            .as_ref()
            .map_or_else(|| ALONE.to_owned(), |group| format!("{IN_GROUP}{group}"));
        let stack = group.unwrap_or(own);
        let group = groups.entry(stack.clone()).or_insert_with(|| Group {
            stack,
            controller,
            finalizer: finalizer.clone(),
            members: Vec::new(),
            leaving: Vec::new(),
        });
        let has_finalizer = kept == Some(&finalizer);
        match class.filter(|_| ingress.metadata.deletion_timestamp.is_none()) {
            Some(class) => group.members.push(member(ingress, class, has_finalizer)),
            None if has_finalizer => group.leaving.push((namespace, name)),
            None => {}
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.retain(|group| !group.members.is_empty() || !group.leaving.is_empty());
    groups
}

impl Group {
    /// The first value of an annotation, unless the class says something else.
    pub(super) fn setting(&self, parameter: &str, annotation: &str) -> Option<String> {
        let by_class = |member: &Member| member.parameters[parameter].as_str().map(str::to_owned);
        let by_itself = |member: &Member| member.annotation(annotation).map(str::to_owned);
        let mut all = self.members.iter();
        all.find_map(|member| by_class(member).or_else(|| by_itself(member)))
    }

    /// All values of a list: those of classes and those of annotations.
    pub(super) fn list(&self, parameter: &str, annotation: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for member in &self.members {
            let by_class = member.parameters.pointer(parameter).and_then(Value::as_array);
            all.extend(
                by_class
                    .into_iter()
                    .flatten()
                    .filter_map(|one| one.as_str().map(str::to_owned)),
            );
            let by_itself = member.annotation(annotation).unwrap_or_default().split(',');
            all.extend(
                by_itself
                    .filter(|text| !text.is_empty())
                    .map(|text| text.trim().to_owned()),
            );
        }
        all
    }

    /// Whether any of them asks for TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        let asks = |member: &Member| {
            let ports = member.annotation("listen-ports").unwrap_or_default();
            ports.contains("HTTPS") || member.annotation("ssl-redirect").is_some()
        };
        self.members.iter().any(asks)
    }
}

impl Member {
    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations
            .get(&format!("{ANNOTATIONS}/{name}"))
            .map(String::as_str)
    }
}

fn class(ingress: &Ingress) -> Option<&str> {
    ingress.spec.as_ref()?.ingress_class_name.as_deref()
}

/// The group by the class, else by the annotation, which Auto Mode does not know.
fn group_name(ingress: &Ingress, class: &Class) -> Option<String> {
    let by_class = class.parameters["group"]["name"].as_str().map(str::to_owned);
    let annotation = ingress.annotations().get(&format!("{ANNOTATIONS}/group.name"));
    by_class.or_else(|| annotation.filter(|_| class.controller == CONTROLLER).cloned())
}

fn member(ingress: &Ingress, class: &Class, has_finalizer: bool) -> Member {
    let rules = ingress.spec.as_ref().and_then(|spec| spec.rules.clone());
    let mut backends = Vec::new();
    let mut hosts = BTreeSet::new();
    for rule in rules.unwrap_or_default() {
        let host = rule.host.unwrap_or_default();
        hosts.insert(host.clone());
        for path in rule.http.into_iter().flat_map(|http| http.paths) {
            let Some(service) = path.backend.service else { continue };
            let port = service.port.unwrap_or_default();
            let port = port.number.map(IntOrString::Int).or(port.name.map(IntOrString::String));
            let port = match port {
                Some(IntOrString::Int(number)) => number.to_string(),
                Some(IntOrString::String(name)) => name,
                None => continue,
            };
            backends.push((host.clone(), service.name, port));
        }
    }
    Member {
        namespace: ingress.namespace().unwrap_or_default(),
        name: ingress.name_any(),
        has_finalizer,
        hosts,
        backends,
        annotations: ingress.annotations().clone(),
        parameters: class.parameters.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ingress(name: &str, mut metadata: Value, class: &str) -> Ingress {
        metadata["name"] = json!(name);
        metadata["namespace"] = json!("n");
        let spec = json!({"ingressClassName": class, "rules": []});
        serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
    }

    #[test]
    fn groups_are_named_by_classes_or_annotations_and_those_that_leave_are_kept_until_then() {
        let class = |controller, parameters| Class { controller, parameters };
        let classes = BTreeMap::from([
            ("alb".to_owned(), class(CONTROLLER, json!({}))),
            ("auto".to_owned(), class(AUTO_MODE, json!({"group": {"name": "moh"}}))),
        ]);
        let in_group = json!({"annotations": {"alb.ingress.kubernetes.io/group.name": "prod"}});
        let leaving = json!({
            "deletionTimestamp": "2026-11-22T07:00:00Z", "finalizers": ["ingress.k8s.aws/resources"],
        });
        let all = [
            ingress("a", in_group.clone(), "alb"),
            ingress("b", in_group.clone(), "alb"),
            ingress("c", json!({}), "alb"),
            ingress("d", in_group, "auto"),
            ingress("e", leaving, "gone"),
            ingress("f", json!({}), "nginx"),
        ];
        let found = of(&all, &classes);
        let told: Vec<_> = found
            .iter()
            .map(|group| (group.stack.as_str(), group.finalizer.as_str(), group.members.len()))
            .collect();
        assert_eq!(
            told,
            [
                ("moh", "group.ingress.k8s.aws/moh", 1),
                ("n/c", ALONE, 1),
                ("n/e", ALONE, 0),
                ("prod", "group.ingress.k8s.aws/prod", 2),
            ]
        );
        assert_eq!(found[2].leaving, [("n".to_owned(), "e".to_owned())]);
    }
}
