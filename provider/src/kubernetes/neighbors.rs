//! What others have in a namespace that is to be deleted, and with it all that is in it.
//!
//! What a cluster puts into every namespace is nobody's: the [certificate of its
//! authority](https://kubernetes.io/docs/concepts/configuration/configmap/), tokens of service accounts. Neither is
//! what goes without loss once the objects are gone for which it was made: certificates that cert-manager gets again,
//! what Helm remembers.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use super::client::{Cluster, in_parallel};
use super::error::Error;
use super::kind::{Kind, encode_segment};
use super::object::ObjectKey;
use super::ownership::{OWNER_LABEL, OwnerId};
use super::read::LiveObject;

/// ConfigMaps that Kubernetes, OpenShift and Istio put into every namespace.
const IN_EVERY_NAMESPACE: [&str; 3] = ["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"];

/// Types of Secrets that a cluster or Helm makes for itself.
const MADE_BY_THEMSELVES: [&str; 2] = ["kubernetes.io/service-account-token", "helm.sh/release.v1"];

/// Annotations of Secrets that are made for a service account, or for an ingress.
const MADE_FOR_OTHERS: [&str; 3] = [
    "kubernetes.io/service-account.name",
    "openshift.io/internal-registry-auth-token.service-account",
    "cert-manager.io/certificate-name",
];

impl Cluster {
    /// Names what others have in a namespace: workloads, claims, services and what these are configured with, without
    /// the owner's mark.
    ///
    /// # Errors
    /// Listing one of these kinds is forbidden, or the cluster does not answer.
    pub async fn others_in(&self, owner: &OwnerId, namespace: &str) -> Result<Vec<ObjectKey>, Error> {
        let kinds = [
            Kind::namespaced::<Deployment>(),
            Kind::namespaced::<StatefulSet>(),
            Kind::namespaced::<DaemonSet>(),
            Kind::namespaced::<Job>(),
            Kind::namespaced::<CronJob>(),
            Kind::namespaced::<PersistentVolumeClaim>(),
            Kind::namespaced::<Service>(),
            Kind::namespaced::<Ingress>(),
            Kind::namespaced::<Secret>(),
            Kind::namespaced::<ConfigMap>(),
        ];
        let query = format!(
            "labelSelector={}",
            encode_segment(&format!("{OWNER_LABEL}!={}", owner.as_str()))
        );
        let lists = in_parallel(
            kinds
                .iter()
                .map(|kind| self.list(*kind, Some(namespace), &query))
                .collect(),
        )
        .await;
        let mut others = Vec::new();
        for list in lists {
            for json in list? {
                let live = LiveObject::from_json(json)?;
                if !is_nobodys(&live) {
                    others.push(live.key().clone());
                }
            }
        }
        Ok(others)
    }
}

fn is_nobodys(live: &LiveObject) -> bool {
    let key = live.key();
    match key.kind.kind {
        "ConfigMap" => IN_EVERY_NAMESPACE.contains(&key.name.as_str()),
        "Secret" => {
            let of_type = live.json().get("type").and_then(Value::as_str).unwrap_or_default();
            let annotations = live.json().pointer("/metadata/annotations");
            let has = |name: &&str| annotations.is_some_and(|annotations| annotations.get(name).is_some());
            MADE_BY_THEMSELVES.contains(&of_type) || MADE_FOR_OTHERS.iter().any(has)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{Exchange, cluster};
    use super::*;

    fn list(items: &[Value]) -> Value {
        json!({ "items": items })
    }

    fn named(name: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "cht"}})
    }

    fn secret(name: &str, of_type: &str, annotation: &str) -> Value {
        let metadata = json!({"name": name, "namespace": "cht", "annotations": {annotation: "x"}});
        json!({"metadata": metadata, "type": of_type})
    }

    #[tokio::test]
    async fn a_backup_and_its_secret_are_named_and_what_every_namespace_has_is_not() {
        let nothing = |path: &str| Exchange::get(path).answer(200, list(&[]));
        let (cluster, server) = cluster(vec![
            nothing("/namespaces/cht/deployments?"),
            Exchange::get("/statefulsets?").answer(200, list(&[named("db")])),
            nothing("/daemonsets?"),
            nothing("/jobs?"),
            Exchange::get(
                "/apis/batch/v1/namespaces/cht/cronjobs?limit=500&labelSelector=cht.terraform.io%2Fowner%21%3Done",
            )
            .answer(200, list(&[named("backup")])),
            nothing("/persistentvolumeclaims?"),
            nothing("/services?"),
            Exchange::get("/ingresses?").answer(200, list(&[named("wiki")])),
            Exchange::get("/secrets?").answer(
                200,
                list(&[
                    secret("bucket", "Opaque", "note"),
                    secret("default-token-x", "kubernetes.io/service-account-token", "note"),
                    secret("sh.helm.release.v1.cht.v1", "helm.sh/release.v1", "note"),
                    secret("tls", "kubernetes.io/tls", "cert-manager.io/certificate-name"),
                ]),
            ),
            Exchange::get("/configmaps?").answer(200, list(&[named("kube-root-ca.crt"), named("settings")])),
        ]);
        let others = cluster.others_in(&OwnerId::new("one").unwrap(), "cht").await.unwrap();
        let others: Vec<_> = others.iter().map(ToString::to_string).collect();
        assert_eq!(
            others,
            [
                "StatefulSet cht/db",
                "CronJob cht/backup",
                "Ingress cht/wiki",
                "Secret cht/bucket",
                "ConfigMap cht/settings"
            ]
        );
        server.finished().await;
    }
}
