//! What the first apply to an object that was taken over would remove: what its tool owns, and we do not send.

use serde_json::Value;

use super::FieldPath;
use super::path::{Segment, item_key};
use crate::kubernetes::object::Object;
use crate::kubernetes::read::LiveObject;
use crate::kubernetes::takeover;

/// The fields that go, each as far up as nothing of it stays. What the server would set again to the same is none of
/// them, nor are list items, which drift has as additions.
pub fn removals(object: &Object, live: &LiveObject) -> Vec<FieldPath> {
    let mut removals = Removals { gone: Vec::new() };
    if takeover::is_kept(live.key().kind) {
        return removals.gone;
    }
    if let Some(owned) = takeover::fields_of_tools(live.json()) {
        let sides = Sides {
            owned: &owned,
            desired: Some(object.json()),
            live: live.json(),
        };
        removals.walk(&FieldPath::default(), sides);
    }
    removals.gone
}

/// One place in an object, as it is owned, as we send it, and as it is.
#[derive(Clone, Copy)]
struct Sides<'a> {
    owned: &'a Value,
    desired: Option<&'a Value>,
    live: &'a Value,
}

struct Removals {
    gone: Vec<FieldPath>,
}

impl Removals {
    fn walk(&mut self, path: &FieldPath, sides: Sides<'_>) {
        for (name, owned) in sides.owned.as_object().into_iter().flatten() {
            if let Some(name) = name.strip_prefix("f:") {
                let place = path.field(name);
                let Some(live) = sides.live.get(name).filter(|live| !live.is_null()) else {
                    continue;
                };
                let desired = sides.desired.and_then(|desired| desired.get(name));
                if desired.is_some() || is_free_map(name) {
                    self.walk(&place, Sides { owned, desired, live });
                } else if !is_mark_of_tool(name) && !is_default(name, live) {
                    self.gone.push(place);
                }
            } else if let Some(key) = name.strip_prefix("k:") {
                self.walk_item(path, key, Sides { owned, ..sides });
            }
        }
    }

    /// Follows an item of a list, if it is on both sides.
    fn walk_item(&mut self, path: &FieldPath, key: &str, sides: Sides<'_>) {
        let Ok(Value::Object(key)) = serde_json::from_str::<Value>(key) else {
            return;
        };
        let has_key = |item: &&Value| key.iter().all(|(name, value)| item.get(name) == Some(value));
        let find = |list: &Value| list.as_array()?.iter().find(has_key).cloned();
        if let (Some(desired), Some(live)) = (sides.desired.and_then(find), find(sides.live)) {
            let place = path.then(Segment::Item(item_key(path.merge_keys(), &live)));
            let sides = Sides {
                desired: Some(&desired),
                live: &live,
                ..sides
            };
            self.walk(&place, sides);
        }
    }
}

fn is_free_map(name: &str) -> bool {
    matches!(name, "labels" | "annotations")
}

/// What Helm and kubectl note on the objects that they made.
fn is_mark_of_tool(name: &str) -> bool {
    name.starts_with("meta.helm.sh/") || name == "kubectl.kubernetes.io/last-applied-configuration"
}

/// Whether the server sets a field to this value where nobody does.
fn is_default(name: &str, live: &Value) -> bool {
    let usual = match name {
        "dnsPolicy" => "ClusterFirst",
        "schedulerName" => "default-scheduler",
        "terminationMessagePath" => "/dev/termination-log",
        "terminationMessagePolicy" => "File",
        "sessionAffinity" => "None",
        "internalTrafficPolicy" => "Cluster",
        "progressDeadlineSeconds" => return live.as_i64() == Some(600),
        "revisionHistoryLimit" => return live.as_i64() == Some(10),
        "terminationGracePeriodSeconds" => return live.as_i64() == Some(30),
        "resources" | "securityContext" | "strategy" | "status" => {
            return live.as_object().is_some_and(|fields| fields.is_empty());
        }
        // Assigned by the server, and kept as long as the object lives.
        "clusterIP" | "clusterIPs" | "ipFamilies" | "ipFamilyPolicy" => return true,
        // The old name of `serviceAccountName`.
        "serviceAccount" => return true,
        // It goes with the strategy, which drift shows.
        "rollingUpdate" => return true,
        _ => return false,
    };
    live.as_str() == Some(usual)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn removed(desired: Value, fields: Value, live: Value) -> Vec<String> {
        let whole = |spec: Value| {
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "api", "namespace": "cht", "annotations": {"meta.helm.sh/release-name": "cht", "team": "a"}},
                "spec": spec,
            })
        };
        let mut live = whole(live);
        live["metadata"]["managedFields"] = json!([
            {"manager": "helm", "operation": "Update", "fieldsV1": {"f:metadata": {"f:annotations":
                {".": {}, "f:meta.helm.sh/release-name": {}, "f:team": {}}}, "f:spec": fields}},
            {"manager": "kube-controller-manager", "operation": "Update",
             "fieldsV1": {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}}},
        ]);
        let mut desired = whole(desired);
        desired["metadata"]["annotations"] = Value::Null;
        let desired = Object::from_json(desired).expect("a known kind");
        let live = LiveObject::from_json(live).expect("a known kind");
        removals(&desired, &live).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_tool_set_and_we_do_not_send_goes_but_for_marks_and_defaults() {
        let pod = json!({"dnsPolicy": "ClusterFirst", "hostAliases": [], "containers":
            [{"name": "api", "image": "a:1", "resources": {}, "workingDir": "/x"}]});
        let fields = json!({"f:progressDeadlineSeconds": {}, "f:minReadySeconds": {}, "f:template": {"f:spec": {
            "f:dnsPolicy": {}, "f:hostAliases": {}, "f:containers": {"k:{\"name\":\"api\"}":
                {".": {}, "f:name": {}, "f:image": {}, "f:resources": {}, "f:workingDir": {}}}}}});
        let desired = json!({"template": {"spec": {"containers": [{"name": "api", "image": "a:2"}]}}});
        let live = json!({"progressDeadlineSeconds": 600, "minReadySeconds": 5, "template": {"spec": pod}});
        assert_eq!(
            removed(desired, fields, live),
            [
                "metadata.annotations.team",
                "spec.minReadySeconds",
                "spec.template.spec.containers[name=api].workingDir",
                "spec.template.spec.hostAliases",
            ]
        );
    }
}
