//! The real etcd: a member of the cluster as a process, and a client of its JSON gateway.
//!
//! API: `/v3/kv`, `/v3/cluster/member`, `/v3/maintenance`. Numbers of 64 bits are texts in it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::host;
use super::process::Process;

/// How long an answer may take. Without a quorum there is none.
const LIMIT: Duration = Duration::from_secs(5);

/// How a member starts.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub(super) name: &'a str,
    /// Where it listens: a host's address, without a port.
    pub(super) address: &'a str,
    pub(super) directory: &'a Path,
    /// `name=url` of each member; none if the data on disk says it.
    pub(super) cluster: Option<String>,
    /// Whether the others of [`Start::cluster`] run already.
    pub(super) joins: bool,
    /// Forget all other members.
    pub(super) alone: bool,
    /// Beside the real one, on ports of its own, to look into a copy of the data.
    pub(super) beside: bool,
}

/// Starts a member, without waiting for the disk.
pub(super) fn start(start: &Start<'_>) -> Result<Process> {
    let (client, peer) = match start.beside {
        false => (client_url(start.address), peer_url(start.address)),
        true => (url_beside(start.address), format!("http://{}:2400", start.address)),
    };
    let mut arguments = vec![
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
        "--heartbeat-interval=200".to_owned(),
        "--election-timeout=2000".to_owned(),
        format!("--name={}", start.name),
        format!("--data-dir={}", start.directory.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
    ];
    let cluster = start.cluster.clone();
    arguments.push(format!(
        "--initial-cluster={}",
        cluster.unwrap_or_else(|| format!("{}={peer}", start.name))
    ));
    if !start.beside {
        arguments.push(format!("--listen-metrics-urls={}", metrics_url(start.address)));
    }
    if start.joins {
        arguments.push("--initial-cluster-state=existing".to_owned());
    }
    if start.alone {
        arguments.push("--force-new-cluster".to_owned());
    }
    Process::start(&host::required_tool("etcd")?, &arguments)
}

pub(super) fn client_url(address: &str) -> String {
    format!("http://{address}:2379")
}

pub(super) fn peer_url(address: &str) -> String {
    format!("http://{address}:2380")
}

/// Where a member tells what it measures: to its own host alone. Hosts that are addresses of loopback are told apart by
/// those.
fn metrics_url(address: &str) -> String {
    let is_loopback = address.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    format!("http://{}:2381", if is_loopback { address } else { "127.0.0.1" })
}

/// The client URL of a member that was started beside the real one.
pub(super) fn url_beside(address: &str) -> String {
    format!("http://{address}:2399")
}

/// One of the members that a cluster knows of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) id: String,
    /// Empty until it has started.
    pub(super) name: String,
    pub(super) peer_url: String,
    pub(super) is_learner: bool,
}

/// What a member says of itself.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) is_leader: bool,
    pub(super) is_learner: bool,
}

/// A client of one member.
#[derive(Clone, Debug)]
pub(super) struct Etcd {
    http: reqwest::Client,
    url: String,
}

impl Etcd {
    pub(super) fn new(url: String) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().connect_timeout(LIMIT).build()?;
        Ok(Self { http, url })
    }

    pub(super) async fn status(&self) -> Result<Status> {
        let answer = self.call("maintenance/status", &json!({})).await?;
        let own = answer.pointer("/header/member_id").and_then(Value::as_str);
        let leader = answer.get("leader").and_then(Value::as_str);
        Ok(Status {
            is_leader: own.is_some() && own == leader,
            is_learner: answer.get("isLearner").and_then(Value::as_bool).unwrap_or(false),
        })
    }

    pub(super) async fn members(&self) -> Result<Vec<Member>> {
        let answer = self.call("cluster/member/list", &json!({"linearizable": true})).await?;
        let members = answer.get("members").and_then(Value::as_array).into_iter().flatten();
        Ok(members.filter_map(member).collect())
    }

    pub(super) async fn add_learner(&self, peer_url: &str) -> Result<()> {
        let body = json!({"peerURLs": [peer_url], "isLearner": true});
        self.call("cluster/member/add", &body).await.map(drop)
    }

    pub(super) async fn promote(&self, id: &str) -> Result<()> {
        self.call("cluster/member/promote", &json!({ "ID": id }))
            .await
            .map(drop)
    }

    pub(super) async fn remove(&self, id: &str) -> Result<()> {
        self.call("cluster/member/remove", &json!({ "ID": id })).await.map(drop)
    }

    pub(super) async fn move_leader(&self, id: &str) -> Result<()> {
        let body = json!({ "targetID": id });
        self.call("maintenance/transfer-leadership", &body).await.map(drop)
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<String>> {
        let answer = self.call("kv/range", &json!({ "key": STANDARD.encode(key) })).await?;
        let value = answer.pointer("/kvs/0/value").and_then(Value::as_str);
        value.map(decode).transpose()
    }

    /// The keys that start with a prefix.
    pub(super) async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let mut end = prefix.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last = last.saturating_add(1);
        }
        let body = json!({"key": STANDARD.encode(prefix), "range_end": STANDARD.encode(end), "keys_only": true});
        let answer = self.call("kv/range", &body).await?;
        let found = answer.get("kvs").and_then(Value::as_array).into_iter().flatten();
        found
            .filter_map(|pair| pair.get("key").and_then(Value::as_str))
            .map(decode)
            .collect()
    }

    pub(super) async fn put(&self, key: &str, value: &str) -> Result<()> {
        let body = json!({"key": STANDARD.encode(key), "value": STANDARD.encode(value)});
        self.call("kv/put", &body).await.map(drop)
    }

    pub(super) async fn delete(&self, key: &str) -> Result<()> {
        self.call("kv/deleterange", &json!({ "key": STANDARD.encode(key) }))
            .await
            .map(drop)
    }

    /// Writes all that is stored to a file.
    pub(super) async fn snapshot(&self, path: &Path) -> Result<()> {
        let answer = self
            .http
            .post(format!("{}/v3/maintenance/snapshot", self.url))
            .body("{}");
        let mut answer = answer.send().await?.error_for_status()?;
        let mut file = tokio::fs::File::create(path).await?;
        let mut rest = Vec::new();
        while let Some(bytes) = answer.chunk().await? {
            rest.extend_from_slice(&bytes);
            // Each part of the snapshot is a line of its own.
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                file.write_all(&snapshot_part(&line)?).await?;
            }
        }
        if !rest.is_empty() {
            file.write_all(&snapshot_part(&rest)?).await?;
        }
        file.flush().await?;
        Ok(())
    }

    async fn call(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}/v3/{path}", self.url)).timeout(LIMIT);
        let answer = request.body(body.to_string()).send().await;
        let answer = answer.with_context(|| "context deadline exceeded")?;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        if !status.is_success() {
            let message = body.get("message").and_then(Value::as_str);
            bail!("{}", message.unwrap_or("etcd gave no reason"));
        }
        Ok(body)
    }
}

/// Where a member's data is, whether or not there is any.
pub(super) fn directory(data: &Path) -> PathBuf {
    data.join("server/db/etcd")
}

fn member(value: &Value) -> Option<Member> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Member {
        id: value.get("ID")?.as_str()?.to_owned(),
        name: text("name"),
        peer_url: value.pointer("/peerURLs/0")?.as_str()?.to_owned(),
        is_learner: value.get("isLearner").and_then(Value::as_bool).unwrap_or(false),
    })
}

fn snapshot_part(line: &[u8]) -> Result<Vec<u8>> {
    let value: Value = serde_json::from_slice(line)?;
    let blob = value.pointer("/result/blob").and_then(Value::as_str);
    Ok(STANDARD.decode(blob.unwrap_or_default())?)
}

fn decode(text: &str) -> Result<String> {
    Ok(String::from_utf8(STANDARD.decode(text)?)?)
}
