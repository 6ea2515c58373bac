//! An example environment in the lab: a folder of `examples/environments/` whose `demo.tfvars.json` asks for hosts, for
//! places for machines of a vCenter, or for a cloud.
//!
//! That file has the variables of the `first` apply and those that `change`, and may say what `harm` is done between
//! the two. What only the lab knows stands in them as a text that begins with `@`:
//!
//! | text | value |
//! | --- | --- |
//! | `@h1.ip`, `@h1.key` | the address of host 1, and the key by which it is known |
//! | `@ssh_key`, `@ssh_public_key` | the key with which root logs in to every host, and machines that are told of it |
//! | `@version.1`, `@release.1` | the first version of k3s, and the file with it as `{ path, sha256 }` |
//! | `@certificate`, `@certificate_key` | for the `domain` among the variables, or else for `*.health.example` |
//! | `@place.1`, `@gateway` | the address of a place with the length of the prefix, and the way out of its network |
//! | `@vcenter.server`, `.port`, `.ca`, `.user`, `.password` | the vCenter, and who may do everything in it |
//! | `@cluster_user.name`, `.password` | the user for programs in a cluster |
//! | `@cloud.region`, `.account`, `.user`, `.zone` | where in AWS it is, whose, and a hosted zone for the `domain` |

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cloud::Cloud;
use crate::data_center::{CLUSTER_USER, DataCenter};
use crate::k3s::certificates;
use crate::k3s::lab::{K3sLab, VERSIONS};
use crate::tofu::Workspace;

/// Names that a certificate is for where the variables name no domain.
const NAMES: &str = "*.health.example";

/// `demo.tfvars.json`.
#[derive(Debug, Deserialize)]
pub struct Script {
    /// How many hosts it takes; none for an environment on a cluster that is there.
    #[serde(default)]
    pub hosts: usize,
    /// How many places for machines of a vCenter it takes; none if it takes no vCenter.
    #[serde(default)]
    pub machines: usize,
    /// What the cluster of EKS is called that is made in a cloud; none if it takes no cloud.
    pub cloud: Option<String>,
    /// The variables of the first apply.
    pub first: Map<String, Value>,
    /// What somebody else does after it.
    pub harm: Option<Harm>,
    /// Those that are others in the second.
    pub change: Map<String, Value>,
}

/// What somebody does in the vCenter, whom nobody asked to.
#[derive(Debug, Deserialize)]
pub struct Harm {
    /// The machine whose power is cut.
    pub power_off: String,
}

impl Script {
    /// Reads the script of an environment.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(environment: &Path) -> Result<Self> {
        let path = environment.join("demo.tfvars.json");
        let script = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_slice(&script).with_context(|| format!("read {}", path.display()))
    }

    /// Whether it is for the lab's own cluster, and needs no hosts.
    pub fn is_for_cluster(&self) -> bool {
        self.hosts == 0 && self.machines == 0 && self.cloud.is_none()
    }

    /// Puts in what only the lab knows.
    ///
    /// # Errors
    /// If the lab does not know it either.
    pub fn on_hosts(self, lab: &K3sLab) -> Result<Self> {
        self.filled(lab, |name| of_lab(lab, name))
    }

    /// The same in a data center.
    ///
    /// # Errors
    /// If it does not know it either.
    pub fn in_data_center(self, center: &DataCenter, lab: &K3sLab) -> Result<Self> {
        self.filled(lab, |name| match of_data_center(center, name)? {
            Some(value) => Ok(value),
            None => of_lab(lab, name),
        })
    }

    /// The same in a cloud.
    ///
    /// # Errors
    /// If it does not know it either.
    pub fn in_cloud(self, cloud: &Cloud) -> Result<Self> {
        self.with_known(&|name| cloud.known(name))
    }

    fn filled(self, lab: &K3sLab, other: impl Fn(&str) -> Result<Value>) -> Result<Self> {
        let domain = self.domain().unwrap_or(NAMES).to_owned();
        let authority = certificates::authority("lab-ca")?;
        let pair = certificates::serving(&authority, &domain, std::slice::from_ref(&domain))?;
        let key = lab.hosts().ssh_key();
        let known = |text: &str| -> Result<Value> {
            Ok(match text {
                "ssh_key" => json!(fs::read_to_string(&key)?),
                "ssh_public_key" => json!(fs::read_to_string(key.with_extension("pub"))?.trim()),
                "certificate" => json!(pair.certificate),
                "certificate_key" => json!(pair.key),
                name => other(name)?,
            })
        };
        self.with_known(&known)
    }

    /// The domain of the environment, if it has one.
    pub fn domain(&self) -> Option<&str> {
        self.first.get("domain").and_then(Value::as_str)
    }

    fn with_known(mut self, known: &impl Fn(&str) -> Result<Value>) -> Result<Self> {
        for variables in [&mut self.first, &mut self.change] {
            for value in variables.values_mut() {
                put_in(value, known)?;
            }
        }
        Ok(self)
    }
}

/// Copies an environment's files into a workspace, its own versions instead of the workspace's.
///
/// # Errors
/// If a file cannot be read or written.
pub fn copy(environment: &Path, workspace: &Workspace) -> Result<()> {
    let mut declared = false;
    for entry in fs::read_dir(environment)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().context("a file has a name")?;
            declared |= fs::read_to_string(&path)?.contains("required_providers");
            fs::copy(&path, workspace.directory().join(name))?;
        }
    }
    if declared && !environment.join("versions.tf").is_file() {
        workspace.write("versions.tf", "")?;
    }
    Ok(())
}

/// Replaces every text that begins with `@`.
fn put_in(value: &mut Value, known: &impl Fn(&str) -> Result<Value>) -> Result<()> {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('@') {
                *value = known(name)?;
            }
        }
        Value::Array(values) => {
            for value in values {
                put_in(value, known)?;
            }
        }
        Value::Object(values) => {
            for value in values.values_mut() {
                put_in(value, known)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// What is said of the vCenter and its network, if it is about them.
fn of_data_center(center: &DataCenter, name: &str) -> Result<Option<Value>> {
    let vcenter = &center.vcenter;
    let (server, port) = vcenter.address().rsplit_once(':').context("an address has a port")?;
    Ok(Some(match name {
        "gateway" => json!(center.gateway()),
        "vcenter.server" => json!(server),
        "vcenter.port" => json!(port.parse::<u16>()?),
        "vcenter.ca" => json!(vcenter.ca_pem()),
        "vcenter.user" => json!(vcenter.user()),
        "vcenter.password" => json!(vcenter.password()),
        "cluster_user.name" => json!(CLUSTER_USER),
        "cluster_user.password" => json!(center.cluster_password),
        name => match name.strip_prefix("place.") {
            Some(number) => json!(center.place(number.parse().with_context(|| unknown(name))?)?),
            None => return Ok(None),
        },
    }))
}

/// What is said of a host or a version by its number.
fn of_lab(lab: &K3sLab, name: &str) -> Result<Value> {
    let unknown = || unknown(name);
    let (subject, attribute) = name.split_once('.').with_context(unknown)?;
    if let Some(number) = subject.strip_prefix('h') {
        let number: usize = number.parse().with_context(unknown)?;
        let host = lab.hosts().get(number.wrapping_sub(1)).with_context(unknown)?;
        return match attribute {
            "ip" => Ok(json!(host.ip())),
            "key" => Ok(json!(host.host_key()?)),
            _ => bail!(unknown()),
        };
    }
    let number: usize = attribute.parse().with_context(unknown)?;
    let version = VERSIONS.get(number.wrapping_sub(1)).with_context(unknown)?;
    match subject {
        "version" => Ok(json!(version)),
        "release" => {
            let release = lab.release(version)?;
            Ok(json!({"path": release.path, "sha256": release.sha256}))
        }
        _ => bail!(unknown()),
    }
}

fn unknown(name: &str) -> String {
    format!("@{name} is nothing that the lab knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_begin_with_at_are_replaced_wherever_they_are() {
        let mut value = json!({"a": ["@x", "x@"], "b": {"c": "@y"}, "d": 1});
        put_in(&mut value, &|name| Ok(json!({"name": name}))).unwrap();
        assert_eq!(
            value,
            json!({"a": [{"name": "x"}, "x@"], "b": {"c": {"name": "y"}}, "d": 1})
        );
    }
}
