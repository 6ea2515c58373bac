//! The objects of the CSI driver. Pure: what they are follows from the model and the password.
//!
//! [`access`] has the accounts and what they may do, [`controller`] and [`node`] the two workloads, [`snapshots`] and
//! [`definitions`] what takes snapshots of volumes.

mod access;
mod controller;
mod definitions;
mod node;
mod snapshots;

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, Service, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::api::storage::v1::CSIDriver;
use secrecy::SecretString;
use serde_json::{Value, json};
use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::config;
use super::model::{CsiDriverModel, Snapshots};
use crate::kubernetes::component::Component;
use crate::kubernetes::{Access, Found, Kind, Object, ObjectKey, ObjectSet, OwnerId};

/// The driver, and what the resource is known by.
pub(super) const DRIVER: &str = "csi.vsphere.vmware.com";

const NAMESPACE: &str = "vmware-system-csi";
const CONTROLLER: &str = "vsphere-csi-controller";
const NODE: &str = "vsphere-csi-node";
const SECRET: &str = "vsphere-config-secret";
const SECRET_KEY: &str = "csi-vsphere.conf";
const CA_KEY: &str = "ca.pem";
const FEATURES: &str = "internal-feature-states.csi.vsphere.vmware.com";
const DRIVER_IMAGE: &str = "csi-vsphere/driver";

const KINDS: [Kind; 14] = [
    Kind::DEFINITION,
    Kind::SNAPSHOT_CLASS,
    Kind::cluster::<Namespace>(),
    Kind::cluster::<CSIDriver>(),
    Kind::namespaced::<ServiceAccount>(),
    Kind::cluster::<ClusterRole>(),
    Kind::cluster::<ClusterRoleBinding>(),
    Kind::namespaced::<Role>(),
    Kind::namespaced::<RoleBinding>(),
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<ConfigMap>(),
    Kind::namespaced::<Service>(),
    Kind::namespaced::<Deployment>(),
    Kind::namespaced::<DaemonSet>(),
];

/// The component in a cluster.
pub(super) fn component(access: &Access) -> Component<'_> {
    Component {
        name: super::NAME,
        access,
        owner: owner(),
        kinds: &KINDS,
        namespaces: &[NAMESPACE],
    }
}

/// The objects, in the order in which they are made.
///
/// # Errors
/// Fails only for a defect of the provider.
pub(super) fn set(model: &CsiDriverModel, password: &SecretString) -> Result<ObjectSet, Diagnostics> {
    let checksum = checksum(model);
    let mut phases = [
        vec![namespace(), driver()],
        access::accounts_and_roles(model),
        access::bindings(),
        settings(model, password),
        vec![
            controller::deployment(model, &checksum),
            node::daemon_set(model, &checksum),
        ],
    ];
    if let Some(snapshots) = &model.snapshots {
        let [first, accounts, _, settings, workloads] = &mut phases;
        settings.push(snapshots::class(snapshots));
        if snapshots.controller {
            first.extend(definitions::definitions());
            accounts.extend(snapshots::access());
            workloads.push(snapshots::controller(model));
        }
    }
    let made = phases.map(|phase| phase.into_iter().map(Object::from_json).collect::<Result<Vec<_>, _>>());
    let phases: Result<Vec<_>, _> = made.into_iter().collect();
    let phases = phases.map_err(|error| Diagnostic::bug(format!("The objects cannot be made: {error}.")))?;
    Ok(ObjectSet::new(owner(), phases))
}

/// The state of what is there.
pub(super) fn imported(found: &Found) -> Option<CsiDriverModel> {
    let secret = found.get(&ObjectKey::namespaced::<Secret>(NAMESPACE, SECRET))?;
    let mut model = config::read(&secret.data_text(SECRET_KEY)?)?;
    model.vcenter.ca_certificate = secret.data_text(CA_KEY);
    model.snapshots = imported_snapshots(found, &secret.data_text(SECRET_KEY)?);
    let deployment = found
        .get(&ObjectKey::namespaced::<Deployment>(NAMESPACE, CONTROLLER))?
        .json();
    let replicas = deployment.pointer("/spec/replicas")?.as_u64()?;
    model.replicas = Attr::Known(u16::try_from(replicas).ok()?);
    let containers = deployment.pointer("/spec/template/spec/containers")?.as_array()?;
    let images = containers
        .iter()
        .filter_map(|container| container.get("image")?.as_str()?.rsplit_once(':'));
    let (image, version) = images.into_iter().find(|(image, _)| image.ends_with(DRIVER_IMAGE))?;
    model.version = Attr::Known(version.to_owned());
    model.image_registry = image.strip_suffix(DRIVER_IMAGE)?.trim_end_matches('/').to_owned();
    Some(model)
}

/// The snapshots of what is there; none if it takes none.
fn imported_snapshots(found: &Found, text: &str) -> Option<Snapshots> {
    let of_kind = |kind: Kind| found.objects().find(|live| live.key().kind == kind);
    let class = of_kind(Kind::SNAPSHOT_CLASS)?;
    Some(Snapshots {
        class: class.key().name.clone(),
        deletion_policy: class.json().get("deletionPolicy")?.as_str()?.to_owned(),
        max_per_volume: config::value(text, config::MAX_SNAPSHOTS)?.parse().ok()?,
        controller: of_kind(Kind::DEFINITION).is_some(),
    })
}

/// The password that the cluster has.
pub(super) fn live_password(found: &Found) -> Option<SecretString> {
    let secret = found.get(&ObjectKey::namespaced::<Secret>(NAMESPACE, SECRET))?;
    let text = secret.data_text(SECRET_KEY)?;
    config::value(&text, "password").map(SecretString::from)
}

fn owner() -> OwnerId {
    #[expect(clippy::expect_used, reason = "the text is made of what labels may have")]
    OwnerId::new("vsphere-csi-driver").expect("a label's value")
}

/// The driver's part on the nodes needs all of a node, so no policy may hold that against it.
fn namespace() -> Value {
    let labels = json!({ "pod-security.kubernetes.io/enforce": "privileged" });
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE, "labels": labels } })
}

fn driver() -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": { "name": DRIVER },
        "spec": { "attachRequired": true, "podInfoOnMount": false },
    })
}

fn settings(model: &CsiDriverModel, password: &SecretString) -> Vec<Value> {
    let port = |name: &str, port: u16| json!({ "name": name, "port": port, "targetPort": port, "protocol": "TCP" });
    vec![
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": in_namespace(SECRET), "type": "Opaque",
            "stringData": { SECRET_KEY: config::text(model, password), CA_KEY: model.vcenter.ca_certificate },
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": in_namespace(FEATURES),
            "data": {
                "trigger-csi-fullsync": "false",
                "pv-to-backingdiskobjectid-mapping": "false",
                "high-pv-node-density": "false",
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": in_namespace(CONTROLLER),
            "spec": {
                "selector": selector(CONTROLLER),
                "ports": [port("ctlr", 2112), port("syncer", 2113)],
            },
        }),
    ]
}

/// An image of the registry.
fn image(model: &CsiDriverModel, name: &str, version: &str) -> String {
    format!("{}/{name}:{version}", model.image_registry)
}

/// An image of the driver's own version.
fn own_image(model: &CsiDriverModel, name: &str) -> String {
    image(model, name, version(model))
}

fn version(model: &CsiDriverModel) -> &str {
    model.version.known().map_or("", String::as_str)
}

fn in_namespace(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE })
}

fn selector(name: &str) -> Value {
    json!({ "app.kubernetes.io/name": name })
}

fn variable(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

/// Changes with the configuration, so that a change restarts the pods. The password is left out: whoever may read pods
/// could try passwords against it. The driver sees by itself that the file with it has changed.
fn checksum(model: &CsiDriverModel) -> String {
    let ca = model.vcenter.ca_certificate.as_deref().unwrap_or_default();
    let content = format!("{}{ca}", config::text(model, &SecretString::default()));
    digest(&SHA256, content.as_bytes())
        .as_ref()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests;
