//! The commands: which one an invocation means, and the short ones.

mod certificate;
mod kubectl;
mod local;
mod secrets_encrypt;
mod snapshot;
mod token;

use std::future;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{self, ExitCode};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time;

use super::config::Config;
use super::flags::Role;
use super::{agent, faults, log, release, server};

/// Runs what the arguments name; the first one is the program.
pub(super) async fn run(arguments: Vec<String>) -> ExitCode {
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    let is_kubectl = program.is_some_and(|name| name == "kubectl");
    let rest = arguments.get(1..).unwrap_or_default();
    let (command, rest) = match rest.split_first() {
        _ if is_kubectl => ("kubectl", rest),
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", rest),
    };
    if faults::value("command-hangs").is_some_and(|name| name == command) {
        future::pending::<()>().await;
    }
    let done = match command {
        "server" => role(Role::Server, &arguments, rest).await,
        "agent" => role(Role::Agent, &arguments, rest).await,
        _ if faults::value("command-fails").is_some_and(|name| name == command) => {
            Err(anyhow::anyhow!("{command} fails because the lab says so"))
        }
        "kubectl" => kubectl::run(rest),
        "token" => token::run(rest).await,
        "etcd-snapshot" => snapshot::run(rest).await,
        "secrets-encrypt" => secrets_encrypt::run(rest).await,
        "certificate" => certificate::run(rest),
        "check-config" => {
            print("\nVerifying binaries in /var/lib/rancher/k3s/data/current/bin:\n- links: good\n\nSTATUS: pass\n")
        }
        "--version" | "-v" => print(&version()),
        "help" | "--help" | "-h" => print("NAME:\n   k3s - Kubernetes, but small and simple\n"),
        other => Err(anyhow::anyhow!("No help topic for '{other}'")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::fatal(&format!("Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints what a command answers.
fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn version() -> String {
    format!("k3s version {} (c0ffee00)\ngo version go1.26.0\n", release::version())
}

/// Starts one of the roles, from where the program unpacks itself.
async fn role(role: Role, arguments: &[String], rest: &[String]) -> Result<()> {
    let config = Config::load(role, rest)?;
    if let Some(program) = release::unpack(&config.data_directory())? {
        let error = process::Command::new(&program)
            .args(arguments.get(1..).unwrap_or_default())
            .exec();
        bail!("failed to run {}: {error}", program.display());
    }
    if let Some(seconds) = faults::value("slow-start").and_then(|seconds| seconds.parse().ok()) {
        time::sleep(Duration::from_secs(seconds)).await;
    }
    if let Some(text) = faults::value("fatal") {
        log::fatal(&text);
        process::exit(faults::value("exit").and_then(|code| code.parse().ok()).unwrap_or(1));
    }
    log::info(&format!("Starting k3s {} {}", role.command(), release::version()));
    match config.role() {
        Role::Server => server::run(config).await,
        Role::Agent => agent::run(config).await,
    }
}
