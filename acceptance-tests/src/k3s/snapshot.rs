//! etcd snapshots: taken by the server, into files on its disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Result, bail};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use super::etcd::Etcd;
use super::log;

/// How many of the same name are kept.
const RETENTION: usize = 5;

/// Where they are.
pub(super) fn directory(config: &Config, data: &Path) -> PathBuf {
    let given = config.text("etcd-snapshot-dir").map(PathBuf::from);
    given.unwrap_or_else(|| data.join("server/db/snapshots"))
}

/// Does what `k3s etcd-snapshot` asks the server for.
pub(super) async fn answer(etcd: &Etcd, default: &Path, node: &str, body: &Value) -> Result<String> {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let given = text("dir").map(PathBuf::from);
    let directory = given.as_deref().unwrap_or(default);
    let names: Vec<&str> = body
        .get("name")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let name = names.first().copied().unwrap_or("on-demand");
    let done = match text("operation") {
        Some("save") => json!({"created": [save(etcd, directory, name, node).await?]}),
        Some("list") => json!({"items": list(directory, node)?}),
        Some("delete") => {
            let mut deleted = Vec::new();
            for name in names {
                if name.contains('/') || !directory.join(name).is_file() {
                    bail!("snapshot {name} not found");
                }
                fs::remove_file(directory.join(name))?;
                deleted.push(name);
            }
            json!({"deleted": deleted})
        }
        Some("prune") => {
            let retention = body.get("retention").and_then(Value::as_u64);
            let retention = retention.and_then(|number| usize::try_from(number).ok());
            json!({"deleted": prune(directory, &format!("{name}-{node}-"), retention.unwrap_or(RETENTION))?})
        }
        other => bail!("unknown snapshot operation {}", other.unwrap_or_default()),
    };
    Ok(done.to_string())
}

async fn save(etcd: &Etcd, directory: &Path, name: &str, node: &str) -> Result<String> {
    fs::create_dir_all(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    let name = format!("{name}-{node}-{}", log::unix_time());
    let path = directory.join(&name);
    log::info(&format!("Saving etcd snapshot to {}", path.display()));
    let part = directory.join(format!(".{name}.part"));
    etcd.snapshot(&part).await?;
    fs::set_permissions(&part, fs::Permissions::from_mode(0o600))?;
    fs::rename(&part, &path)?;
    Ok(name)
}

fn list(directory: &Path, node: &str) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let (size, changed) = (entry.metadata()?.len(), entry.metadata()?.modified()?);
        let changed = changed.duration_since(UNIX_EPOCH)?.as_secs();
        let time = Timestamp::from_second(i64::try_from(changed)?)?;
        found.push(json!({
            "metadata": {"name": format!("local-{name}")},
            "spec": {"snapshotName": name, "nodeName": node, "location": format!("file://{}", entry.path().display())},
            "status": {"size": size.to_string(), "creationTime": time.to_string(), "readyToUse": true},
        }));
    }
    found.sort_by_key(|snapshot| snapshot.pointer("/status/creationTime").map(Value::to_string));
    Ok(found)
}

/// Deletes the oldest, by the time at the end of their names.
fn prune(directory: &Path, prefix: &str, retention: usize) -> Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(directory)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    names.truncate(names.len().saturating_sub(retention));
    for name in &names {
        fs::remove_file(directory.join(name))?;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prune_keeps_the_newest_of_its_name() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a-h1-1", "a-h1-2", "a-h1-3", "b-h1-1"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        assert_eq!(prune(directory.path(), "a-h1-", 2).unwrap(), ["a-h1-1"]);
        assert_eq!(list(directory.path(), "h1").unwrap().len(), 3);
    }
}
