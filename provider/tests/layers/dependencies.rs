//! What a package is built with, as Cargo resolves it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::source::root;

/// The names of all packages that a package of the workspace is built with, directly or not.
pub(super) fn dependencies(package: &str) -> BTreeSet<String> {
    let metadata = metadata();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|one| (text(&one["id"]), text(&one["name"])))
        .collect();
    let edges: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let normal = |dependency: &&Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let dependencies = list(&node["deps"]);
            let dependencies = dependencies
                .iter()
                .filter(normal)
                .map(|one| text(&one["pkg"]))
                .collect();
            (text(&node["id"]), dependencies)
        })
        .collect();
    let start = names.iter().find(|(_, name)| *name == package).unwrap().0;
    let mut open = vec![start.clone()];
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        for dependency in &edges[&id] {
            if reached.insert(dependency.clone()) {
                open.push(dependency.clone());
            }
        }
    }
    reached.iter().map(|id| names[id].clone()).collect()
}

/// What a package is built with and that it names without a version.
pub(super) fn without_version(package: &str) -> Vec<String> {
    let packages = list(&metadata()["packages"]);
    let package = packages.iter().find(|one| one["name"] == package).unwrap();
    let dependencies = list(&package["dependencies"]);
    // What only tests are built with is left out where a package is published.
    let unversioned = |one: &&Value| one["kind"] != "dev" && one["req"] == "*";
    dependencies
        .iter()
        .filter(unversioned)
        .map(|one| text(&one["name"]))
        .collect()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // What only other platforms need may not be there.
        .args(["--filter-platform", &host()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The platform of this machine, as its compiler names it.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    host.to_owned()
}
