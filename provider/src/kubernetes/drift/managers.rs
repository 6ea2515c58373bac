//! Who changed a field: reads `metadata.managedFields`.
//!
//! Each entry has a manager and the tree of the fields that it owns in
//! [FieldsV1](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/#System): `f:name` for
//! a field, `k:{…}` for a list item by its key, `{}` for a leaf, which may be a whole list or map.

use serde_json::Value;

use super::super::answer::managed_fields;
use super::super::ownership::MANAGER;
use super::path::{FieldPath, Segment};

/// The manager other than us that wrote the field last; `None` if no other owns it.
pub(super) fn manager_of(live: &Value, path: &FieldPath) -> Option<String> {
    let entries = managed_fields(live);
    let others = entries.iter().filter(|entry| text(entry, "subresource") != "status");
    others
        .filter(|entry| text(entry, "manager") != MANAGER)
        .filter(|entry| {
            entry
                .get("fieldsV1")
                .is_some_and(|fields| owns(fields, path.segments()))
        })
        // RFC 3339 times in UTC sort as text.
        .max_by_key(|entry| text(entry, "time"))
        .map(|entry| text(entry, "manager").to_owned())
}

fn owns(fields: &Value, path: &[Segment]) -> bool {
    let Some((segment, rest)) = path.split_first() else {
        return true;
    };
    let Some(fields) = fields.as_object() else { return false };
    if fields.is_empty() {
        // A leaf: whoever owns it owns everything below.
        return true;
    }
    let below = match segment {
        Segment::Field(name) => fields.get(&format!("f:{name}")),
        Segment::Item(keys) => fields
            .iter()
            .find(|(name, _)| is_item(name, keys))
            .map(|(_, below)| below),
        // Only lists that are one value are addressed by position, and those are leaves.
        Segment::Index(_) => None,
    };
    below.is_some_and(|below| owns(below, rest))
}

fn is_item(name: &str, keys: &[(&'static str, Value)]) -> bool {
    let parsed = name
        .strip_prefix("k:")
        .and_then(|json| serde_json::from_str::<Value>(json).ok());
    parsed.is_some_and(|parsed| {
        keys.iter()
            .all(|(key, value)| parsed.get(key).unwrap_or(&Value::Null) == value)
    })
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}
