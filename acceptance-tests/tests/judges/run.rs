//! Many resources in one run of a command line: configurations and states as files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance_tests::everything::scripted::Script;
use acceptance_tests::everything::{REMOTE, SCRIPT, case};
use acceptance_tests::tofu::{Cli, Diagnostic, Error, Outcome, Workspace};
use serde_json::{Map, Value as Json, json};
use tf_framework::schema::{Attribute, Kind, Nesting, Presence, Schema};
use tf_framework::types::Type;
use tf_framework::value::Value;
use tf_framework::wire::form::WireForm;
use tf_framework::wire::json::to_json;

/// The type that generated cases are of.
pub(crate) const CASE: &str = "everything_case";

/// An expression for what is known after apply, its type included.
const LATER: &str = "${jsondecode(terraform_data.later.id)}";

/// A workspace with the provider of everything, and a remote beside it.
pub(crate) fn workspace(cli: Cli) -> Workspace {
    let binary = Path::new(env!("CARGO_BIN_EXE_terraform-provider-everything"));
    let mut workspace = Workspace::with_provider(cli, "medic/everything", binary).unwrap();
    let remote = workspace.directory().join(".remote");
    fs::create_dir(&remote).unwrap();
    workspace.set_environment(REMOTE, remote.to_str().unwrap());
    workspace
}

/// Has the provider answer by this script from now on.
pub(crate) fn set_script(workspace: &mut Workspace, script: &Script) {
    workspace
        .write("script.json", &serde_json::to_string(script).unwrap())
        .unwrap();
    let path = workspace.directory().join("script.json");
    workspace.set_environment(SCRIPT, path.to_str().unwrap());
}

/// Writes a configuration of resources: the type, the name, the schema and the configuration of each.
pub(crate) fn write_config<'v>(
    workspace: &Workspace,
    configs: impl IntoIterator<Item = (&'v str, &'v str, &'v Schema, &'v Value)>,
) {
    let mut resources: Map<String, Json> = Map::new();
    resources.insert("terraform_data".to_owned(), json!({ "later": { "input": "x" } }));
    for (type_name, name, schema, config) in configs {
        let of_type = resources.entry(type_name).or_insert_with(|| json!({}));
        of_type[name] = body(&schema.attributes, config);
    }
    let config = json!({ "resource": resources });
    // With its line breaks, as every error quotes the line that it is about.
    let text = serde_json::to_string_pretty(&config).unwrap();
    workspace.write("main.tf.json", &text).unwrap();
}

/// Writes a state of cases by name.
pub(crate) fn write_state<'v>(
    workspace: &Workspace,
    address: &str,
    states: impl IntoIterator<Item = (&'v str, &'v Value)>,
) {
    let schema = case::schema();
    let resources = states.into_iter().map(|(name, state)| {
        let state = to_json(&schema.lower(state), &schema.wire_type()).unwrap();
        let attributes: Json = serde_json::from_str(&state).unwrap();
        json!({
            "mode": "managed",
            "type": CASE,
            "name": name,
            "provider": format!("provider[\"{address}\"]"),
            "instances": [{ "schema_version": 0, "attributes": attributes }],
        })
    });
    let state = json!({
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": 1,
        "lineage": "9b7f5b0e-4a0e-4c39-8c2d-1f0d3b5a7c11",
        "outputs": {},
        "resources": resources.collect::<Vec<_>>(),
    });
    workspace.write("terraform.tfstate", &state.to_string()).unwrap();
}

/// A configured value in the language's JSON.
pub(crate) fn expression(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => LATER.into(),
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::String(text) => text.as_str().into(),
        Value::List(elements) | Value::Set(elements) => elements.iter().map(expression).collect(),
        Value::Map(parts) | Value::Object(parts) => parts
            .iter()
            .map(|(name, part)| (name.clone(), expression(part)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Dynamic(typed) => expression(&typed.1),
    }
}

/// A configured object in the language's JSON: blocks of which is not known how many there are, if any, are dynamic
/// ones.
fn body(attributes: &[Attribute], object: &Value) -> Json {
    let mut written = Map::new();
    let mut dynamic = Map::new();
    for attribute in attributes {
        let name = attribute.name.clone();
        match (&attribute.kind, object.attribute_or_null(&name)) {
            (Kind::Nested(nesting, nested), Value::Unknown(_)) if attribute.block.is_some() => {
                dynamic.insert(name, dynamic_block(*nesting, nested));
            }
            // The language has no way to write that there are none.
            (_, value) if attribute.block.is_some() && *value == attribute.absent() => {}
            (Kind::Nested(_, nested), value) if attribute.block.is_some() => {
                written.insert(name, blocks(nested, value));
            }
            (_, value) => {
                written.insert(name, expression(value));
            }
        }
    }
    if !dynamic.is_empty() {
        written.insert("dynamic".to_owned(), dynamic.into());
    }
    written.into()
}

fn blocks(nested: &[Attribute], value: &Value) -> Json {
    match value {
        Value::Object(_) => body(nested, value),
        Value::List(elements) | Value::Set(elements) => elements.iter().map(|one| body(nested, one)).collect(),
        Value::Map(elements) => elements
            .iter()
            .map(|(key, one)| (key.clone(), body(nested, one)))
            .collect::<Map<_, _>>()
            .into(),
        other => expression(other),
    }
}

fn dynamic_block(nesting: Nesting, nested: &[Attribute]) -> Json {
    let required = nested
        .iter()
        .filter(|one| one.presence == Presence::Required && one.block.is_none());
    let content: Map<String, Json> = required
        .map(|one| match one.value_type() {
            Type::Number => (one.name.clone(), 1.into()),
            _ => (one.name.clone(), "a".into()),
        })
        .collect();
    let mut block = json!({ "for_each": LATER, "content": content });
    if nesting == Nesting::Map {
        block["labels"] = json!(["a"]);
    }
    block
}

/// The outcome of a command that may fail.
pub(crate) fn outcome(result: Result<Outcome, Error>) -> Outcome {
    match result {
        Ok(outcome) => outcome,
        Err(Error::Failed(outcome)) => *outcome,
        Err(error) => panic!("{error}"),
    }
}

/// The cases that errors are about, beside the errors.
pub(crate) fn blamed(outcome: &Outcome) -> Vec<(String, &Diagnostic)> {
    let name = |diagnostic: &Diagnostic| {
        let text = format!(
            "{} {}",
            diagnostic.address.as_deref().unwrap_or_default(),
            diagnostic.detail
        );
        let start = text.find(&format!("{CASE}."))? + CASE.len() + 1;
        let is_name = |character: &char| character.is_alphanumeric() || *character == '_';
        Some(text[start..].chars().take_while(is_name).collect())
    };
    outcome
        .errors()
        .map(|error| {
            (
                name(error).unwrap_or_else(|| panic!("no case is named: {error:?}")),
                error,
            )
        })
        .collect()
}

/// A case that the framework's own checks refuse.
pub(crate) struct Refusal {
    pub(crate) case: String,
    /// What is wrong, and with what.
    pub(crate) told: String,
    /// Whether it is known that cores let that pass.
    pub(crate) is_stricter: bool,
}

/// Compares the cases that a core refused with those that the framework's own checks refuse.
pub(crate) fn assert_same_refusals(outcome: &Outcome, expected: &[Refusal]) {
    assert!(
        !outcome.text().contains("panic"),
        "the core crashed: {}",
        outcome.text()
    );
    let theirs = blamed(outcome);
    let refused: BTreeSet<&str> = theirs.iter().map(|(name, _)| name.as_str()).collect();
    let ours: BTreeSet<&str> = expected.iter().map(|refusal| refusal.case.as_str()).collect();
    let mut differences = Vec::new();
    for (name, error) in theirs.iter().filter(|(name, _)| !ours.contains(name.as_str())) {
        differences.push(format!(
            "{name}: only the core refuses: {}: {}",
            error.summary, error.detail
        ));
    }
    for Refusal {
        case,
        told,
        is_stricter,
    } in expected
    {
        if !is_stricter && !refused.contains(case.as_str()) {
            differences.push(format!("{case}: only the framework refuses: {told}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{}\n{}",
        outcome.command,
        differences.join("\n")
    );
    assert!(!expected.is_empty(), "nothing was refused");
}

/// The schema of cases.
pub(crate) fn schema() -> Schema {
    case::schema()
}
