//! The walk over a desired and a live object, side by side.

use serde_json::{Map, Value};

use super::path::{FieldPath, Segment, item_key};
use crate::kubernetes::quantity;

/// A place where the two sides differ.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) path: FieldPath,
    /// The live place as a JSON pointer.
    pub(super) pointer: String,
    /// `None` for a list item that is only there live.
    pub(super) desired: Option<Value>,
    pub(super) live: Option<Value>,
}

/// Finds every difference in the fields that `desired` has. Of the metadata only labels and annotations count.
pub(super) fn compare(desired: &Value, live: &Value) -> Vec<Difference> {
    let mut walk = Walk::default();
    let root = Place::default();
    for (name, value) in desired.as_object().into_iter().flatten() {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for part in ["labels", "annotations"] {
                    if let Some(value) = value.get(part) {
                        let live = live.get(name).and_then(|metadata| metadata.get(part));
                        walk.field(&root.field(name).field(part), value, live);
                    }
                }
            }
            _ => walk.field(&root.field(name), value, live.get(name)),
        }
    }
    walk.differences
}

#[derive(Default)]
struct Walk {
    differences: Vec<Difference>,
}

/// Where the walk is, on both sides.
#[derive(Clone, Default)]
struct Place {
    path: FieldPath,
    pointer: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self {
            path: self.path.field(name),
            pointer: format!("{}/{escaped}", self.pointer),
        }
    }

    fn item(&self, segment: Segment, live_index: usize) -> Self {
        Self {
            path: self.path.then(segment),
            pointer: format!("{}/{live_index}", self.pointer),
        }
    }
}

impl Walk {
    fn field(&mut self, place: &Place, desired: &Value, live: Option<&Value>) {
        match live {
            Some(live) if !live.is_null() => self.value(place, desired, live),
            Some(_) | None if may_be_left_out(&place.path, desired) => {}
            Some(_) | None => self.differ(place, Some(desired), None),
        }
    }

    fn value(&mut self, place: &Place, desired: &Value, live: &Value) {
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => self.map(place, desired, live),
            (Value::Array(desired), Value::Array(live)) => self.list(place, desired, live),
            (desired, live) if is_same(&place.path, desired, live) => {}
            (desired, live) => self.differ(place, Some(desired), Some(live)),
        }
    }

    fn map(&mut self, place: &Place, desired: &Map<String, Value>, live: &Map<String, Value>) {
        for (name, value) in desired {
            self.field(&place.field(name), value, live.get(name));
        }
        // A container without variables is as much ours as one with some.
        if is_container(&place.path)
            && !desired.contains_key("env")
            && let Some(Value::Array(live)) = live.get("env")
        {
            self.list(&place.field("env"), &[], live);
        }
    }

    fn list(&mut self, place: &Place, desired: &[Value], live: &[Value]) {
        let keys = place.path.merge_keys();
        if !keys.is_empty() {
            return self.keyed_list(place, keys, desired, live);
        }
        if desired.len() == live.len() {
            for (index, (desired, live)) in desired.iter().zip(live).enumerate() {
                self.value(&place.item(Segment::Index(index), index), desired, live);
            }
        } else {
            self.differ(place, Some(&Value::from(desired)), Some(&Value::from(live)));
        }
    }

    fn keyed_list(&mut self, place: &Place, keys: &'static [&'static str], desired: &[Value], live: &[Value]) {
        for item in desired {
            let key = item_key(keys, item);
            match live.iter().position(|live| item_key(keys, live) == key) {
                // The index comes from `position` on the same list.
                Some(index) => self.field(&place.item(Segment::Item(key), index), item, live.get(index)),
                None => self.differ(&place.item(Segment::Item(key), 0), Some(item), None),
            }
        }
        // Lists outside of spec, such as a ServiceAccount's secrets, are there for others to add to.
        if !place.path.starts_with_field("spec") {
            return;
        }
        for (index, item) in live.iter().enumerate() {
            let key = item_key(keys, item);
            if !desired.iter().any(|desired| item_key(keys, desired) == key) {
                self.differ(&place.item(Segment::Item(key), index), None, Some(item));
            }
        }
    }

    fn differ(&mut self, place: &Place, desired: Option<&Value>, live: Option<&Value>) {
        let Place { path, pointer } = place.clone();
        self.differences.push(Difference {
            path,
            pointer,
            desired: desired.cloned(),
            live: live.cloned(),
        });
    }
}

fn is_container(path: &FieldPath) -> bool {
    matches!(path.segments().last(), Some(Segment::Item(_)))
        && matches!(path.parent_field(), Some("containers" | "initContainers"))
}

/// The server drops zero values of most fields, but keeps keys of free maps, and `emptyDir: {}` is a choice of volume.
fn may_be_left_out(path: &FieldPath, desired: &Value) -> bool {
    let free_map = matches!(
        path.parent_field(),
        Some("data" | "binaryData" | "labels" | "annotations" | "matchLabels" | "nodeSelector" | "parameters")
    );
    !free_map
        && match desired {
            Value::Null => true,
            Value::Bool(value) => !value,
            Value::Number(value) => value.as_f64() == Some(0.0),
            Value::String(value) => value.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty() && path.last_field() != Some("emptyDir"),
        }
}

fn is_same(path: &FieldPath, desired: &Value, live: &Value) -> bool {
    let is_amount = matches!(
        path.parent_field(),
        Some("limits" | "requests" | "capacity" | "hard" | "overhead")
    ) || matches!(path.last_field(), Some("sizeLimit" | "divisor"));
    match (desired, live) {
        (desired, live) if desired == live => true,
        (Value::Number(desired), Value::Number(live)) => desired.as_f64() == live.as_f64(),
        (desired, live) if is_amount => quantity::is_same(&text(desired), &text(live)),
        _ => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
