//! Rules for everything that the provider offers; [`golden`] has its schema as a golden file, [`troubleshooting`] the
//! failures that users meet, [`problems`] what goes wrong on platforms, [`operator_policy`] what AWS has to allow.
//!
//! Who adds a resource is told here what it still lacks.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use terraform_provider_cht::provider::{ChtProvider, ProviderModel};
use tf_framework::Model;
use tf_framework::provider::Provider;
use tf_framework::schema::{Attribute, Kind, Schema};

mod breaking;
mod golden;
mod operator_policy;
mod problems;
mod troubleshooting;

/// Words in the names of attributes that hold secrets.
const SECRET_WORDS: [&str; 6] = ["password", "secret", "token", "private_key", "client_key", "passphrase"];

/// Attributes that have such a word in their name and hold no secret, each with the reason.
const NOT_SECRET: [(&str, &str); 11] = [
    ("secret_name", "the name of a Secret says nothing of what is in it"),
    ("agent_token_version", "a number that the user counts up"),
    ("admin_password_wo_version", "a number that the user counts up"),
    ("password_wo_version", "a number that the user counts up"),
    ("password_change_required", "whether there has to be another one"),
    ("private_key_wo_version", "a number that the user counts up"),
    ("secrets_encryption", "whether Secrets are encrypted"),
    ("secrets_encryption_key_version", "a number that the user counts up"),
    ("token_version", "a number that the user counts up"),
    ("token_login", "whether a user logs in by a link"),
    ("token_login_version", "a number that the user counts up"),
];

#[test]
fn names_are_unique_prefixed_and_in_alphabetical_order() {
    let listed = [resources(), data_sources(), ephemeral_resources()];
    assert!(!listed[0].is_empty());
    for names in listed {
        let sorted: Vec<_> = names.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        assert_eq!(names, sorted, "each name stands once, in alphabetical order");
        for name in names {
            let rest = name.strip_prefix("cht_").unwrap_or_default();
            let snake_case = rest
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(
                !rest.is_empty() && snake_case && !rest.contains("__"),
                "{name} is not `cht_` and snake case"
            );
        }
    }
}

#[test]
fn schemas_follow_the_rules_of_the_core_and_describe_every_attribute() {
    for (name, schema) in schemas() {
        assert_eq!(schema.lint(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_is_called_a_secret_is_hidden() {
    for (name, schema) in schemas() {
        for_each_attribute(&schema.attributes, "", &mut |path, attribute| {
            let exempt = NOT_SECRET.iter().any(|(exempt, _)| *exempt == attribute.name);
            let called_secret = SECRET_WORDS.iter().any(|word| attribute.name.contains(word));
            let holds_value = matches!(attribute.kind, Kind::Type(_));
            assert!(
                attribute.sensitive || exempt || !called_secret || !holds_value || attribute.name.ends_with("secrets"),
                "{name}: `{path}` is called a secret, but its type is not `SecretString`"
            );
        });
    }
}

#[test]
fn everything_has_examples_and_a_line_in_the_changelog() {
    let changelog = read("CHANGELOG.md");
    let of_resources = ["resource.tf", "import.sh", "import-by-string-id.tf"];
    for (folder, files, names) in [
        ("resources", &of_resources[..], resources()),
        ("data-sources", &["data-source.tf"], data_sources()),
        ("ephemeral-resources", &["ephemeral-resource.tf"], ephemeral_resources()),
    ] {
        for name in names {
            for file in files {
                let example = read(&format!("examples/{folder}/{name}/{file}"));
                assert!(
                    example.contains(name),
                    "examples/{folder}/{name}/{file} does not use {name}"
                );
            }
            assert!(
                changelog.contains(&format!("`{name}`")),
                "CHANGELOG.md does not tell of `{name}`"
            );
        }
    }
}

#[test]
fn the_identity_of_every_resource_is_in_its_import_example() {
    for entry in ChtProvider.resources() {
        let name = entry.type_name();
        let example = read(&format!("examples/resources/{name}/import-by-identity.tf"));
        // Formatted files have equal signs below each other.
        let example = example.split_whitespace().collect::<Vec<_>>().join(" ");
        let identity = entry.identity_schema();
        let identity = identity.unwrap_or_else(|| panic!("{name} has no identity: it cannot be imported by one"));
        for attribute in identity.attributes.iter().filter(|one| one.required_for_import) {
            assert!(
                example.contains(&format!("{} = ", attribute.name)),
                "examples/resources/{name}/import-by-identity.tf does not give `{}`",
                attribute.name
            );
        }
    }
}

#[test]
fn every_resource_has_acceptance_tests() {
    // What needs hosts has a program of its own.
    let modules = ["acceptance", "hosts"].map(|target| read(&format!("acceptance-tests/tests/{target}/main.rs")));
    let modules = modules.concat();
    for entry in ChtProvider.resources() {
        let module = entry.type_name();
        assert!(
            modules.contains(&format!("mod {module};")),
            "acceptance-tests/tests/acceptance/ or hosts/ has no module `{module}`"
        );
    }
}

#[test]
fn the_readme_lists_everything_there_is() {
    let readme = read("README.md");
    for (kind, names) in [
        ("", resources()),
        ("data ", data_sources()),
        ("ephemeral ", ephemeral_resources()),
        ("function ", functions()),
    ] {
        for name in names {
            let name = format!("`{name}`");
            let lists = |row: &str| row.starts_with(&format!("| {kind}`")) && row.contains(&name);
            assert!(readme.lines().any(lists), "README.md has no row of {kind}{name}");
        }
    }
}

#[test]
fn the_first_example_is_the_same_everywhere() {
    let first_block = |path: &str, language: &str| {
        let text = read(path);
        let block = text.split(&format!("```{language}\n")).nth(1).unwrap();
        block.split("```").next().unwrap().to_owned()
    };
    assert_eq!(
        first_block("README.md", "hcl"),
        first_block("docs/guides/quickstart.md", "terraform"),
        "README.md and the quick start show the same configuration"
    );
}

/// Every schema by its name; the provider's own under `provider`.
fn resources() -> Vec<&'static str> {
    let entries = ChtProvider.resources();
    entries.iter().map(|entry| entry.type_name()).collect()
}

fn data_sources() -> Vec<&'static str> {
    let entries = ChtProvider.data_sources();
    entries.iter().map(|entry| entry.type_name()).collect()
}

fn ephemeral_resources() -> Vec<&'static str> {
    let entries = ChtProvider.ephemeral_resources();
    entries.iter().map(|entry| entry.type_name()).collect()
}

fn functions() -> Vec<&'static str> {
    let entries = ChtProvider.functions();
    entries.iter().map(|entry| entry.name()).collect()
}

fn schemas() -> Vec<(String, Schema)> {
    let mut schemas = vec![("provider".to_owned(), ProviderModel::schema())];
    for entry in ChtProvider.resources() {
        schemas.push((entry.type_name().to_owned(), entry.schema().clone()));
    }
    for entry in ChtProvider.data_sources() {
        schemas.push((format!("data {}", entry.type_name()), entry.schema().clone()));
    }
    for entry in ChtProvider.ephemeral_resources() {
        schemas.push((format!("ephemeral {}", entry.type_name()), entry.schema().clone()));
    }
    schemas
}

fn for_each_attribute(attributes: &[Attribute], prefix: &str, visit: &mut impl FnMut(&str, &Attribute)) {
    for attribute in attributes {
        let path = format!("{prefix}{}", attribute.name);
        visit(&path, attribute);
        if let Kind::Nested(_, nested) = &attribute.kind {
            for_each_attribute(nested, &format!("{path}."), visit);
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} is missing: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
