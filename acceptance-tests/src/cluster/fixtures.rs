//! What a cluster has from the start: its node, storage classes and ingress classes.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::controllers::{INGRESS_CLASS, PROVISIONER};

/// The one node.
pub const NODE: &str = "lab-node-0";

/// Creates them all.
pub(super) async fn create(client: &Client) -> Result<()> {
    create_one::<Node>(
        client,
        json!({"metadata": {"name": NODE, "labels": {
            "kubernetes.io/hostname": NODE,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
        }}}),
    )
    .await?;
    for class in storage_classes() {
        create_one::<StorageClass>(client, class).await?;
    }
    let controllers = [
        (INGRESS_CLASS, "lab.medic.org/ingress"),
        ("traefik", "traefik.io/ingress-controller"),
        ("nginx", "k8s.io/ingress-nginx"),
    ];
    for (name, controller) in controllers {
        create_one::<IngressClass>(
            client,
            json!({"metadata": {"name": name}, "spec": {"controller": controller}}),
        )
        .await?;
    }
    Ok(())
}

/// `lab` is the default; `lab-wait` binds when a pod needs the claim; `lab-no-expand` cannot grow; `lab-retain` keeps
/// its volumes; nobody provisions for `lab-stuck`.
fn storage_classes() -> [Value; 5] {
    let class = |name: &str, default: bool| {
        json!({
            "metadata": {
                "name": name,
                "annotations": {"storageclass.kubernetes.io/is-default-class": default.to_string()},
            },
            "provisioner": PROVISIONER,
            "allowVolumeExpansion": true,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        })
    };
    let with = |mut class: Value, key: &str, value: Value| {
        class[key] = value;
        class
    };
    [
        class("lab", true),
        with(
            class("lab-wait", false),
            "volumeBindingMode",
            json!("WaitForFirstConsumer"),
        ),
        with(class("lab-no-expand", false), "allowVolumeExpansion", json!(false)),
        with(class("lab-retain", false), "reclaimPolicy", json!("Retain")),
        with(class("lab-stuck", false), "provisioner", json!("lab.medic.org/nobody")),
    ]
}

async fn create_one<K>(client: &Client, object: Value) -> Result<()>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let object: K = serde_json::from_value(object)?;
    Api::<K>::all(client.clone())
        .create(&PostParams::default(), &object)
        .await
        .with_context(|| format!("create {} {:?}", K::kind(&()), object.meta().name))?;
    Ok(())
}
