//! `cargo xtask test`: every check, in order, each announced and timed; the first that fails ends the run.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use acceptance_tests::tools;

use crate::docs;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these checks; all of them, in order, if none is named
    #[arg(value_enum)]
    checks: Vec<Check>,
    /// Only the acceptance tests whose name contains this
    #[arg(long)]
    filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Check {
    Fmt,
    Clippy,
    Test,
    Doc,
    Deny,
    Docs,
    Acceptance,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let checks = if arguments.checks.is_empty() {
        Check::value_variants()
    } else {
        &arguments.checks
    };
    for check in checks {
        let start = Instant::now();
        println!("==> {check:?}");
        match check {
            Check::Fmt => cargo(&["fmt", "--all", "--check"], &[])?,
            Check::Clippy => cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?,
            Check::Test => cargo(&["test", "--workspace"], &[])?,
            Check::Doc => cargo(&["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])?,
            Check::Deny => deny()?,
            Check::Docs => docs::run(&docs::Arguments { check: true }).await?,
            Check::Acceptance => acceptance(arguments.filter.as_deref())?,
        }
        println!("==> {check:?} passed in {:.1} s\n", start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Builds the provider and answers where its binary is.
pub(crate) fn build_provider() -> Result<PathBuf> {
    cargo(&["build", "--package", "terraform-provider-cht"], &[])?;
    // This program was built into the same directory, by the same Cargo.
    let own = env::current_exe()?;
    let binary = own.with_file_name("terraform-provider-cht");
    if !binary.is_file() {
        bail!("{} was not built", binary.display());
    }
    Ok(binary)
}

/// Builds the provider as it is released and answers where its binary is.
pub(crate) fn build_release_provider() -> Result<PathBuf> {
    cargo(&["build", "--release", "--package", "terraform-provider-cht"], &[])?;
    let own = env::current_exe()?;
    let target = own
        .parent()
        .and_then(Path::parent)
        .context("this program is in a target directory")?;
    let binary = target.join("release/terraform-provider-cht");
    if !binary.is_file() {
        bail!("{} was not built", binary.display());
    }
    Ok(binary)
}

fn acceptance(filter: Option<&str>) -> Result<()> {
    // Built before the tests start, where the progress can be seen.
    tools::all()?;
    let provider = build_provider()?;
    let provider = provider.to_str().context("the path of the provider is not UTF-8")?;
    let mut arguments = vec!["test", "--package", "acceptance-tests", "--tests", "--"];
    arguments.extend(filter);
    // They wait for the cluster most of the time, so more of them run at once than there are processors.
    arguments.extend(["--ignored", "--test-threads=8"]);
    cargo(&arguments, &[("CHT_PROVIDER_BINARY", provider)])
}

/// Checks licenses, duplicates and sources of the dependencies, where cargo-deny is installed: on PATH or in the cache.
/// Advisories change without the project, so they are no part of its tests.
fn deny() -> Result<()> {
    let Some(program) = tools::cargo_deny()? else {
        println!("cargo-deny is not installed, so dependencies are not checked: cargo install --locked cargo-deny");
        return Ok(());
    };
    let arguments = ["--offline", "--workspace", "check", "licenses", "bans", "sources"];
    execute(Command::new(&program).args(arguments), "cargo deny")
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).envs(environment.iter().copied());
    execute(&mut command, &format!("cargo {}", arguments.join(" ")))
}

fn execute(command: &mut Command, title: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("start {title}"))?;
    if !status.success() {
        bail!("{title} failed ({status})");
    }
    Ok(())
}
