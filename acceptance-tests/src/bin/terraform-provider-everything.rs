//! The provider with one of everything, as a process: see `acceptance_tests::everything`.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use acceptance_tests::everything::scripted::Scripted;
use acceptance_tests::everything::{Everything, REMOTE, SCRIPT};
use tf_framework::provider::Provider;
use tf_framework::server::{ServeOptions, run, service};

fn main() -> Result<ExitCode> {
    let remote = env::var_os(REMOTE).context("EVERYTHING_REMOTE is not set")?;
    let script = env::var_os(SCRIPT).map(PathBuf::from);
    let options = ServeOptions::new(Everything::ADDRESS);
    let inner = service(Everything::new(remote), &options);
    Ok(run(Scripted::new(inner, script.as_deref())?, options))
}
