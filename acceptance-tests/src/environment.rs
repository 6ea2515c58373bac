//! An example environment on hosts of the lab: a folder of `examples/environments/` whose `demo.tfvars.json` asks for
//! hosts.
//!
//! That file has the variables of the `first` apply and those that `change`. What only the lab knows stands in them as
//! a text that begins with `@`:
//!
//! | text | value |
//! | --- | --- |
//! | `@h1.ip`, `@h1.key` | the address of host 1, and the key by which it is known |
//! | `@ssh_key` | the private key with which root logs in to every host |
//! | `@version.1`, `@release.1` | the first version of k3s, and the file with it as `{ path, sha256 }` |
//! | `@certificate`, `@certificate_key` | for the `domain` among the variables |

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::k3s::certificates;
use crate::k3s::lab::{K3sLab, VERSIONS};

/// `demo.tfvars.json`.
#[derive(Debug, Deserialize)]
pub struct Script {
    /// How many hosts it takes; none for an environment on a cluster that is there.
    #[serde(default)]
    pub hosts: usize,
    /// The variables of the first apply.
    pub first: Map<String, Value>,
    /// Those that are others in the second.
    pub change: Map<String, Value>,
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

    /// Puts in what only the lab knows.
    ///
    /// # Errors
    /// If the lab does not know it either.
    pub fn on_hosts(mut self, lab: &K3sLab) -> Result<Self> {
        let domain = self
            .first
            .get("domain")
            .and_then(Value::as_str)
            .unwrap_or("localhost")
            .to_owned();
        let authority = certificates::authority("lab-ca")?;
        let pair = certificates::serving(&authority, &domain, std::slice::from_ref(&domain))?;
        let known = |text: &str| -> Result<Value> {
            Ok(match text {
                "ssh_key" => json!(fs::read_to_string(lab.hosts().ssh_key())?),
                "certificate" => json!(pair.certificate),
                "certificate_key" => json!(pair.key),
                other => of_lab(lab, other)?,
            })
        };
        for variables in [&mut self.first, &mut self.change] {
            for value in variables.values_mut() {
                put_in(value, &known)?;
            }
        }
        Ok(self)
    }
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

/// What is said of a host or a version by its number.
fn of_lab(lab: &K3sLab, name: &str) -> Result<Value> {
    let unknown = || format!("@{name} is nothing that the lab knows");
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
