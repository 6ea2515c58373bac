//! `cargo xtask test`: every check, in order, each announced and timed; the first that fails ends the run.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use acceptance_tests::tools;

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
    Acceptance,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
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

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(environment.iter().copied())
        .status()
        .with_context(|| format!("start cargo {}", arguments.join(" ")))?;
    match status.success() {
        true => Ok(()),
        false => bail!("cargo {} failed ({status})", arguments.join(" ")),
    }
}
