//! `cargo xtask test`: every check, in order, each announced and timed; the first that fails ends the run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use acceptance_tests::tools;

use crate::docs;

mod with_lab;

/// The fuzz targets: a workspace of their own.
const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../provider/framework/fuzz");

/// The workspace of everything else.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");

/// What dependencies have to be like.
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deny.toml");

/// How long each target is fuzzed: enough to notice what is broken, not to find what is rare.
const FUZZ_SECONDS: u32 = 6;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these checks; all of them but `k3s`, in order, if none is named
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
    Fuzz,
    Doc,
    Deny,
    Docs,
    Acceptance,
    /// Holds what plays k3s to what k3s does. That takes many minutes, and matters where either of them changes.
    K3s,
}

impl Check {
    /// Whether it belongs to a run that names no check.
    fn is_usual(self) -> bool {
        self != Check::K3s
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let usual = || Check::value_variants().iter().copied().filter(|check| check.is_usual());
    let checks = if arguments.checks.is_empty() {
        usual().collect()
    } else {
        arguments.checks.clone()
    };
    let mut notes = Vec::new();
    for check in checks {
        let start = Instant::now();
        println!("==> {check:?}");
        match check {
            Check::Fmt => {
                cargo(&["fmt", "--all", "--check"], &[])?;
                cargo(&["fmt", "--check", &of_fuzz()], &[])?;
            }
            Check::Clippy => {
                cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?;
                let fuzz = [
                    "clippy",
                    "--locked",
                    "--no-default-features",
                    "--all-targets",
                    &of_fuzz(),
                ];
                cargo(&[&fuzz[..], &["--", "-D", "warnings"]].concat(), &[])?;
            }
            Check::Test => cargo(&["test", "--workspace"], &[])?,
            Check::Fuzz => notes.extend(fuzz()?),
            Check::Doc => cargo(
                &["doc", "--workspace", "--no-deps", "--all-features"],
                &[("RUSTDOCFLAGS", "-D warnings")],
            )?,
            Check::Deny => notes.extend(deny()?),
            Check::Docs => docs::run(&docs::Arguments { check: true }).await?,
            Check::Acceptance => {
                notes.extend(with_lab::run(
                    &["acceptance", "judges", "lab", "hosts"],
                    arguments.filter.as_deref(),
                )?);
            }
            Check::K3s => notes.extend(with_lab::run(&["k3s", "fleet"], arguments.filter.as_deref())?),
        }
        println!("==> {check:?} passed in {:.1} s\n", start.elapsed().as_secs_f64());
    }
    for line in notes {
        println!("{line}");
    }
    Ok(())
}

/// Builds the provider and answers where its binary is.
pub(crate) fn build_provider() -> Result<PathBuf> {
    build_all()?;
    built("terraform-provider-cht")
}

/// Builds the stand-in for k3s and answers where it is.
pub(crate) fn build_stand_in() -> Result<PathBuf> {
    build_all()?;
    built("k3s")
}

/// Builds all programs and tests, as `cargo test --workspace` does. A part of them alone would have their dependencies
/// with other features, and so build all of these once more: minutes, with the services of AWS among them.
fn build_all() -> Result<()> {
    cargo(&["build", "--workspace", "--all-targets"], &[])
}

/// A program of the workspace: this one was built into the same directory, by the same Cargo.
fn built(name: &str) -> Result<PathBuf> {
    let binary = env::current_exe()?.with_file_name(name);
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

/// Calls the fuzz targets with their seeds and, where cargo-fuzz can be had, with whatever it makes of them. What it
/// finds interesting is kept beside the build, for the next time.
fn fuzz() -> Result<Option<String>> {
    cargo(&["test", "--locked", "--no-default-features", &of_fuzz()], &[])?;
    let program = match tools::cargo_fuzz() {
        Ok(program) => program,
        Err(error) => {
            return Ok(Some(format!(
                "Only the seeds of the fuzz targets were tried: {error:#}"
            )));
        }
    };
    let own = env::current_exe()?;
    let target_directory = own.ancestors().nth(2).context("this program was not built by Cargo")?;
    let build = target_directory.join("fuzz");
    if !has_cpp_compiler() {
        let reason = "Only the seeds of the fuzz targets were tried: to build the fuzzer needs a C++ compiler";
        return Ok(Some(reason.to_owned()));
    }
    if !cargo_fuzz(&program, "build", &build).status()?.success() {
        bail!("the fuzz targets could not be built");
    }
    for target in fs::read_dir(format!("{FUZZ}/seeds"))? {
        let target = target?.file_name().to_string_lossy().into_owned();
        fuzz_target(&program, &build, &target)?;
    }
    Ok(None)
}

/// Says to Cargo that the workspace of the fuzz targets is meant.
fn of_fuzz() -> String {
    format!("--manifest-path={FUZZ}/Cargo.toml")
}

/// Whether there is what the fuzzer's own code is compiled with.
fn has_cpp_compiler() -> bool {
    let compiler = env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let version = Command::new(compiler).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Fuzzes one target, and shows what it says only if it fails.
fn fuzz_target(program: &Path, build: &Path, target: &str) -> Result<()> {
    let corpus = build.join("corpus").join(target);
    fs::create_dir_all(&corpus)?;
    let output = cargo_fuzz(program, "run", build)
        .arg(target)
        .arg(corpus)
        .arg(format!("{FUZZ}/seeds/{target}"))
        .args(["--", &format!("-max_total_time={FUZZ_SECONDS}")])
        .output()
        .context("start cargo fuzz")?;
    if !output.status.success() {
        bail!(
            "cargo fuzz run {target} failed\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// A command of cargo-fuzz. The framework has no unsafe code for a sanitizer to watch, and without one the stable
/// compiler will do.
fn cargo_fuzz(program: &Path, command: &str, build: &Path) -> Command {
    let mut fuzz = Command::new(program);
    fuzz.args(["fuzz", command, "--sanitizer=none", "--fuzz-dir", FUZZ, "--target-dir"]);
    fuzz.arg(build);
    fuzz
}

/// Checks licenses, duplicates and sources of the dependencies, those of the fuzz targets too, where cargo-deny and
/// what other systems need can be had. Advisories change without the project, so they are no part of its tests.
fn deny() -> Result<Option<String>> {
    let not_checked = |error: anyhow::Error| format!("Dependencies were not checked: {error:#}");
    let program = match tools::cargo_deny() {
        Ok(program) => program,
        Err(error) => return Ok(Some(not_checked(error))),
    };
    // The rules are made for the first: some have nothing to say about the second.
    for (manifest, level) in [(MANIFEST.to_owned(), "warn"), (format!("{FUZZ}/Cargo.toml"), "error")] {
        // What other systems need is looked at too, and has not been fetched for any build.
        if let Err(error) = cargo(&["fetch", "--quiet", "--locked", "--manifest-path", &manifest], &[]) {
            return Ok(Some(not_checked(error)));
        }
        let mut check = Command::new(&program);
        check.args(["--frozen", "--workspace", "--log-level", level, "--config", RULES]);
        check.args(["--manifest-path", &manifest, "check", "licenses", "bans", "sources"]);
        execute(&mut check, &format!("cargo deny, of {manifest}"))?;
    }
    Ok(None)
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let mut command = cargo_command(arguments);
    command.envs(environment.iter().copied());
    execute(&mut command, &format!("cargo {}", arguments.join(" ")))
}

fn cargo_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

fn execute(command: &mut Command, title: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("start {title}"))?;
    if !status.success() {
        bail!("{title} failed ({status})");
    }
    Ok(())
}
