//! A Python of the lab's own: a virtual environment with moto and botocore, from pinned packages whose files are held
//! to their hashes. The interpreter is the machine's; pip asks the index that is configured there.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use super::build::{Progress, lock};
use super::{cache_directory, on_path, recipe};

/// Every package with its version and its hashes.
const REQUIREMENTS: &str = include_str!("../../tools/aws/requirements.txt");

/// What is announced, and the first part of the cache directory's name.
const NAME: &str = "python-aws";

/// What the interpreter has to have. It says which version it is: an environment belongs to one.
const PROBE: &str = "import ensurepip, sys, venv; assert sys.version_info >= (3, 11); print(sys.version)";

/// Why there can be no such environment here, if there can be none.
pub fn missing() -> Option<String> {
    interpreter().err()
}

/// The interpreter of the environment, which is made first if it is not in the cache.
///
/// # Errors
/// If there is no Python to make it with, the cache cannot be written, or a package cannot be had.
pub fn python() -> Result<PathBuf> {
    let (interpreter, version) = interpreter().map_err(anyhow::Error::msg)?;
    let cache = cache_directory()?;
    let key = recipe::key(NAME, &moto_version(), &format!("{version}{REQUIREMENTS}"));
    let directory = cache.join(&key);
    let path = directory.join("bin/python");
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let _lock = lock(&cache.join(format!("{key}.lock")), NAME)?;
    // Another process may have made it while this one waited for the lock.
    if !directory.is_dir() {
        make(&interpreter, &cache, &directory).with_context(|| format!("install {NAME}"))?;
    }
    Ok(path)
}

/// The machine's interpreter and its version, or why it will not do.
fn interpreter() -> Result<(PathBuf, String), String> {
    static FOUND: OnceLock<Result<(PathBuf, String), String>> = OnceLock::new();
    FOUND.get_or_init(look).clone()
}

fn look() -> Result<(PathBuf, String), String> {
    let needed = "AWS needs Python 3.11 or later with venv: apt-get install python3-venv";
    let path = on_path("python3").ok_or(needed)?;
    match run(&path, ["-c", PROBE]) {
        Ok(output) if output.status.success() => Ok((path, String::from_utf8_lossy(&output.stdout).into_owned())),
        _ => Err(needed.to_owned()),
    }
}

fn make(interpreter: &Path, cache: &Path, destination: &Path) -> Result<()> {
    let _progress = Progress::start(NAME);
    let scratch = tempfile::Builder::new().prefix("build-").tempdir_in(cache)?;
    let environment = scratch.path().join("environment");
    let requirements = scratch.path().join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    succeed(run(
        interpreter,
        ["-m".as_ref(), "venv".as_ref(), environment.as_os_str()],
    )?)?;
    // Nothing is run while it is installed: what has no wheel for this machine is refused.
    let options = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--only-binary=:all:",
        "--requirement",
    ];
    let arguments = options
        .iter()
        .map(OsStr::new)
        .chain([requirements.as_os_str()])
        .collect::<Vec<_>>();
    succeed(run(&environment.join("bin/python"), arguments)?)?;
    fs::rename(&environment, destination).with_context(|| format!("move into {}", destination.display()))
}

fn run<S: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = S>) -> Result<Output> {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start {}", program.display()))
}

fn succeed(output: Output) -> Result<()> {
    if !output.status.success() {
        bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The version that the directory is named by.
fn moto_version() -> String {
    let pinned = REQUIREMENTS.lines().find_map(|line| line.strip_prefix("moto=="));
    let version = pinned.and_then(|rest| rest.split_whitespace().next());
    version.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_with_its_hashes() {
        let text = REQUIREMENTS.replace("\\\n", "");
        let packages: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .collect();
        assert!(packages.len() > 10);
        for package in packages {
            assert!(
                package.contains("==") && package.contains("--hash=sha256:"),
                "{package}"
            );
        }
        assert!(!moto_version().is_empty());
    }
}
