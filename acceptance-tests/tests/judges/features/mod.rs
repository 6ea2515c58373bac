//! What cores do with everything that a provider can have, from configurations as people write them.
//!
//! - [`functions`]: results, and errors at the argument that is to blame.
//! - [`ephemeral`]: values that are stored nowhere.
//! - [`adoption`]: objects that were there before: imported, moved, or stored by an older release.
//! - [`gauges`]: rules about several attributes, types with a meaning, and plans that are shaped or deferred.
//! - [`plans`]: replacements on demand, tainted objects, and what is known late.
//! - [`sets`]: sets of objects, where another framework fails.

use acceptance_tests::tofu::{Cli, Diagnostic, Error, Workspace};
use serde_json::Value as Json;

use crate::run::workspace;

mod adoption;
mod ephemeral;
mod functions;
mod gauges;
mod plans;
mod sets;

/// A workspace for each core.
fn workspaces() -> Vec<Workspace> {
    Cli::all().unwrap().into_iter().map(workspace).collect()
}

/// Writes the configuration, applies it, and finds nothing left to do.
async fn settle(workspace: &Workspace, config: &str) {
    configure(workspace, config);
    workspace.apply().await.unwrap();
    expect_nothing_to_do(workspace).await;
}

fn configure(workspace: &Workspace, config: &str) {
    workspace.write("main.tf", config).unwrap();
}

async fn expect_nothing_to_do(workspace: &Workspace) {
    let plan = workspace.plan().await.unwrap();
    let changes: Vec<_> = plan.changes().collect();
    assert!(plan.is_empty(), "{}: {changes:?}", plan.outcome.command);
}

/// The errors of a command that has to fail.
#[track_caller]
fn errors<T>(result: Result<T, Error>) -> Vec<Diagnostic> {
    let Err(error) = result else {
        panic!("the command succeeds")
    };
    error.diagnostics().to_vec()
}

/// The part of the configuration that a diagnostic points at.
fn blamed(diagnostic: &Diagnostic) -> &str {
    diagnostic.snippet.as_ref().map_or("", |snippet| snippet.highlighted())
}

/// What is stored of a resource that has one instance.
fn stored(workspace: &Workspace, address: &str) -> Json {
    let (type_name, name) = address.split_once('.').unwrap();
    let state = std::fs::read(workspace.directory().join("terraform.tfstate")).unwrap();
    let state: Json = serde_json::from_slice(&state).unwrap();
    let mut resources = state["resources"].as_array().unwrap().iter();
    let resource = resources.find(|one| one["type"] == type_name && one["name"] == name);
    resource.unwrap_or_else(|| panic!("{address} is not stored"))["instances"][0].clone()
}
