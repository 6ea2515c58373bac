//! `k3s kubectl`: the real one, with the server's kubeconfig unless another is named.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, bail};

use crate::k3s::host;

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let mut kubectl = Command::new(host::required_tool("kubectl")?);
    let own = host::path("/etc/rancher/k3s/k3s.yaml");
    if env::var_os("KUBECONFIG").is_none_or(|value| value.is_empty()) && own.exists() {
        kubectl.env("KUBECONFIG", own);
    }
    let error = kubectl.args(arguments).exec();
    bail!("failed to run kubectl: {error}")
}
