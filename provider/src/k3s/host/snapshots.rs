//! Snapshots of etcd: k3s takes them and lists them. Where it does not answer, their files are looked at.
//!
//! What [k3s lists](https://docs.k3s.io/cli/etcd-snapshot) has the shape of its custom resources, and before 1.30 one
//! of its own. Each server lists the files that it has itself, and all that is in the bucket.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use serde_json::Value as Json;

use crate::k3s::config::Role;
use crate::k3s::host::{Host, HostError};
use crate::k3s::paths;
use crate::kubernetes::quantity;
use crate::ssh::Command;

/// Arguments: the program, the data folder, and a name. What others have set up does not have the folder in a file.
const SAVE: &str = r#"exec "$1" etcd-snapshot save --data-dir="$2" --name "$3""#;

/// Arguments: the program, and the data folder. What it warns of goes elsewhere.
const LIST: &str = r#"exec "$1" etcd-snapshot ls --data-dir="$2" -o json"#;

/// How long k3s may take to list them: it may have to ask a bucket, and without a quorum it may wait in vain.
const LIST_TIMEOUT: Duration = Duration::from_secs(120);

/// Arguments: the data folder, the unit, the configuration, and the folder with more of it, the last of which counts.
/// Prints a line for each file: its size, when it was changed, and its path.
const FILES: &str = r#"told=$(cat "$2" 2>/dev/null | tr -d "\"'\\\\" | tr '\n\t' '  ' |
  sed -n 's/.* --etcd-snapshot-dir[= ] *\([^ ]*\).*/\1/p')
[ -n "$told" ] || told=$(
  sed -n 's/^etcd-snapshot-dir:[[:space:]]*\([^[:space:]]*\).*/\1/p' "$3" "$4"/*.yaml 2>/dev/null | tail -n 1 | tr -d "\"'")
folder=${told:-$1/server/db/snapshots}
[ -d "$folder" ] || exit 0
exec find "${folder%/}/" -maxdepth 1 -type f -exec stat -c '%s %Y %n' {} +"#;

/// Numbers at the ends of names that are times are later than this: September 2001.
const FIRST_TIME: i64 = 1_000_000_000;

/// A snapshot of etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name, which is that of its file.
    pub name: String,
    /// The node that has it, where that is known; none has what is in a bucket.
    pub node: Option<String>,
    /// Where it is: `file://` on that node, or `s3://`.
    pub location: String,
    /// When it was taken.
    pub created: Option<Timestamp>,
    /// How large it is, in bytes.
    pub size: Option<i64>,
}

impl Host {
    /// Takes a snapshot of etcd. k3s adds the node and the time to the name.
    ///
    /// # Errors
    /// k3s does not run, or cannot write it.
    pub async fn save_snapshot(&self, name: &str) -> Result<(), HostError> {
        self.run(
            "take a snapshot of etcd on",
            SAVE,
            &[paths::BINARY, self.data_dir(), name],
        )
        .await
        .map(drop)
    }

    /// The snapshots that k3s on this server knows, newest first.
    ///
    /// # Errors
    /// k3s does not run, or answers something else.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, HostError> {
        let step = "list the snapshots on";
        let command = Command::script(step, LIST, &[paths::BINARY, self.data_dir()]).timeout(LIST_TIMEOUT);
        let output = self.session().run(command).await.map_err(self.failed(step))?;
        listed(&output.stdout).map_err(|source| HostError::Snapshots {
            host: self.name().to_owned(),
            source,
        })
    }

    /// The snapshots in the folder of this server, newest first, whether k3s runs or not.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn snapshot_files(&self) -> Result<Vec<Snapshot>, HostError> {
        let unit = paths::unit_file(Role::Server);
        let arguments = [self.data_dir(), unit, paths::CONFIG, paths::CONFIG_DIR];
        let output = self.run("look for snapshots on", FILES, &arguments).await?;
        Ok(sorted(output.text().lines().filter_map(file).collect()))
    }
}

impl Snapshot {
    /// What k3s takes to restore it: its path on the server, or its name in the bucket.
    #[must_use]
    pub fn to_restore(&self) -> &str {
        self.location.strip_prefix("file://").unwrap_or(&self.name)
    }

    /// Whether it is whole: etcd writes into a file that ends in `.part`, and moves it then.
    fn is_whole(&self) -> bool {
        !self.name.starts_with('.') && !self.name.ends_with(".part")
    }
}

/// Reads what k3s lists: custom resources, or, of older releases, a list or a map of another kind.
fn listed(json: &[u8]) -> Result<Vec<Snapshot>, serde_json::Error> {
    let list: Json = serde_json::from_slice(json)?;
    let found: Vec<Option<Snapshot>> = match list {
        Json::Array(files) => files.iter().map(older).collect(),
        Json::Object(list) => match list.get("items") {
            Some(items) => items.as_array().into_iter().flatten().map(resource).collect(),
            None => list.values().map(older).collect(),
        },
        other => return Err(serde::de::Error::custom(format!("it is {other}"))),
    };
    let count = found.len();
    let found: Vec<Snapshot> = found.into_iter().flatten().collect();
    if count > 0 && found.is_empty() {
        return Err(serde::de::Error::custom("nothing in it has a name"));
    }
    Ok(sorted(found))
}

/// Reads a custom resource. One that failed has no place.
fn resource(item: &Json) -> Option<Snapshot> {
    let text = |path: &str| item.pointer(path)?.as_str();
    let size = |text: &str| i64::try_from(quantity::billionths(text)? / 1_000_000_000).ok();
    snapshot(
        [
            text("/spec/snapshotName"),
            text("/spec/nodeName"),
            text("/spec/location"),
        ],
        text("/status/creationTime"),
        text("/status/size").and_then(size),
    )
}

/// Reads a file as older releases of k3s tell of it.
fn older(file: &Json) -> Option<Snapshot> {
    let text = |name: &str| file.get(name)?.as_str();
    snapshot(
        [text("name"), text("nodeName"), text("location")],
        text("createdAt"),
        file.get("size").and_then(Json::as_i64),
    )
}

fn snapshot([name, node, location]: [Option<&str>; 3], created: Option<&str>, size: Option<i64>) -> Option<Snapshot> {
    let location = location.unwrap_or_default();
    let node = node.filter(|node| !node.is_empty() && location.starts_with("file://"));
    Some(Snapshot {
        name: name?.to_owned(),
        node: node.map(str::to_owned),
        location: location.to_owned(),
        created: created.and_then(|time| time.parse().ok()),
        size,
    })
}

/// Reads a line about a file. The name of a snapshot ends with the time at which it was taken.
fn file(line: &str) -> Option<Snapshot> {
    let mut parts = line.splitn(3, ' ');
    let (size, changed, path) = (parts.next()?, parts.next()?, parts.next()?);
    let name = path.rsplit('/').next()?;
    let time = name.strip_suffix(".zip").unwrap_or(name).rsplit('-').next()?;
    let taken = time.parse::<i64>().ok().filter(|seconds| *seconds >= FIRST_TIME);
    let seconds = taken.or_else(|| changed.parse().ok())?;
    Some(Snapshot {
        name: name.to_owned(),
        node: None,
        location: format!("file://{path}"),
        created: Timestamp::from_second(seconds).ok(),
        size: size.parse().ok(),
    })
}

/// Those that can be restored, newest first.
fn sorted(mut snapshots: Vec<Snapshot>) -> Vec<Snapshot> {
    snapshots.retain(|snapshot| !snapshot.location.is_empty() && snapshot.is_whole());
    snapshots.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.name.cmp(&other.name)));
    snapshots
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, process};

    use serde_json::json;

    use super::*;

    fn names(snapshots: &[Snapshot]) -> Vec<&str> {
        snapshots.iter().map(|snapshot| snapshot.name.as_str()).collect()
    }

    #[test]
    fn what_k3s_lists_is_read_newest_first_and_without_what_failed() {
        let item = |name: &str, node: &str, location: &str, status: Json| {
            let spec = json!({ "snapshotName": name, "nodeName": node, "location": location });
            json!({ "metadata": { "name": format!("local-{name}") }, "spec": spec, "status": status })
        };
        let folder = "file:///var/lib/rancher/k3s/server/db/snapshots";
        let list = json!({ "metadata": {}, "items": [
            item("cht-a-1795280400", "a", &format!("{folder}/cht-a-1795280400"),
                json!({ "size": "4128k", "creationTime": "2026-11-21T17:00:00Z", "readyToUse": true })),
            item("failed-a-1795287601", "a", "", json!({ "creationTime": "2026-11-21T19:00:01Z", "readyToUse": false })),
            item("cht-a-1795287600.zip", "s3", "s3://bucket/cht/cht-a-1795287600.zip",
                json!({ "size": "20512", "creationTime": "2026-11-21T19:00:00Z", "readyToUse": true })),
            item("cht-a-1795287700.part", "a", &format!("{folder}/cht-a-1795287700.part"), json!({})),
        ]});
        let found = listed(list.to_string().as_bytes()).unwrap();
        assert_eq!(names(&found), ["cht-a-1795287600.zip", "cht-a-1795280400"]);
        assert_eq!((found[0].node.as_deref(), found[0].size), (None, Some(20_512)));
        assert_eq!(found[0].to_restore(), "cht-a-1795287600.zip");
        assert_eq!((found[1].node.as_deref(), found[1].size), (Some("a"), Some(4_128_000)));
        assert_eq!(
            found[1].to_restore(),
            "/var/lib/rancher/k3s/server/db/snapshots/cht-a-1795280400"
        );
        let created = found[1].created.map(|time| time.to_string());
        assert_eq!(created.as_deref(), Some("2026-11-21T17:00:00Z"));
    }

    #[test]
    fn what_older_releases_list_is_read_as_well_and_nothing_is_nothing() {
        let file = |name: &str, created: &str| {
            json!({ "name": name, "nodeName": "a", "location": format!("file:///db/{name}"), "createdAt": created,
                "size": 4096, "status": "successful", "compressed": false })
        };
        let (one, two) = (file("one", "2023-11-21T17:00:00Z"), file("two", "2023-11-21T18:00:00Z"));
        for list in [json!([one, two]), json!({ "local-one": one, "local-two": two })] {
            let found = listed(list.to_string().as_bytes()).unwrap();
            assert_eq!(names(&found), ["two", "one"], "{list}");
            assert_eq!((found[0].size, found[0].to_restore()), (Some(4096), "/db/two"));
        }
        for none in ["{\"items\":[]}", "{\"items\":null}", "{}", "[]"] {
            assert_eq!(listed(none.as_bytes()).unwrap(), [], "{none}");
        }
        for other in ["no list", "", "true", "{\"message\":\"no\"}"] {
            assert!(listed(other.as_bytes()).is_err(), "{other}");
        }
    }

    /// Names of the files that are found below a folder, which has the data, the unit and the configuration.
    fn found(root: &Path) -> Vec<Snapshot> {
        let mut shell = process::Command::new("sh");
        let places = ["data", "k3s.service", "config.yaml", "config.yaml.d"];
        let find = shell
            .args(["-c", FILES, "sh"])
            .args(places.map(|place| root.join(place)));
        let output = find.output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        sorted(text.lines().filter_map(file).collect())
    }

    #[test]
    fn files_are_found_where_k3s_was_told_to_put_them() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let usual = "data/server/db/snapshots";
        for path in [
            "data/server/db/snapshots/etcd-snapshot-a-1795280400",
            "data/server/db/snapshots/etcd-snapshot-a-1795287600.zip",
            "data/server/db/snapshots/etcd-snapshot-a-1795290000.part",
            "data/server/db/snapshots/.etcd-snapshot-a-1795290000",
            "file/f-1795280400",
            "more/m-1795280400",
            "unit/u-1795280400",
            "config.yaml.d/a.yaml",
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "12345").unwrap();
        }
        let usually = found(root);
        assert_eq!(
            names(&usually),
            ["etcd-snapshot-a-1795287600.zip", "etcd-snapshot-a-1795280400"]
        );
        let path = root.join(usual).join(&usually[1].name);
        assert_eq!(Some(usually[1].to_restore()), path.to_str());
        let created = usually[1].created.map(Timestamp::as_second);
        assert_eq!((created, usually[1].size), (Some(1_795_280_400), Some(5)));

        let told = |folder: &str| format!("etcd-snapshot-dir: \"{}\"\n", root.join(folder).display());
        fs::write(root.join("config.yaml"), told("file")).unwrap();
        assert_eq!(names(&found(root)), ["f-1795280400"]);
        fs::write(root.join("config.yaml.d/b.yaml"), told("more")).unwrap();
        assert_eq!(names(&found(root)), ["m-1795280400"]);
        let argument = format!("'--etcd-snapshot-dir={}'", root.join("unit").display());
        let unit = format!("ExecStart=/usr/local/bin/k3s \\\n    server \\\n\t{argument} \\\n");
        fs::write(root.join("k3s.service"), unit).unwrap();
        assert_eq!(names(&found(root)), ["u-1795280400"]);
        fs::remove_dir_all(root.join("unit")).unwrap();
        assert_eq!(found(root), [], "there is no folder yet");
    }

    #[test]
    fn a_name_without_a_time_has_that_of_its_file() {
        for line in ["5 1795280400 /db/kept", "5 1795280400 /db/before-2024"] {
            let created = file(line).unwrap().created.map(Timestamp::as_second);
            assert_eq!(created, Some(1_795_280_400), "{line}");
        }
        assert_eq!(file("Welcome"), None);
    }
}
