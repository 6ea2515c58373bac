//! The bookkeeping of secrets encryption: which keys there are, at which stage a rotation is, and which of them each
//! server has loaded. A server loads keys when it starts, so after a rotation the servers differ until each was started
//! again. Nothing is encrypted here.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Node;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use super::certificates::sha256_hex;
use super::config::Config;
use super::etcd::Etcd;
use super::node::CONTROL_PLANE_LABEL;
use super::supervisor::Supervised;
use super::{host, log};

/// The annotation by which a server says what it has loaded.
pub(super) const HASH: &str = "k3s.io/encryption-config-hash";

/// Where the datastore keeps the state.
const KEY: &str = "/cht-lab/encryption";

/// What this server has loaded, below its directory.
const LOADED: &str = "cred/encryption-state.json";

/// Loads the keys, as a server does when it starts.
pub(super) async fn load(supervised: &Supervised, config: &Config) -> Result<()> {
    let Some(store) = &supervised.store else { return Ok(()) };
    let state = match store.get(KEY).await? {
        Some(text) => text,
        None if config.is_set("secrets-encryption") => {
            let text = json!({"enable": true, "stage": "start", "activekey": "aescbckey"}).to_string();
            store.put(KEY, &text).await?;
            text
        }
        None => return Ok(()),
    };
    host::write_private(&supervised.data.join("server").join(LOADED), state.as_bytes())
}

/// The hash of what this server has loaded.
pub(super) fn loaded_hash(server: &Path) -> Result<Option<String>> {
    let Ok(text) = fs::read_to_string(server.join(LOADED)) else {
        return Ok(None);
    };
    Ok(Some(hash(&serde_json::from_str(&text)?)))
}

/// What `/v1-k3s/encrypt/status` says.
pub(super) async fn status(store: &Etcd, client: &Client) -> Result<Value> {
    let Some(text) = store.get(KEY).await? else {
        return Ok(json!({"enable": false}));
    };
    let mut state: Value = serde_json::from_str(&text)?;
    let nodes = Api::<Node>::all(client.clone());
    let servers = nodes.list(&ListParams::default().labels(CONTROL_PLANE_LABEL)).await?;
    let loaded = |node: &Node| node.annotations().get(HASH).cloned().unwrap_or_default();
    let mut servers = servers.iter();
    let first = servers.next();
    let other = first.and_then(|first| {
        servers
            .find(|node| loaded(node) != loaded(first))
            .map(|other| (first, other))
    });
    let object = state.as_object_mut().context("invalid encryption state")?;
    object.insert("hashmatch".to_owned(), other.is_none().into());
    if let Some((first, other)) = other {
        let error = format!(
            "hash does not match between {} and {}",
            first.name_any(),
            other.name_any()
        );
        object.insert("hasherror".to_owned(), error.into());
    }
    Ok(state)
}

/// What `/v1-k3s/encrypt/config` does: one stage, or all of a rotation.
pub(super) async fn change(store: &Etcd, client: &Client, node: &str, body: &Value) -> Result<String> {
    let stage = body.get("stage").and_then(Value::as_str);
    let enable = body.get("enable").and_then(Value::as_bool);
    let Some(text) = store.get(KEY).await? else {
        bail!("secrets encryption is disabled; start the servers with secrets-encryption");
    };
    let mut state: Value = serde_json::from_str(&text)?;
    let object = state.as_object_mut().context("invalid encryption state")?;
    match (stage, enable) {
        (Some("rotate_keys"), _) => {
            let matches = status(store, client).await?.get("hashmatch") == Some(&Value::Bool(true));
            if !matches {
                bail!("invalid hash: servers are not on the same keys; restart the others first");
            }
            object.insert("activekey".to_owned(), format!("aescbckey-{}", log::now()).into());
            object.insert("stage".to_owned(), "reencrypt_finished".into());
        }
        (_, Some(enable)) => drop(object.insert("enable".to_owned(), enable.into())),
        _ => bail!("unknown stage {} requested", stage.unwrap_or_default()),
    }
    store.put(KEY, &state.to_string()).await?;
    let patch = json!({"metadata": {"annotations": {HASH: hash(&state)}}});
    Api::<Node>::all(client.clone())
        .patch(node, &PatchParams::default(), &Patch::Merge(patch))
        .await?;
    Ok(String::new())
}

fn hash(state: &Value) -> String {
    let text = |key: &str| state.get(key).map(Value::to_string).unwrap_or_default();
    let stage = state.get("stage").and_then(Value::as_str).unwrap_or_default();
    format!(
        "{stage}-{}",
        sha256_hex(format!("{}{}", text("activekey"), text("enable")).as_bytes())
    )
}
