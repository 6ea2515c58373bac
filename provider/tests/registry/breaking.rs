//! What a new schema does to states that were stored under the golden one: an attribute that is gone loses its value,
//! one of another type cannot be read, nor can a state without a value for one that is required. All of them need a new
//! schema version, and an upgrade to it. What is new with a default is no such attribute: the framework adds the
//! default. An identity has a version of its own, to which the same applies.

use std::cmp::Ordering;

use serde_json::Value as Json;

/// The changes that need a new version and do not have it, as paths with what happened to them.
pub(crate) fn breaking_changes(golden: &Json, schema: &Json) -> Vec<String> {
    let mut breaks = Vec::new();
    for (name, golden) in entries(golden) {
        // A resource that is gone is the business of the changelog: nobody reads its state any more.
        let Some(schema) = schema.get(name) else { continue };
        match version(schema).cmp(&version(golden)) {
            Ordering::Greater => {}
            Ordering::Less => breaks.push(format!("{name} has an earlier version")),
            Ordering::Equal => {
                attributes(name, &golden["attributes"], &schema["attributes"], &mut breaks);
                if is_resource(name) {
                    newly_required(name, &golden["attributes"], &schema["attributes"], &mut breaks);
                }
            }
        }
        identity(name, &golden["identity"], &schema["identity"], &mut breaks);
    }
    breaks
}

/// The version of a schema; data sources and the provider have none.
fn version(schema: &Json) -> Option<u64> {
    schema["version"].as_u64()
}

/// What happened to the attributes of an identity, or to all of it.
fn identity(name: &str, golden: &Json, schema: &Json, breaks: &mut Vec<String>) {
    let path = format!("the identity of {name}");
    match version(schema).cmp(&version(golden)) {
        Ordering::Greater => {}
        Ordering::Less => breaks.push(format!("{path} has an earlier version")),
        Ordering::Equal => attributes(&path, &golden["attributes"], &schema["attributes"], breaks),
    }
}

fn attributes(path: &str, golden: &Json, schema: &Json, breaks: &mut Vec<String>) {
    for (name, golden) in entries(golden) {
        let path = format!("{path}.{name}");
        match schema.get(name) {
            None => breaks.push(format!("{path} is gone")),
            Some(schema)
                if ["type", "nesting"]
                    .iter()
                    .any(|part| schema.get(part) != golden.get(part)) =>
            {
                breaks.push(format!("{path} has another type"));
            }
            Some(schema) => attributes(&path, &golden["attributes"], &schema["attributes"], breaks),
        }
    }
}

/// Attributes that are required now, while states can be without them.
fn newly_required(path: &str, golden: &Json, schema: &Json, breaks: &mut Vec<String>) {
    for (name, schema) in entries(schema) {
        let path = format!("{path}.{name}");
        let golden = golden.get(name);
        let always_there = |golden: &Json| golden["presence"] == "required" || golden.get("default").is_some();
        let is_stored = schema["write_only"] != true;
        if is_stored && schema["presence"] == "required" && !golden.is_some_and(always_there) {
            breaks.push(format!("{path} is required now"));
        }
        if let Some(golden) = golden {
            newly_required(&path, &golden["attributes"], &schema["attributes"], breaks);
        }
    }
}

/// Whether objects of this schema are stored: those of a data source are looked up anew.
fn is_resource(name: &str) -> bool {
    !name.contains(' ') && name != "provider"
}

fn entries(object: &Json) -> impl Iterator<Item = (&String, &Json)> {
    object.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The schema of one resource at version 1.
    fn schema(attributes: Json) -> Json {
        json!({ "cht_thing": { "version": 1, "attributes": attributes } })
    }

    #[test]
    fn trap_32_a_removed_or_retyped_attribute_needs_a_new_version() {
        let golden = schema(json!({
            "name": { "type": "string" },
            "size": { "type": "number" },
            "parts": { "nesting": "list", "attributes": { "id": { "type": "string" } } },
            "disk": { "nesting": "single", "attributes": { "gone": { "type": "string" } } },
        }));
        let mut changed = schema(json!({
            "size": { "type": "string" },
            "parts": { "nesting": "set", "attributes": { "id": { "type": "string" } } },
            "disk": { "nesting": "single", "attributes": {} },
        }));
        let expected = [
            "cht_thing.disk.gone is gone",
            "cht_thing.name is gone",
            "cht_thing.parts has another type",
            "cht_thing.size has another type",
        ];
        assert_eq!(breaking_changes(&golden, &changed), expected);
        changed["cht_thing"]["version"] = json!(2);
        assert!(breaking_changes(&golden, &changed).is_empty());
    }

    #[test]
    fn trap_32_an_identity_has_a_version_of_its_own_and_no_version_goes_back() {
        let of = |version: u64, identity: Json| json!({ "cht_thing": { "version": version, "identity": identity } });
        let identity = |version: u64, of: &str| json!({ "version": version, "attributes": { "id": { "type": of } } });
        let golden = of(1, identity(1, "string"));
        let breaks = |schema: Json| breaking_changes(&golden, &schema);
        assert_eq!(
            breaks(of(2, identity(1, "number"))),
            ["the identity of cht_thing.id has another type"]
        );
        assert_eq!(
            breaks(of(1, json!({ "version": 1, "attributes": {} }))),
            ["the identity of cht_thing.id is gone"]
        );
        assert_eq!(
            breaks(of(1, Json::Null)),
            ["the identity of cht_thing has an earlier version"]
        );
        assert_eq!(
            breaks(of(0, identity(2, "number"))),
            ["cht_thing has an earlier version"]
        );
        assert!(breaks(of(1, identity(2, "number"))).is_empty());
        assert!(breaking_changes(&of(1, Json::Null), &golden).is_empty());
    }

    #[test]
    fn trap_32_an_attribute_that_states_are_without_cannot_be_required_under_the_same_version() {
        let disk = |presence: &str| json!({ "nesting": "list", "attributes": { "id": { "presence": presence } } });
        let golden = schema(json!({
            "zone": { "presence": "optional" },
            "tier": { "presence": "optional and computed", "default": "small" },
            "disk": disk("computed"),
        }));
        let mut changed = schema(json!({
            "zone": { "presence": "required" },
            "tier": { "presence": "required" },
            "name": { "presence": "required" },
            "token": { "presence": "required", "write_only": true },
            "size": { "presence": "optional and computed", "default": 1 },
            "disk": disk("required"),
            "port": { "nesting": "single", "attributes": { "number": { "presence": "required" } } },
        }));
        let expected = ["disk.id", "name", "zone"].map(|path| format!("cht_thing.{path} is required now"));
        assert_eq!(breaking_changes(&golden, &changed), expected);
        changed["cht_thing"]["version"] = json!(2);
        assert!(breaking_changes(&golden, &changed).is_empty());
        let provider = |presence: &str| json!({ "provider": { "attributes": { "url": { "presence": presence } } } });
        assert!(breaking_changes(&provider("optional"), &provider("required")).is_empty());
    }

    #[test]
    fn what_is_new_or_described_in_other_words_breaks_nothing() {
        let golden = schema(json!({ "name": { "type": "string", "presence": "required", "description": "A." } }));
        let changed = schema(json!({
            "name": { "type": "string", "presence": "optional", "description": "B." },
            "size": { "type": "number" },
        }));
        assert!(breaking_changes(&golden, &changed).is_empty());
        assert!(breaking_changes(&schema(json!({ "name": { "type": "string" } })), &json!({})).is_empty());
    }
}
