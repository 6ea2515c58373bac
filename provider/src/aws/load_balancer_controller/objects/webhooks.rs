//! What the API server asks the controller: to complete and check the objects of its own kinds, and to hold back pods
//! that are not targets yet, in namespaces that ask for it.
//!
//! It is asked about no Ingress and no Service: those of all controllers would wait for this one, and it would take
//! Services that are not meant for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::certificate::WebhookCertificate;
use super::{NAME, NAMESPACE, SERVICE};
use crate::kubernetes::Kind;

const CONFIGURATION: &str = "aws-load-balancer-webhook";
const API: &str = "admissionregistration.k8s.io/v1";

pub(super) fn configurations(certificate: &WebhookCertificate) -> Vec<Value> {
    let authority = STANDARD.encode(&certificate.authority);
    let hook = |name: &str, path: &str, rule: Value| {
        json!({
            "name": name, "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
            "timeoutSeconds": 10, "rules": [rule],
            "clientConfig": {
                "caBundle": authority,
                "service": { "name": SERVICE, "namespace": NAMESPACE, "path": path, "port": 443 },
            },
        })
    };
    let binding = own_kind(Kind::TARGET_GROUP_BINDING);
    let mut pods = hook("mpod.elbv2.k8s.aws", "/mutate-v1-pod", pods());
    // Pods matter more than whether they are targets when they start.
    pods["failurePolicy"] = json!("Ignore");
    pods["objectSelector"] = others();
    pods["namespaceSelector"] = json!({ "matchExpressions": [
        { "key": "elbv2.k8s.aws/pod-readiness-gate-inject", "operator": "In", "values": ["enabled"] },
    ] });
    let mutating = "/mutate-elbv2-k8s-aws-v1beta1-targetgroupbinding";
    let validating = "/validate-elbv2-k8s-aws-v1beta1-targetgroupbinding";
    let mut parameters = hook(
        "vingressclassparams.elbv2.k8s.aws",
        "/validate-elbv2-k8s-aws-v1beta1-ingressclassparams",
        own_kind(Kind::CLASS_PARAMETERS),
    );
    parameters["objectSelector"] = others();
    let configuration = |kind: &str, hooks: Value| json!({ "apiVersion": API, "kind": kind, "metadata": { "name": CONFIGURATION }, "webhooks": hooks });
    vec![
        configuration(
            "MutatingWebhookConfiguration",
            json!([
                pods,
                hook("mtargetgroupbinding.elbv2.k8s.aws", mutating, binding.clone())
            ]),
        ),
        configuration(
            "ValidatingWebhookConfiguration",
            json!([
                parameters,
                hook("vtargetgroupbinding.elbv2.k8s.aws", validating, binding)
            ]),
        ),
    ]
}

fn own_kind(kind: Kind) -> Value {
    json!({
        "apiGroups": [kind.group], "apiVersions": [kind.version], "resources": [kind.plural],
        "operations": ["CREATE", "UPDATE"],
    })
}

fn pods() -> Value {
    json!({ "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"] })
}

/// All but what belongs to the controller itself, which is there before it can be asked.
fn others() -> Value {
    json!({ "matchExpressions": [{ "key": "app.kubernetes.io/name", "operator": "NotIn", "values": [NAME] }] })
}
