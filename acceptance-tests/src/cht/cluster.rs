//! What the fake CHT sees of the cluster: the objects of one instance, read anew whenever they matter.

use anyhow::Context;
use futures::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, ListParams};
use kube::runtime::{WatchStreamExt, watcher};

use super::login::Credentials;
use super::topology::{self, CouchdbNode};

/// Shows the instances of a cluster.
pub trait Cluster: Send + Sync + 'static {
    /// What there is of the instance in the namespace now.
    fn observe(&self, namespace: &str) -> impl Future<Output = anyhow::Result<Observation>> + Send;
}

/// The objects of an instance, as far as the CHT's behavior follows from them. Pods count only while they are ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// All nodes of CouchDB, the first one first.
    pub couchdb_nodes: Vec<CouchdbNode>,
    /// The UID of HAProxy's pod.
    pub haproxy_pod: Option<String>,
    /// The UID of the API's pod.
    pub api_pod: Option<String>,
    /// The tag of the image in the API's pod.
    pub api_tag: Option<String>,
    /// Whether the Deployments of CouchDB and HAProxy are available.
    pub database_available: bool,
    /// Whether the Deployment of the API is available.
    pub api_available: bool,
    /// What the Secret says now.
    pub secret: Option<Credentials>,
}

/// A real cluster.
pub struct KubeCluster {
    client: kube::Client,
}

impl KubeCluster {
    /// The cluster that the client talks to.
    #[must_use]
    pub fn new(client: kube::Client) -> Self {
        Self { client }
    }
}

impl Cluster for KubeCluster {
    async fn observe(&self, namespace: &str) -> anyhow::Result<Observation> {
        let components = ListParams::default().labels("cht.service");
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), namespace);
        let secrets = Api::<Secret>::namespaced(self.client.clone(), namespace);
        let (pods, deployments, secret) = tokio::try_join!(
            pods.list(&components),
            deployments.list(&components),
            secrets.get_opt("cht-couchdb-credentials"),
        )
        .with_context(|| format!("unable to read the objects of {namespace}"))?;
        let pod = |component: &str| {
            pods.items
                .iter()
                .find(|pod| is_running(pod) && component_of(pod) == component)
        };
        let has_replicas = |deployment: &Deployment| {
            let status = deployment.status.as_ref();
            status.and_then(|status| status.available_replicas).unwrap_or(0) > 0
        };
        let is_available = |name: &str| {
            let mut found = deployments.items.iter();
            let deployment = found.find(|deployment| deployment.metadata.name.as_deref() == Some(name));
            deployment.is_some_and(has_replicas)
        };
        let ready_pods: Vec<&Pod> = pods.items.iter().filter(|pod| is_running(pod)).collect();
        let couchdb_nodes = topology::nodes(&self.client, namespace, &deployments.items, &ready_pods).await?;
        let workloads = topology::workloads(&deployments.items);
        let is_couchdb_available = !workloads.is_empty() && workloads.iter().all(|workload| has_replicas(workload));
        let uid = |pod: Option<&Pod>| pod.and_then(|pod| pod.metadata.uid.clone());
        Ok(Observation {
            couchdb_nodes,
            haproxy_pod: uid(pod("haproxy")),
            api_pod: uid(pod("api")),
            api_tag: pod("api").and_then(image_tag),
            database_available: is_couchdb_available && is_available("cht-haproxy"),
            api_available: is_available("cht-api"),
            secret: secret.and_then(|secret| credentials(&secret)),
        })
    }
}

/// Calls `changed` with the namespace of an instance whenever one of its pods changed, until it is dropped.
///
/// Pods read the Secret when they start, so what it says at that time must be seen then, not at the next request.
pub(super) async fn watch<F: Future<Output = ()>>(client: kube::Client, changed: impl Fn(String) -> F) {
    let config = watcher::Config::default()
        .labels("cht.service, cht.service notin (sentinel, healthcheck, nouveau, upgrade-service)");
    let pods = watcher(Api::<Pod>::all(client), config)
        .default_backoff()
        .touched_objects();
    let mut pods = std::pin::pin!(pods);
    while let Some(pod) = pods.next().await {
        // The stream goes on by itself after an error.
        if let Ok(Some(namespace)) = pod.map(|pod| pod.metadata.namespace) {
            changed(namespace).await;
        }
    }
}

fn component_of(pod: &Pod) -> &str {
    pod.metadata
        .labels
        .as_ref()
        .and_then(|labels| labels.get("cht.service"))
        .map_or("", String::as_str)
}

/// A pod that is ready: one whose containers crash again and again is in phase Running, too.
fn is_running(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let is_ready = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    is_ready && pod.metadata.deletion_timestamp.is_none()
}

fn image_tag(pod: &Pod) -> Option<String> {
    let image = pod.spec.as_ref()?.containers.first()?.image.as_deref()?;
    // A colon before the last slash belongs to the registry's port.
    let name = image.rsplit('/').next()?;
    name.split_once(':').map(|(_, tag)| tag.to_owned())
}

fn credentials(secret: &Secret) -> Option<Credentials> {
    let value = |key: &str| {
        let bytes = secret.data.as_ref()?.get(key)?.0.clone();
        String::from_utf8(bytes).ok()
    };
    Some(Credentials {
        user: value("COUCHDB_USER")?,
        password: value("COUCHDB_PASSWORD")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_is_what_follows_the_images_name() {
        let tag = |image: &str| {
            let pod = serde_json::json!({ "spec": { "containers": [{ "name": "cht-api", "image": image }] } });
            image_tag(&serde_json::from_value(pod).unwrap())
        };
        assert_eq!(tag("public.ecr.aws/medic/cht-api:5.3.1").as_deref(), Some("5.3.1"));
        assert_eq!(
            tag("registry.example:5000/cht-api:5.3.1-beta.1").as_deref(),
            Some("5.3.1-beta.1")
        );
        assert_eq!(tag("registry.example:5000/cht-api"), None);
    }
}
