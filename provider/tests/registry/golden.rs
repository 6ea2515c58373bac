//! The schemas as JSON, with what configurations and states depend on, held against the golden file.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Map, Value as Json, json};
use terraform_provider_cht::provider::ChtProvider;
use tf_framework::identity::IdentitySchema;
use tf_framework::provider::Provider;
use tf_framework::schema::{Attribute, Kind, Nesting, PlanModifier, Presence, Schema};

use crate::breaking::breaking_changes;
use crate::{root, schemas};

#[test]
fn the_schema_is_the_golden_one() {
    let mut schemas: Map<String, Json> = schemas()
        .into_iter()
        .map(|(name, one)| (name, schema_json(&one)))
        .collect();
    for entry in ChtProvider.resources() {
        if let Some(identity) = entry.identity_schema() {
            schemas[entry.type_name()]["identity"] = identity_json(identity);
        }
    }
    let rendered = format!("{:#}\n", Json::Object(schemas));
    let path = root().join("provider/tests/golden/schema.json");
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let breaks = breaking_changes(
        &serde_json::from_str(&golden).unwrap_or_default(),
        &serde_json::from_str(&rendered).unwrap(),
    );
    assert!(
        breaks.is_empty(),
        "states that are stored under this version of the schema could not be read any more: {}. Give the model a new \
         version and an upgrade to it. If no release has the attribute yet, take it out of the golden file by hand.",
        breaks.join(", ")
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&path, &rendered).unwrap();
    }
    assert!(
        golden == rendered,
        "the schema changed. Read the difference as a user with a configuration and a state would; if it is meant, write it \
         anew with UPDATE_GOLDEN=1.\n{}",
        difference(&golden, &rendered)
    );
}

/// What imports and states depend on.
fn identity_json(schema: &IdentitySchema) -> Json {
    let attributes = schema.attributes.iter().map(|one| {
        let json = json!({
            "description": one.description,
            "type": serde_json::from_str::<Json>(&one.value_type.to_json()).unwrap(),
            "required_for_import": one.required_for_import,
        });
        (one.name.clone(), json)
    });
    json!({ "version": schema.version, "attributes": Json::Object(attributes.collect()) })
}

/// What configurations and states depend on.
fn schema_json(schema: &Schema) -> Json {
    let mut json = json!({
        "version": schema.version,
        "description": schema.description,
        "attributes": attributes_json(&schema.attributes),
    });
    if schema.attribute("timeouts").is_some() {
        let limits = &schema.timeouts;
        json["timeouts_in_seconds"] = json!({
            "create": limits.create.as_secs(),
            "read": limits.read.as_secs(),
            "update": limits.update.as_secs(),
            "delete": limits.delete.as_secs(),
        });
    }
    json
}

fn attributes_json(attributes: &[Attribute]) -> Json {
    let entries = attributes.iter().map(|one| (one.name.clone(), attribute_json(one)));
    Json::Object(entries.collect())
}

fn attribute_json(attribute: &Attribute) -> Json {
    let mut json = json!({ "description": attribute.documentation() });
    json["presence"] = Json::from(match attribute.presence {
        Presence::Required => "required",
        Presence::Optional => "optional",
        Presence::OptionalComputed => "optional and computed",
        Presence::Computed => "computed",
    });
    match &attribute.kind {
        Kind::Type(value_type) => json["type"] = serde_json::from_str(&value_type.to_json()).unwrap(),
        Kind::Nested(nesting, nested) => {
            json["nesting"] = Json::from(match nesting {
                Nesting::Single => "single",
                Nesting::List => "list",
                Nesting::Set => "set",
                Nesting::Map => "map",
            });
            json["attributes"] = attributes_json(nested);
            if let Some(block) = attribute.block {
                json["block"] =
                    json!({ "min_items": block.min_items, "max_items": block.max_items, "group": block.group });
            }
        }
    }
    let replaces = |modifier: &PlanModifier| {
        matches!(
            modifier,
            PlanModifier::Replace | PlanModifier::ReplaceIf(_) | PlanModifier::ReplaceIfConfigured
        )
    };
    for (flag, set) in [
        ("sensitive", attribute.sensitive),
        ("write_only", attribute.write_only),
        ("deprecated", attribute.deprecation.is_some()),
        ("requires_replace", attribute.modifiers.iter().any(replaces)),
    ] {
        if set {
            json[flag] = Json::from(true);
        }
    }
    if let Some(default) = &attribute.default {
        json["default"] = Json::from(format!("{default:?}"));
    }
    let accepted: Vec<&str> = attribute.validators.iter().map(|one| one.description()).collect();
    if !accepted.is_empty() {
        json["accepts"] = json!(accepted);
    }
    json
}

/// The lines that only one of the texts has, between those that both begin and end with.
fn difference(golden: &str, rendered: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), rendered.lines().collect());
    let start = before
        .iter()
        .zip(&after)
        .take_while(|(one, other)| one == other)
        .count();
    let (before, after) = (&before[start..], &after[start..]);
    let end = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let mut text = format!("from line {} on:\n", start + 1);
    for (sign, lines) in [('-', &before[..before.len() - end]), ('+', &after[..after.len() - end])] {
        for line in lines {
            let _ = writeln!(text, "{sign} {line}");
        }
    }
    text
}
