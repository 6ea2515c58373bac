//! What k3s brings along for workloads: the storage class `local-path` and the ingress class `traefik`, with what
//! serves them.
//!
//! The lab's own controllers serve them, on each server: what one has done the others find done.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time;

use super::config::Config;
use super::log;
use crate::cluster::controllers::{ingress, provisioner};

/// The storage class, and who provides its volumes.
const STORAGE: (&str, &str) = ("local-path", "rancher.io/local-path");

/// The ingress class, and who serves it.
const INGRESS: (&str, &str) = ("traefik", "traefik.io/ingress-controller");

/// What lets kwok see what a kubelet does not look at.
const KUBELETS: &str = "cht-lab:kubelets";

/// Before an attempt is made again.
const PAUSE: Duration = Duration::from_secs(2);

/// Makes what is not disabled, and serves it, for ever.
pub(super) async fn run(client: &Client, config: &Config, address: &str) {
    let disabled = config.list("disable");
    let is_wanted = |component: &str| !disabled.iter().any(|disabled| disabled == component);
    let storage = async {
        if is_wanted("local-storage") {
            provisioner::run(client.clone(), STORAGE.1).await;
        }
    };
    let ingress = async {
        if is_wanted("traefik") {
            ingress::run(client.clone(), INGRESS.0, address.to_owned()).await;
        }
    };
    while let Err(error) = create(client, is_wanted("local-storage"), is_wanted("traefik")).await {
        log::error(&format!("Failed to apply the manifests: {error:#}"));
        time::sleep(PAUSE).await;
    }
    tokio::join!(storage, ingress);
    std::future::pending().await
}

async fn create(client: &Client, storage: bool, ingress: bool) -> Result<()> {
    let rules = json!([{"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]}]);
    let role = json!({"metadata": {"name": KUBELETS}, "rules": rules});
    create_one::<ClusterRole>(client, role).await?;
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "metadata": {"name": KUBELETS},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": KUBELETS},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:nodes"}],
    });
    create_one::<ClusterRoleBinding>(client, binding).await?;
    if storage {
        let class = json!({
            "metadata": {
                "name": STORAGE.0,
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": STORAGE.1,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        });
        create_one::<StorageClass>(client, class).await?;
    }
    if ingress {
        let class = json!({"metadata": {"name": INGRESS.0}, "spec": {"controller": INGRESS.1}});
        create_one::<IngressClass>(client, class).await?;
    }
    Ok(())
}

/// Makes an object; one that is there stays as it is.
async fn create_one<K>(client: &Client, object: Value) -> Result<()>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let object: K = serde_json::from_value(object)?;
    match Api::<K>::all(client.clone())
        .create(&PostParams::default(), &object)
        .await
    {
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(()),
        other => other
            .map(drop)
            .with_context(|| format!("create {} {:?}", K::kind(&()), object.meta().name)),
    }
}
