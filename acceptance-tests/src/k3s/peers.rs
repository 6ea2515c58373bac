//! The real programs that the stand-in needs beside it, put into one directory of a host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{hosts, tools};

/// What a server cannot be without.
///
/// # Errors
/// If one has to be built and that fails.
pub fn required() -> Result<Vec<PathBuf>> {
    Ok(vec![
        tools::etcd()?,
        tools::etcdutl()?,
        tools::kubectl()?,
        tools::kubernetes("kube-apiserver")?,
    ])
}

/// What makes of its API server a cluster in which workloads are made and scheduled, and silent nodes are found out.
///
/// # Errors
/// If one has to be built and that fails.
pub fn controllers() -> Result<Vec<PathBuf>> {
    Ok(vec![
        tools::kubernetes("kube-controller-manager")?,
        tools::kubernetes("kube-scheduler")?,
    ])
}

/// What has pods of a node become ready.
///
/// # Errors
/// If it has to be built and that fails.
pub fn kubelet() -> Result<PathBuf> {
    tools::kwok()
}

/// Puts all of them where the lab's hosts see them.
///
/// # Errors
/// If one has to be built and that fails.
pub fn install_on_hosts() -> Result<()> {
    let programs: Vec<PathBuf> = required()?
        .into_iter()
        .chain(controllers()?)
        .chain([kubelet()?])
        .collect();
    install(&programs, &hosts::shared_directory()?.join("bin"))
}

/// Puts programs into a directory: as links to the same files where that is possible, else as copies.
///
/// # Errors
/// If the directory cannot be written.
pub fn install(programs: &[PathBuf], directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    for program in programs {
        let destination = directory.join(program.file_name().context("a program has a name")?);
        if !destination.exists() && fs::hard_link(program, &destination).is_err() {
            fs::copy(program, &destination).with_context(|| format!("copy {}", program.display()))?;
        }
    }
    Ok(())
}
