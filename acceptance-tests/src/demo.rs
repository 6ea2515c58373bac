//! `cargo xtask demo`: one of the example environments on the lab, from nothing to running, changed, and gone again.
//!
//! An environment is a folder of `examples/environments/`. Its `demo.tfvars.json` has the variables of the `first`
//! apply and those that `change`, and says how many `hosts` it takes, or places for `machines` of a vCenter; see
//! [`environment`](acceptance_tests::environment). One that takes none is shown on the lab's cluster: the way there
//! comes as `kubernetes_host`, `kubernetes_ca` and `kubernetes_token`. What is special to a data center is in
//! [`data_center`], to a cloud in [`cloud`].

mod cloud;
mod data_center;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use acceptance_tests::environment::{Script, copy};
use acceptance_tests::hosts;
use acceptance_tests::k3s::lab::K3sLab;
use acceptance_tests::lab::Lab;
use acceptance_tests::tofu::{Cli, Outcome, PLAN_FILE, Plan, Workspace};

use crate::checks::{build_provider, build_stand_in};

/// The variables of the demo; the command line reads every file of this form by itself.
const VARIABLES: &str = "demo.auto.tfvars.json";

/// How long one command may take: five hosts are upgraded in one.
const LIMIT: Duration = Duration::from_secs(1800);

/// What to show.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The name of a folder in examples/environments, or the beginning of it
    #[arg(default_value = "quickstart")]
    environment: String,
    /// Leave everything up after the first apply, and say how to go on by hand
    #[arg(long)]
    keep: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let environment = find(&arguments.environment)?;
    let script = Script::read(&environment)?;
    if script.is_for_cluster() {
        return on_cluster(&environment, script, arguments.keep).await;
    }
    if script.cloud.is_some() {
        return cloud::run(&environment, script, arguments.keep).await;
    }
    if let Some(reason) = hosts::missing() {
        bail!(reason);
    }
    match script.machines {
        0 => on_hosts(&environment, script, arguments.keep).await,
        _ => data_center::run(&environment, script, arguments.keep).await,
    }
}

async fn on_cluster(environment: &Path, mut script: Script, keep: bool) -> Result<()> {
    let provider = build_provider()?;
    let lab = step("Start the lab", Lab::start()).await?;
    let cluster = &lab.cluster;
    script.first.extend([
        ("kubernetes_host".to_owned(), json!(cluster.host())),
        ("kubernetes_ca".to_owned(), json!(cluster.ca_pem())),
        ("kubernetes_token".to_owned(), json!(cluster.admin_token())),
    ]);
    let hints = [format!("export KUBECONFIG={}", cluster.kubeconfig().display())];
    show(environment, &script, &provider, keep.then_some(&hints)).await
}

async fn on_hosts(environment: &Path, script: Script, keep: bool) -> Result<()> {
    let (provider, stand_in) = (build_provider()?, build_stand_in()?);
    let title = format!("Start {} hosts with nothing on them but systemd and sshd", script.hosts);
    let mut lab = step(&title, K3sLab::start(&stand_in, script.hosts)).await?;
    if !lab.plays_k3s() {
        bail!("the demonstration runs CHT and upgrades k3s, which needs the stand-in: unset K3S_BINARY");
    }
    lab.play_cht().await?;
    let script = script.on_hosts(&lab)?;
    let hints = lab.hosts().iter().map(|host| {
        let key = lab.hosts().ssh_key();
        format!("ssh -i {} root@{}   # {}", key.display(), host.ip(), host.name())
    });
    let hints: Vec<String> = hints.collect();
    show(environment, &script, &provider, keep.then_some(&hints)).await
}

/// Goes through the script. With hints for somebody who wants to go on by hand, it ends with everything up.
async fn show(environment: &Path, script: &Script, provider: &Path, keep: Option<&[String]>) -> Result<()> {
    let workspace = begin(environment, script, provider).await?;
    if let Some(hints) = keep {
        return wait_for_user(&workspace, hints).await;
    }
    change(&workspace, script).await?;
    show_outcome(&step("Destroy", workspace.destroy()).await?);
    Ok(())
}

/// From nothing to running.
async fn begin(environment: &Path, script: &Script, provider: &Path) -> Result<Workspace> {
    let workspace = Workspace::new(Cli::tofu()?, provider)?;
    copy(environment, &workspace)?;
    begin_in(workspace, script).await
}

/// The same in a workspace that has the environment's files, and what they need.
async fn begin_in(mut workspace: Workspace, script: &Script) -> Result<Workspace> {
    workspace.set_limit(LIMIT);
    set(&workspace, &script.first)?;
    plan("Plan", &workspace).await?;
    show_outcome(&step("Apply", workspace.apply()).await?);
    show_outputs(&workspace).await?;
    nothing_to_do(&workspace).await?;
    Ok(workspace)
}

/// Applies what the script changes.
async fn change(workspace: &Workspace, script: &Script) -> Result<()> {
    println!("\nNow: {}", Value::from(script.change.clone()));
    let mut variables = script.first.clone();
    variables.extend(script.change.clone());
    set(workspace, &variables)?;
    plan("Plan the change", workspace).await?;
    show_outcome(&step("Apply the change", workspace.apply()).await?);
    Ok(())
}

fn set(workspace: &Workspace, variables: &Map<String, Value>) -> Result<()> {
    workspace.write(VARIABLES, &serde_json::to_string_pretty(variables)?)
}

async fn nothing_to_do(workspace: &Workspace) -> Result<()> {
    let again = plan("Plan again", workspace).await?;
    if !again.is_empty() {
        bail!("this plan should be empty");
    }
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
    let starts = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|own| own.to_string_lossy().starts_with(name))
    };
    let wanted = found.into_iter().find(starts);
    wanted.with_context(|| {
        format!(
            "no such environment with a demo.tfvars.json; there are: {}",
            names.join(", ")
        )
    })
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

async fn wait_for_user(workspace: &Workspace, hints: &[String]) -> Result<()> {
    println!(
        "\nEverything is up. Go on by hand in another terminal:\n\n    cd {}",
        workspace.directory().display()
    );
    for (name, value) in workspace.environment() {
        println!("    export {name}={value}");
    }
    for hint in hints {
        println!("    {hint}");
    }
    println!("    {} plan\n\nCtrl-C ends it all.", Cli::tofu()?.path().display());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
