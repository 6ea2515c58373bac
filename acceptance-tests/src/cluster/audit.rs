//! What service accounts ask of the API server: its audit log, with one entry for each request as it comes in.
//!
//! An audit log misses nothing, unlike metrics, which do not know users. Only service accounts are logged, so the lab's
//! own components cost nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::lifeline::Lifeline;

/// A request that came in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditedRequest {
    /// Who made it, by the API server's name for them.
    pub user: String,
    /// The verb as RBAC has it, such as `list`.
    pub verb: String,
    /// The resource with its subresource, such as `pods/portforward`; the path for what is no resource.
    pub resource: String,
}

/// The files of the log, and what the API server is told of them.
pub(super) fn arguments(lifeline: &Lifeline) -> Result<[String; 2]> {
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        // A request that lasts, such as a port-forward, has several stages and counts once.
        "omitStages": ["ResponseStarted", "ResponseComplete", "Panic"],
        "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}],
    });
    let file = lifeline.directory().join("audit-policy.json");
    fs::write(&file, policy.to_string()).with_context(|| format!("write {}", file.display()))?;
    Ok([
        format!("--audit-policy-file={}", file.display()),
        format!("--audit-log-path={}", log(lifeline).display()),
    ])
}

/// Reads the log from the entry number `from` on.
pub(super) fn read(lifeline: &Lifeline, from: usize) -> Result<Vec<AuditedRequest>> {
    parse(&log(lifeline), from)
}

fn log(lifeline: &Lifeline) -> PathBuf {
    lifeline.directory().join("audit.log")
}

fn parse(log: &Path, from: usize) -> Result<Vec<AuditedRequest>> {
    let text = match fs::read_to_string(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.with_context(|| format!("read {}", log.display()))?,
    };
    text.lines().skip(from).map(request).collect()
}

fn request(line: &str) -> Result<AuditedRequest> {
    let event: Value = serde_json::from_str(line).context("an entry of the audit log is JSON")?;
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let resource = match (text("/objectRef/resource"), text("/objectRef/subresource")) {
        (Some(resource), Some(subresource)) => format!("{resource}/{subresource}"),
        (Some(resource), None) => resource.to_owned(),
        (None, _) => text("/requestURI").unwrap_or_default().to_owned(),
    };
    Ok(AuditedRequest {
        user: text("/user/username").unwrap_or_default().to_owned(),
        verb: text("/verb").unwrap_or_default().to_owned(),
        resource,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_from_where_the_last_reading_ended() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let lines = [
            r#"{"verb": "list", "objectRef": {"resource": "secrets"}}"#,
            r#"{"verb": "create", "user": {"username": "bench"}, "objectRef": {"resource": "pods", "subresource": "portforward"}}"#,
            r#"{"verb": "get", "requestURI": "/version"}"#,
        ];
        fs::write(log.path(), lines.join("\n")).unwrap();
        let requests = parse(log.path(), 1).unwrap();
        let words: Vec<_> = requests
            .iter()
            .map(|one| (one.verb.as_str(), one.resource.as_str()))
            .collect();
        assert_eq!(words, [("create", "pods/portforward"), ("get", "/version")]);
        assert_eq!(requests[0].user, "bench");
        assert_eq!(parse(Path::new("/nowhere/audit.log"), 0).unwrap(), []);
    }
}
