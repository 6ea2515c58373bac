//! The node password: made on the host once, kept by the cluster as a hash in a secret, so that no other host takes the
//! node's name.

use std::fs;

use anyhow::{Result, bail};
use aws_lc_rs::rand;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use super::certificates::{hex, sha256_hex};
use super::host;

/// Where the host keeps it.
const FILE: &str = "/etc/rancher/node/password";

/// This host's password, made if there is none.
pub(super) fn own() -> Result<String> {
    let path = host::path(FILE);
    if let Ok(text) = fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    let mut bytes = [0; 16];
    rand::fill(&mut bytes)?;
    let password = hex(&bytes);
    host::write_private(&path, format!("{password}\n").as_bytes())?;
    Ok(password)
}

/// Holds a node's password to the secret, which is made if there is none.
pub(super) async fn ensure(client: Client, node: &str, password: &str) -> Result<()> {
    let secrets = Api::<Secret>::namespaced(client, "kube-system");
    let name = secret_name(node);
    let Some(secret) = secrets.get_opt(&name).await? else {
        let secret = serde_json::from_value(json!({
            "metadata": {"name": name},
            "immutable": true,
            "stringData": {"hash": hash(node, password)},
        }))?;
        secrets.create(&PostParams::default(), &secret).await?;
        return Ok(());
    };
    let stored = secret.data.unwrap_or_default().remove("hash").unwrap_or_default();
    if stored.0 != hash(node, password).into_bytes() {
        bail!(
            "Node password rejected, duplicate hostname or contents of '{FILE}' may not match server node-passwd entry, \
             try enabling a unique node name with the --with-node-id flag"
        );
    }
    Ok(())
}

/// Forgets a node's password.
pub(super) async fn forget(client: Client, node: &str) -> Result<()> {
    let secrets = Api::<Secret>::namespaced(client, "kube-system");
    match secrets.delete(&secret_name(node), &DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => Ok(other.map(drop)?),
    }
}

fn secret_name(node: &str) -> String {
    format!("{node}.node-password.k3s")
}

fn hash(node: &str, password: &str) -> String {
    format!("$1:{}", sha256_hex(format!("{node}:{password}").as_bytes()))
}
