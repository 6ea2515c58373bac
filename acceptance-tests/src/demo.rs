//! `cargo xtask demo`: one of the example environments on the lab's cluster, from nothing to running, changed, and gone again.
//!
//! An environment is a folder of `examples/environments/`. Its `demo.tfvars.json` has the variables of the `first` apply and
//! those that `change`; the way to the cluster comes as `kubernetes_host`, `kubernetes_ca` and `kubernetes_token`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use acceptance_tests::cluster::Cluster;
use acceptance_tests::lab::Lab;
use acceptance_tests::tofu::{Cli, Outcome, PLAN_FILE, Plan, Workspace};

use crate::checks::build_provider;

/// The variables of the demo; the command line reads every file of this form by itself.
const VARIABLES: &str = "demo.auto.tfvars.json";

/// What to show.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The name of a folder in examples/environments
    #[arg(default_value = "quickstart")]
    environment: String,
    /// Leave everything up after the first apply, and say how to go on by hand
    #[arg(long)]
    keep: bool,
}

/// `demo.tfvars.json`.
#[derive(Deserialize)]
struct Script {
    first: Map<String, Value>,
    change: Map<String, Value>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let environment = find(&arguments.environment)?;
    let script = fs::read(environment.join("demo.tfvars.json"))?;
    let script: Script = serde_json::from_slice(&script).context("read demo.tfvars.json")?;
    let provider = build_provider()?;
    let lab = step("Start the lab", Lab::start()).await?;
    let cluster = &lab.cluster;
    let workspace = Workspace::new(Cli::tofu()?, &provider)?;
    copy(&environment, &workspace)?;

    let mut variables = script.first;
    variables.extend([
        ("kubernetes_host".to_owned(), json!(cluster.host())),
        ("kubernetes_ca".to_owned(), json!(cluster.ca_pem())),
        ("kubernetes_token".to_owned(), json!(cluster.admin_token())),
    ]);
    let set = |variables: &Map<String, Value>| workspace.write(VARIABLES, &serde_json::to_string_pretty(variables)?);
    set(&variables)?;
    plan("Plan", &workspace).await?;
    show_outcome(&step("Apply", workspace.apply()).await?);
    show_outputs(&workspace).await?;
    let again = plan("Plan again", &workspace).await?;
    if !again.is_empty() {
        bail!("the second plan is not empty");
    }
    if arguments.keep {
        return keep(cluster, &workspace).await;
    }
    println!("\nNow: {}", Value::from(script.change.clone()));
    variables.extend(script.change);
    set(&variables)?;
    plan("Plan the change", &workspace).await?;
    show_outcome(&step("Apply the change", workspace.apply()).await?);
    show_outcome(&step("Destroy", workspace.destroy()).await?);
    Ok(())
}

/// The folder of the environment; it must have a script for the demo.
fn find(name: &str) -> Result<PathBuf> {
    let environments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/environments");
    let entries = fs::read_dir(&environments).with_context(|| format!("read {}", environments.display()))?;
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    found.retain(|path| path.join("demo.tfvars.json").is_file());
    found.sort();
    let names = found
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| name.display().to_string())
        .collect::<Vec<_>>();
    let wanted = found.into_iter().find(|path| path.ends_with(name));
    wanted.with_context(|| {
        format!(
            "no such environment with a demo.tfvars.json; there are: {}",
            names.join(", ")
        )
    })
}

/// Copies the environment's files, its own versions instead of the workspace's.
fn copy(environment: &Path, workspace: &Workspace) -> Result<()> {
    let mut declared = false;
    for entry in fs::read_dir(environment)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().context("a file has a name")?;
            declared |= fs::read_to_string(&path)?.contains("required_providers");
            fs::copy(&path, workspace.directory().join(name))?;
        }
    }
    if declared && !environment.join("versions.tf").is_file() {
        workspace.write("versions.tf", "")?;
    }
    Ok(())
}

/// Announces and times a step.
async fn step<T, E: Into<anyhow::Error>>(title: &str, work: impl Future<Output = Result<T, E>>) -> Result<T> {
    println!("\n==> {title}");
    let start = Instant::now();
    let result = work.await.map_err(Into::into)?;
    println!("    ({:.1} s)", start.elapsed().as_secs_f64());
    Ok(result)
}

/// Plans, and prints the plan as the command line words it.
async fn plan(title: &str, workspace: &Workspace) -> Result<Plan> {
    let plan = step(title, workspace.plan()).await?;
    let shown = workspace.run(&["show", "-no-color", PLAN_FILE]).await?;
    for line in shown.stdout.trim().lines() {
        println!("    {line}");
    }
    Ok(plan)
}

fn show_outcome(outcome: &Outcome) {
    for message in outcome.messages("change_summary") {
        println!(
            "    {}",
            message.get("@message").and_then(Value::as_str).unwrap_or_default()
        );
    }
    for warning in outcome.warnings() {
        println!("    Warning: {}: {}", warning.summary, warning.detail);
    }
}

/// Prints the outputs that are no secrets.
async fn show_outputs(workspace: &Workspace) -> Result<()> {
    let state = workspace.show().await?;
    let outputs = state
        .pointer("/values/outputs")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, output) in outputs {
        let sensitive = output.get("sensitive").and_then(Value::as_bool).unwrap_or_default();
        let value = output
            .get("value")
            .filter(|_| !sensitive)
            .map_or("(sensitive)".to_owned(), Value::to_string);
        println!("    {name} = {value}");
    }
    Ok(())
}

async fn keep(cluster: &Cluster, workspace: &Workspace) -> Result<()> {
    println!(
        "\nEverything is up. Go on by hand in another terminal:\n\n    cd {}",
        workspace.directory().display()
    );
    for (name, value) in workspace.environment() {
        println!("    export {name}={value}");
    }
    println!("    export KUBECONFIG={}", cluster.kubeconfig().display());
    println!("    {} plan\n\nCtrl-C ends it all.", Cli::tofu()?.path().display());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
