//! The objects of the controller and of ingress classes. Pure: what they are follows from the model, the certificate of
//! the webhooks and what AWS says of the cluster.
//!
//! [`access`] has the account and what it may do, [`controller`] the Deployment, [`definitions`] the kinds that it
//! works with, [`webhooks`] what the API server asks it.

mod access;
mod controller;
mod definitions;
mod webhooks;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Map, Value, json};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::certificate::{AUTHORITY, CERTIFICATE, PRIVATE_KEY, WebhookCertificate};
use super::model::LoadBalancerControllerModel;
use crate::aws::tags::Tags;
use crate::kubernetes::component::Component;
use crate::kubernetes::{Access, Found, Kind, LiveObject, Object, ObjectKey, ObjectSet, OwnerId};

pub(super) use controller::imported;

/// The Deployment and the account, and what the controller's objects are marked with.
pub(super) const NAME: &str = "aws-load-balancer-controller";
pub(super) const NAMESPACE: &str = "kube-system";

/// Who serves a class.
pub(super) const SERVED_BY: &str = "ingress.k8s.aws/alb";
pub(super) const SERVED_BY_AUTO_MODE: &str = "eks.amazonaws.com/alb";

const SECRET: &str = "aws-load-balancer-tls";
const SERVICE: &str = "aws-load-balancer-webhook-service";

const KINDS: [Kind; 14] = [
    Kind::DEFINITION,
    Kind::CLASS_PARAMETERS,
    Kind::AUTO_CLASS_PARAMETERS,
    Kind::cluster::<IngressClass>(),
    Kind::namespaced::<ServiceAccount>(),
    Kind::cluster::<ClusterRole>(),
    Kind::cluster::<ClusterRoleBinding>(),
    Kind::namespaced::<Role>(),
    Kind::namespaced::<RoleBinding>(),
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<Service>(),
    Kind::namespaced::<Deployment>(),
    Kind::cluster::<MutatingWebhookConfiguration>(),
    Kind::cluster::<ValidatingWebhookConfiguration>(),
];

/// The kinds of an ingress class of Auto Mode.
const AUTO_KINDS: [Kind; 2] = [Kind::AUTO_CLASS_PARAMETERS, Kind::cluster::<IngressClass>()];

/// What the objects are made of, beside the model.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// The region of the cluster.
    pub(super) region: String,
    /// The tags of what the controller makes.
    pub(super) tags: Tags,
    /// The certificate of the webhooks.
    pub(super) certificate: WebhookCertificate,
    /// The kinds that somebody else has defined already, by the names of their definitions.
    pub(super) defined: Vec<String>,
}

/// The component in a cluster.
pub(super) fn component<'a>(access: &'a Access, model: &LoadBalancerControllerModel) -> Component<'a> {
    Component {
        name: super::NAME,
        access,
        owner: owner(model),
        kinds: if model.is_auto() { &AUTO_KINDS } else { &KINDS },
        namespaces: if model.is_auto() { &[] } else { &[NAMESPACE] },
    }
}

/// The objects of the controller, in the order in which they are made.
///
/// # Errors
/// Fails only for a defect of the provider.
pub(super) fn set(model: &LoadBalancerControllerModel, parts: &Parts) -> Result<ObjectSet, Diagnostics> {
    let mut definitions = definitions::definitions();
    definitions.retain(|one| {
        let name = one.pointer("/metadata/name").and_then(Value::as_str);
        !parts.defined.iter().any(|defined| Some(defined.as_str()) == name)
    });
    let phases = [
        definitions,
        access::accounts_and_roles(),
        access::bindings(),
        vec![secret(&parts.certificate), service()],
        vec![controller::deployment(model, parts)],
        webhooks::configurations(&parts.certificate),
        class(model, Kind::CLASS_PARAMETERS),
    ];
    made(model, phases.into())
}

/// The objects of an ingress class of Auto Mode.
///
/// # Errors
/// Fails only for a defect of the provider.
pub(super) fn auto_set(model: &LoadBalancerControllerModel) -> Result<ObjectSet, Diagnostics> {
    made(model, vec![class(model, Kind::AUTO_CLASS_PARAMETERS)])
}

/// The kinds that the controller works with, each with what names its definition.
pub(super) fn definitions() -> [(Kind, ObjectKey); 2] {
    let all = [Kind::CLASS_PARAMETERS, Kind::TARGET_GROUP_BINDING];
    all.map(|kind| (kind, ObjectKey::cluster::<CustomResourceDefinition>(&kind.resource())))
}

/// Puts what the class of a model says into it.
pub(super) fn imported_class(found: &Found, model: &mut LoadBalancerControllerModel) {
    let is_parameters = |live: &&LiveObject| live.key().kind.kind == Kind::CLASS_PARAMETERS.kind;
    let Some(live) = found.objects().find(is_parameters) else {
        return;
    };
    let text = |path: &str| live.json().pointer(path).and_then(Value::as_str).map(str::to_owned);
    let list = |path: &str| {
        let list = live.json().pointer(path).and_then(Value::as_array)?;
        Some(
            list.iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect::<Vec<_>>(),
        )
    };
    model.group_name = text("/spec/group/name");
    model.scheme = text("/spec/scheme");
    model.subnet_ids = list("/spec/subnets/ids").map(|ids| ids.into_iter().collect());
    let arns = list("/spec/certificateArn").or_else(|| list("/spec/certificateARNs"));
    model.certificate_arns = arns.map(|arns| arns.iter().filter_map(|arn| arn.parse().ok()).collect());
}

/// What names the ingress class.
pub(super) fn class_key(model: &LoadBalancerControllerModel) -> ObjectKey {
    ObjectKey::cluster::<IngressClass>(&model.ingress_class)
}

/// What names the Deployment.
pub(super) fn deployment_key() -> ObjectKey {
    ObjectKey::namespaced::<Deployment>(NAMESPACE, NAME)
}

/// What names the Secret with the certificate.
pub(super) fn secret_key() -> ObjectKey {
    ObjectKey::namespaced::<Secret>(NAMESPACE, SECRET)
}

/// The names of the server that the API server asks.
pub(super) fn webhook_names() -> Vec<String> {
    let host = format!("{SERVICE}.{NAMESPACE}.svc");
    vec![format!("{host}.cluster.local"), host]
}

fn made(model: &LoadBalancerControllerModel, phases: Vec<Vec<Value>>) -> Result<ObjectSet, Diagnostics> {
    let made = phases
        .into_iter()
        .map(|phase| phase.into_iter().map(Object::from_json).collect::<Result<Vec<_>, _>>());
    let phases: Result<Vec<_>, _> = made.collect();
    let phases = phases.map_err(|error| Diagnostic::bug(format!("The objects cannot be made: {error}.")))?;
    Ok(ObjectSet::new(owner(model), phases))
}

/// A cluster has one controller, and any number of classes of Auto Mode.
fn owner(model: &LoadBalancerControllerModel) -> OwnerId {
    let id = if model.is_auto() {
        format!("eks-ingress-class-{}", model.ingress_class)
    } else {
        NAME.to_owned()
    };
    #[expect(
        clippy::expect_used,
        reason = "the name of a class is a label's value, and short enough"
    )]
    OwnerId::new(id).expect("a label's value")
}

fn secret(certificate: &WebhookCertificate) -> Value {
    use secrecy::ExposeSecret as _;
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": in_namespace(SECRET), "type": "kubernetes.io/tls",
        "stringData": {
            AUTHORITY: certificate.authority,
            CERTIFICATE: certificate.certificate,
            PRIVATE_KEY: certificate.private_key.expose_secret(),
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": in_namespace(SERVICE),
        "spec": {
            "selector": labels(),
            "ports": [{ "name": "webhook-server", "port": 443, "targetPort": "webhook-server", "protocol": "TCP" }],
        },
    })
}

/// The class, and what holds for all its Ingresses.
fn class(model: &LoadBalancerControllerModel, parameters: Kind) -> Vec<Value> {
    let is_auto = parameters == Kind::AUTO_CLASS_PARAMETERS;
    let name = &model.ingress_class;
    vec![
        json!({
            "apiVersion": parameters.api_version(), "kind": parameters.kind,
            // The controller is not asked about what has its name.
            "metadata": { "name": name, "labels": labels() },
            "spec": class_parameters(model, is_auto),
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": name },
            "spec": {
                "controller": if is_auto { SERVED_BY_AUTO_MODE } else { SERVED_BY },
                "parameters": { "apiGroup": parameters.group, "kind": parameters.kind, "name": name },
            },
        }),
    ]
}

fn class_parameters(model: &LoadBalancerControllerModel, is_auto: bool) -> Value {
    let mut spec = Map::new();
    if let Some(group) = &model.group_name {
        spec.insert("group".to_owned(), json!({ "name": group }));
    }
    if let Some(scheme) = &model.scheme {
        spec.insert("scheme".to_owned(), json!(scheme));
    }
    if let Some(arns) = &model.certificate_arns {
        let arns: Vec<&str> = arns.iter().map(|arn| arn.as_str()).collect();
        let name = if is_auto { "certificateARNs" } else { "certificateArn" };
        spec.insert(name.to_owned(), json!(arns));
    }
    if let Some(ids) = &model.subnet_ids {
        spec.insert("subnets".to_owned(), json!({ "ids": ids }));
    }
    if let (true, Some(tags)) = (is_auto, &model.tags) {
        let tags: Vec<Value> = tags
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect();
        spec.insert("tags".to_owned(), json!(tags));
    }
    Value::Object(spec)
}

fn in_namespace(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE })
}

/// By which the controller's pods are known, and its own objects to its webhooks.
fn labels() -> Value {
    json!({ "app.kubernetes.io/name": NAME })
}

#[cfg(test)]
mod tests;
