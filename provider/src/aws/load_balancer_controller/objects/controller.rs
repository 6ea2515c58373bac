//! The Deployment of the controller.

use serde_json::{Value, json};
use tf_framework::Attr;

use super::super::model::LoadBalancerControllerModel;
use super::{NAME, NAMESPACE, Parts, SECRET, deployment_key, labels};
use crate::kubernetes::Found;

/// What is not served here: it needs kinds that are not there.
const FEATURES: &str = "NLBGatewayAPI=false,ALBGatewayAPI=false,GatewayListenerSet=false";

/// Where it listens: for the API server, and for the kubelet.
const WEBHOOKS: u16 = 9443;
const HEALTH: u16 = 61779;

/// The annotation that says by which association the pods have their role: they get it when they start.
const ASSOCIATION: &str = "cht.terraform.io/pod-identity";

const IMAGE: &str = "aws-load-balancer-controller";

pub(super) fn deployment(model: &LoadBalancerControllerModel, parts: &Parts) -> Value {
    let labels = labels();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": NAME, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "replicas": model.replicas,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels, "annotations": { ASSOCIATION: known(&model.association_id) } },
                "spec": {
                    "serviceAccountName": NAME,
                    "priorityClassName": "system-cluster-critical",
                    "terminationGracePeriodSeconds": 10,
                    "securityContext": { "fsGroup": 65534 },
                    "affinity": affinity(&labels),
                    "containers": [container(model, parts)],
                    "volumes": [{ "name": "cert", "secret": { "secretName": SECRET, "defaultMode": 420 } }],
                },
            },
        },
    })
}

/// What a Deployment tells of the model.
pub(in super::super) fn imported(found: &Found, model: &mut LoadBalancerControllerModel) -> Option<()> {
    let deployment = found.get(&deployment_key())?.json();
    model.replicas = deployment.pointer("/spec/replicas")?.as_u64()?.try_into().ok()?;
    let container = deployment.pointer("/spec/template/spec/containers/0")?;
    let (image, version) = container.get("image")?.as_str()?.rsplit_once(':')?;
    model.version = Attr::Known(version.to_owned());
    model.image_registry = image.strip_suffix(IMAGE)?.trim_end_matches('/').to_owned();
    let arguments = container.get("args")?.as_array()?;
    let vpc = arguments
        .iter()
        .find_map(|one| one.as_str()?.strip_prefix("--aws-vpc-id="));
    model.vpc_id = vpc.map(str::to_owned).into();
    Some(())
}

fn container(model: &LoadBalancerControllerModel, parts: &Parts) -> Value {
    let probe = |path: &str, delay: u16| {
        json!({
            "httpGet": { "path": path, "port": HEALTH, "scheme": "HTTP" },
            "initialDelaySeconds": delay, "timeoutSeconds": 10, "failureThreshold": 2,
        })
    };
    json!({
        "name": NAME,
        "image": format!("{}/{IMAGE}:{}", model.image_registry, known(&model.version)),
        "args": arguments(model, parts),
        "ports": [
            { "name": "webhook-server", "containerPort": WEBHOOKS, "protocol": "TCP" },
            { "name": "metrics-server", "containerPort": 8080, "protocol": "TCP" },
        ],
        "resources": { "requests": { "cpu": "50m", "memory": "128Mi" }, "limits": { "memory": "512Mi" } },
        "securityContext": {
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
        },
        "livenessProbe": probe("/healthz", 30),
        "readinessProbe": probe("/readyz", 10),
        "volumeMounts": [
            { "name": "cert", "mountPath": "/tmp/k8s-webhook-server/serving-certs", "readOnly": true },
        ],
    })
}

/// Where it is, is said, as pods are not let to the metadata of their machine.
fn arguments(model: &LoadBalancerControllerModel, parts: &Parts) -> Vec<String> {
    let mut arguments = vec![
        format!("--cluster-name={}", known(&model.cluster_name)),
        format!("--aws-region={}", parts.region),
        format!("--aws-vpc-id={}", known(&model.vpc_id)),
        format!("--ingress-class={}", model.ingress_class),
        format!("--feature-gates={FEATURES}"),
    ];
    let is_plain = |text: &str| !text.contains([',', '=']);
    let tags = parts
        .tags
        .iter()
        .filter(|(key, value)| is_plain(key) && is_plain(value));
    let tags: Vec<String> = tags.map(|(key, value)| format!("{key}={value}")).collect();
    if !tags.is_empty() {
        arguments.push(format!("--default-tags={}", tags.join(",")));
    }
    arguments
}

/// On nodes that the image is made for, and not all on one.
fn affinity(labels: &Value) -> Value {
    let is_in = |key: &str, values: &[&str]| json!({ "key": key, "operator": "In", "values": values });
    let apart = json!({ "topologyKey": "kubernetes.io/hostname", "labelSelector": { "matchLabels": labels } });
    json!({
        "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [{
            "matchExpressions": [
                is_in("kubernetes.io/os", &["linux"]), is_in("kubernetes.io/arch", &["arm64", "amd64"]),
            ],
        }] } },
        "podAntiAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [
            { "weight": 100, "podAffinityTerm": apart },
        ] },
    })
}

fn known(value: &Attr<String>) -> &str {
    value.known().map_or("", String::as_str)
}
