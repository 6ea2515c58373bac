//! Rules for the functions of the provider, and their signatures as a golden file.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use terraform_provider_cht::provider::ChtProvider;
use tf_framework::function::{Parameter, Signature};
use tf_framework::provider::Provider;
use tf_framework::schema::Kind;

#[test]
fn every_function_has_a_page_an_example_and_an_acceptance_test() {
    let tests = read("acceptance-tests/tests/acceptance/functions.rs");
    let changelog = read("CHANGELOG.md");
    for entry in ChtProvider.functions() {
        let (name, signature) = (entry.name(), entry.signature());
        assert_eq!(signature.lint(), Vec::<String>::new(), "{name}");
        let call = format!("provider::cht::{name}(");
        assert!(tests.contains(&call), "no acceptance test calls {call}...)");
        let example = read(&format!("examples/functions/{name}/function.tf"));
        assert!(example.contains(&call), "the example of {name} does not call it");
        assert!(
            changelog.contains(&format!("`{name}`")),
            "CHANGELOG.md does not tell of `{name}`"
        );
        let page = read(&format!("docs/functions/{name}.md"));
        assert!(
            page.contains(&signature.description),
            "docs/functions/{name}.md is stale: run cargo xtask docs"
        );
    }
}

#[test]
fn the_signatures_are_the_golden_ones() {
    let functions = ChtProvider.functions();
    let signatures: Map<String, Json> = functions
        .iter()
        .map(|entry| (entry.name().to_owned(), signature_json(entry.signature())))
        .collect();
    let rendered = format!("{:#}\n", Json::Object(signatures));
    let path = root().join("provider/tests/golden/functions.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &rendered).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        rendered,
        "a signature changed. Read the difference as somebody who calls the function would; if it is meant, write it anew \
         with UPDATE_GOLDEN=1."
    );
}

#[test]
fn what_values_results_in_can_be_given_to_cht_instance() {
    let functions = ChtProvider.functions();
    let values = functions.iter().find(|entry| entry.name() == "values").unwrap();
    let resources = ChtProvider.resources();
    let instance = resources
        .iter()
        .find(|entry| entry.type_name() == "cht_instance")
        .unwrap();
    let arguments: Json = serde_json::from_str(&instance.schema().value_type().to_json()).unwrap();
    let mut result = type_json(&values.signature().output);
    // For whoever reads it.
    result[1].as_object_mut().unwrap().remove("unused").unwrap();
    let misfits = misfits("", &result, &arguments);
    assert!(misfits.is_empty(), "no arguments of cht_instance: {misfits:?}");
}

/// The attributes in a type that the other one does not have, or has otherwise.
fn misfits(path: &str, of: &Json, within: &Json) -> Vec<String> {
    match (&of[1], &within[1]) {
        (Json::Object(of), Json::Object(within)) => of
            .iter()
            .flat_map(|(name, of)| misfits(&format!("{path}.{name}"), of, within.get(name).unwrap_or(&Json::Null)))
            .collect(),
        (Json::Array(_), Json::Array(_)) if of[0] == within[0] => misfits(path, &of[1], &within[1]),
        _ if of == within => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

/// What calls depend on.
fn signature_json(signature: &Signature) -> Json {
    json!({
        "description": signature.description,
        "deprecated": signature.deprecation.is_some(),
        "parameters": signature.parameters.iter().map(parameter_json).collect::<Vec<_>>(),
        "variadic": signature.variadic.as_ref().map(parameter_json),
        "result": type_json(&signature.output),
    })
}

fn parameter_json(parameter: &Parameter) -> Json {
    let accepted = parameter.validators.iter().map(|rule| rule.description());
    json!({
        "name": parameter.name,
        "description": parameter.documentation(),
        "allows_null": parameter.allows_null,
        "allows_unknown": parameter.allows_unknown,
        "accepts": accepted.collect::<Vec<_>>(),
        "type": type_json(&parameter.kind),
    })
}

fn type_json(kind: &Kind) -> Json {
    serde_json::from_str(&kind.value_type().to_json()).unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} is missing: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
