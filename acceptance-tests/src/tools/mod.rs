//! The programs of the lab: found on PATH or built once, from pinned versions, into a cache outside the checkout.
//!
//! The cache is `$CHT_LAB_CACHE`, else `$XDG_CACHE_HOME/cht`, else `~/.cache/cht`. What is built is in [`recipe`], how
//! in [`build`]; [`python`] has what is written in Python.

pub mod build;
pub mod python;
pub mod recipe;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use semver::Version;

use recipe::{
    CTY, EMPTY_PROVIDER, ETCD, ETCDUTL, KUBECTL, KUBERNETES, KWOK, OLD_OPENTOFU, OPENTOFU, TFPLUGINDOCS, VCSIM,
};

/// The oldest OpenTofu on PATH that the suite runs with; an older one is passed over.
const MINIMUM_TOFU: Version = Version::new(1, 12, 0);

/// The versions of Cargo's commands that are built where none are installed.
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";

/// OpenTofu: from PATH if it is recent enough, else built.
///
/// # Errors
/// If it has to be built and that fails.
pub fn tofu() -> Result<PathBuf> {
    match on_path("tofu") {
        Some(path) if cli_version(&path).is_some_and(|version| version >= MINIMUM_TOFU) => Ok(path),
        _ => build::binary(&OPENTOFU, "tofu"),
    }
}

/// The oldest OpenTofu that the provider is made for.
///
/// # Errors
/// If it has to be built and that fails.
pub fn old_tofu() -> Result<PathBuf> {
    build::binary(&OLD_OPENTOFU, "tofu")
}

/// Terraform, if it is on PATH. Its license does not let us build or ship it.
pub fn terraform() -> Option<PathBuf> {
    on_path("terraform")
}

/// The store of the API server.
///
/// # Errors
/// If it has to be built and that fails.
pub fn etcd() -> Result<PathBuf> {
    build::binary(&ETCD, "etcd")
}

/// One of the binaries of the control plane, such as `kube-apiserver`.
///
/// # Errors
/// If it has to be built and that fails.
pub fn kubernetes(binary: &str) -> Result<PathBuf> {
    build::binary(&KUBERNETES, binary)
}

/// The command line of Kubernetes.
///
/// # Errors
/// If it has to be built and that fails.
pub fn kubectl() -> Result<PathBuf> {
    build::binary(&KUBECTL, "kubectl")
}

/// The restorer of snapshots.
///
/// # Errors
/// If it has to be built and that fails.
pub fn etcdutl() -> Result<PathBuf> {
    build::binary(&ETCDUTL, "etcdutl")
}

/// The player of nodes.
///
/// # Errors
/// If it has to be built and that fails.
pub fn kwok() -> Result<PathBuf> {
    build::binary(&KWOK, "kwok")
}

/// The checker of documentation.
///
/// # Errors
/// If it has to be built and that fails.
pub fn tfplugindocs() -> Result<PathBuf> {
    build::binary(&TFPLUGINDOCS, "tfplugindocs")
}

/// The judge of encodings.
///
/// # Errors
/// If it has to be built and that fails.
pub fn cty() -> Result<PathBuf> {
    build::binary(&CTY, "cty")
}

/// The vCenter.
///
/// # Errors
/// If it has to be built and that fails.
pub fn vcsim() -> Result<PathBuf> {
    build::binary(&VCSIM, "vcsim")
}

/// A provider without anything in it, written with HashiCorp's framework in Go: a peer for benchmarks only.
///
/// # Errors
/// If it has to be built and that fails.
pub fn empty_provider() -> Result<PathBuf> {
    build::binary(&EMPTY_PROVIDER, "terraform-provider-empty")
}

/// The checker of dependencies: from PATH, else built into the cache, which takes some minutes.
///
/// # Errors
/// If it has to be built and that fails, for example without a network.
pub fn cargo_deny() -> Result<PathBuf> {
    cargo_command("cargo-deny", CARGO_DENY)
}

/// The fuzzer: from PATH, else built into the cache.
///
/// # Errors
/// If it has to be built and that fails, for example without a network.
pub fn cargo_fuzz() -> Result<PathBuf> {
    cargo_command("cargo-fuzz", CARGO_FUZZ)
}

/// A command of Cargo's: from PATH, else from the cache, where this version is built if there is none.
fn cargo_command(name: &str, version: &str) -> Result<PathBuf> {
    let root = cache_directory()?.join("tools");
    let cached = root.join("bin").join(name);
    if let Some(path) = on_path(name).or_else(|| Some(cached.clone()).filter(|path| path.is_file())) {
        return Ok(path);
    }
    let _progress = build::Progress::start(&format!("{name} {version}"));
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["install", "--quiet", "--locked", name, "--version", version, "--root"])
        .arg(root)
        .status()
        .context("start cargo install")?;
    if !status.success() {
        bail!("cargo install {name} failed ({status})");
    }
    Ok(cached)
}

/// Every tool of the lab, built where necessary: name and path.
///
/// # Errors
/// If a build fails.
pub fn all() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut tools = vec![
        ("cty", cty()?),
        ("etcd", etcd()?),
        ("etcdutl", etcdutl()?),
        ("kubectl", kubectl()?),
        ("kwok", kwok()?),
    ];
    for (binary, _) in KUBERNETES.binaries {
        tools.push((binary, kubernetes(binary)?));
    }
    tools.push(("tofu", tofu()?));
    tools.push(("the oldest tofu", old_tofu()?));
    tools.push(("tfplugindocs", tfplugindocs()?));
    tools.push(("vcsim", vcsim()?));
    tools.extend(terraform().map(|path| ("terraform", path)));
    if python::missing().is_none() {
        tools.push(("python", python::python()?));
    }
    Ok(tools)
}

/// The cache directory; it is shared with `.ci/run`, which keeps Cargo's target directory there too.
///
/// # Errors
/// If no home directory is known.
pub fn cache_directory() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CHT_LAB_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|directory| directory.join("cht")))
        .or_else(|| set("HOME").map(|directory| directory.join(".cache/cht")))
        .context("none of CHT_LAB_CACHE, XDG_CACHE_HOME and HOME is set")
}

/// The version that `tofu` or `terraform` says it has.
fn cli_version(path: &Path) -> Option<Version> {
    let output = Command::new(path)
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .ok()?;
    parse_cli_version(&output.stdout)
}

fn parse_cli_version(json: &[u8]) -> Option<Version> {
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    Version::parse(value.get("terraform_version")?.as_str()?).ok()
}

/// The program of this name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_version_is_read_from_json() {
        let json = br#"{"terraform_version": "1.12.6", "platform": "linux_amd64", "provider_selections": {}}"#;
        assert_eq!(parse_cli_version(json), Some(Version::new(1, 12, 6)));
    }

    #[test]
    fn unreadable_cli_version_is_none() {
        assert_eq!(parse_cli_version(b"OpenTofu v1.6.0"), None);
    }
}
