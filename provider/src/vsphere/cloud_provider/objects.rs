//! The objects of the cloud provider. Pure: what they are follows from the model and the password.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, RoleBinding};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::in_cluster::pods;
use super::config;
use super::model::CloudProviderModel;
use crate::kubernetes::component::Component;
use crate::kubernetes::{Access, Found, Kind, Object, ObjectKey, ObjectSet, OwnerId};

/// The DaemonSet, and what the resource is known by.
pub(super) const NAME: &str = "vsphere-cloud-controller-manager";
pub(super) const NAMESPACE: &str = "kube-system";
pub(super) const SECRET: &str = "vsphere-cloud-secret";

const CONFIG: &str = "vsphere-cloud-config";
const CONFIG_KEY: &str = "vsphere.conf";
const CA_KEY: &str = "ca.pem";
const ACCOUNT: &str = "cloud-controller-manager";
const ROLE: &str = "system:cloud-controller-manager";
const BINDING: &str = "servicecatalog.k8s.io:apiserver-authentication-reader";
const IMAGE: &str = "cloud-pv-vsphere/cloud-provider-vsphere";
const SKIP_NODE_DELETION: &str = "SKIP_NODE_DELETION";

const KINDS: [Kind; 7] = [
    Kind::namespaced::<ServiceAccount>(),
    Kind::cluster::<ClusterRole>(),
    Kind::cluster::<ClusterRoleBinding>(),
    Kind::namespaced::<RoleBinding>(),
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<ConfigMap>(),
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
pub(super) fn set(model: &CloudProviderModel, password: &SecretString) -> Result<ObjectSet, Diagnostics> {
    let phases = [access(), settings(model, password), vec![daemon_set(model)]];
    let made = phases.map(|phase| phase.into_iter().map(Object::from_json).collect::<Result<Vec<_>, _>>());
    let phases: Result<Vec<_>, _> = made.into_iter().collect();
    let phases = phases.map_err(|error| Diagnostic::bug(format!("The objects cannot be made: {error}.")))?;
    Ok(ObjectSet::new(owner(), phases))
}

/// The state of what is there.
pub(super) fn imported(found: &Found) -> Option<CloudProviderModel> {
    let mut model = config::unsaid();
    let config = found
        .get(&ObjectKey::namespaced::<ConfigMap>(NAMESPACE, CONFIG))?
        .json();
    let data = |key: &str| config.get("data")?.get(key)?.as_str();
    config::read(data(CONFIG_KEY)?, &mut model)?;
    model.vcenter.ca_certificate = data(CA_KEY).map(str::to_owned);
    let secret = found.get(&secret_key())?;
    model.vcenter.user = secret.data_text(&format!("{}.username", model.vcenter.server))?;
    let pod = found.get(&ObjectKey::namespaced::<DaemonSet>(NAMESPACE, NAME))?.json();
    let container = pod.pointer("/spec/template/spec/containers/0")?;
    let (image, version) = container.get("image")?.as_str()?.rsplit_once(':')?;
    model.version = Attr::Known(version.to_owned());
    model.image_registry = image.strip_suffix(IMAGE)?.trim_end_matches('/').to_owned();
    let variables = container.get("env").and_then(Value::as_array);
    model.skip_node_deletion = variables.is_some_and(|all| all.iter().any(|one| one["name"] == SKIP_NODE_DELETION));
    Some(model)
}

/// What names the Secret.
pub(super) fn secret_key() -> ObjectKey {
    ObjectKey::namespaced::<Secret>(NAMESPACE, SECRET)
}

/// Where the password is in the Secret.
pub(super) fn password_key(server: &str) -> String {
    format!("{server}.password")
}

fn owner() -> OwnerId {
    #[expect(clippy::expect_used, reason = "the text is made of what labels may have")]
    OwnerId::new("vsphere-cloud-provider").expect("a label's value")
}

/// The account, and what it may do.
fn access() -> Vec<Value> {
    let account = json!({ "kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE });
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let rbac = "rbac.authorization.k8s.io";
    vec![
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": in_namespace(ACCOUNT) }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": ROLE }, "rules": [
            rule("", &["events"], &["create", "patch", "update"]),
            rule("", &["nodes"], &["*"]),
            rule("", &["nodes/status"], &["patch"]),
            rule("", &["services"], &["list", "patch", "update", "watch"]),
            rule("", &["services/status"], &["patch"]),
            rule("", &["serviceaccounts"], &["create", "get", "list", "watch", "update"]),
            rule("", &["serviceaccounts/token"], &["create"]),
            rule("", &["persistentvolumes"], &["get", "list", "update", "watch"]),
            rule("", &["endpoints"], &["create", "get", "list", "watch", "update"]),
            rule("", &["secrets"], &["get", "list", "watch"]),
            rule("discovery.k8s.io", &["endpointslices"], &["get", "list", "watch"]),
            rule("coordination.k8s.io", &["leases"], &["create", "get", "list", "watch", "update"]),
        ] }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": ROLE },
            "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": ROLE }, "subjects": [account],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": in_namespace(BINDING),
            "roleRef": { "apiGroup": rbac, "kind": "Role", "name": "extension-apiserver-authentication-reader" },
            "subjects": [account],
        }),
    ]
}

/// What it is told, and the credentials, which are nowhere else.
fn settings(model: &CloudProviderModel, password: &SecretString) -> Vec<Value> {
    let login = &model.vcenter;
    let mut credentials = Map::new();
    credentials.insert(format!("{}.username", login.server), json!(login.user));
    credentials.insert(password_key(&login.server), json!(password.expose_secret()));
    vec![
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": in_namespace(SECRET), "type": "Opaque",
            "stringData": credentials,
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": in_namespace(CONFIG),
            "data": { CONFIG_KEY: config::text(model), CA_KEY: login.ca_certificate },
        }),
    ]
}

fn daemon_set(model: &CloudProviderModel) -> Value {
    let version = model.version.known().map_or("", String::as_str);
    let labels = json!({ "app.kubernetes.io/name": NAME });
    let variables: Vec<Value> = model
        .skip_node_deletion
        .then(|| json!({ "name": SKIP_NODE_DELETION, "value": "true" }))
        .into_iter()
        .collect();
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": NAME, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "updateStrategy": { "type": "RollingUpdate" },
            "template": {
                // The credentials are watched by the program, its settings are read when it starts.
                "metadata": { "labels": labels, "annotations": { "checksum/config": checksum(model) } },
                "spec": {
                    "serviceAccountName": ACCOUNT,
                    "hostNetwork": true,
                    "priorityClassName": "system-node-critical",
                    "securityContext": { "runAsUser": 1001 },
                    "affinity": pods::on_control_plane(),
                    "tolerations": pods::tolerations(),
                    "containers": [{
                        "name": NAME,
                        "image": format!("{}/{IMAGE}:{version}", model.image_registry),
                        "args": ["--cloud-provider=vsphere", "--v=2", "--cloud-config=/etc/cloud/vsphere.conf"],
                        "env": variables,
                        "resources": { "requests": { "cpu": "200m", "memory": "64Mi" } },
                        "volumeMounts": [{ "name": "config", "mountPath": "/etc/cloud", "readOnly": true }],
                    }],
                    "volumes": [{ "name": "config", "configMap": { "name": CONFIG } }],
                },
            },
        },
    })
}

fn in_namespace(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE })
}

/// Changes with the settings, so that a change restarts the pods. There is no secret in them.
fn checksum(model: &CloudProviderModel) -> String {
    let ca = model.vcenter.ca_certificate.as_deref().unwrap_or_default();
    let content = format!("{}{ca}", config::text(model));
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
