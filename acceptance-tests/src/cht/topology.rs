//! CouchDB's nodes and volumes, as the objects of an instance show them: one node, or a cluster of several.

use anyhow::Context;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use kube::Api;

/// Where CouchDB has its data.
const DATA: &str = "/opt/couchdb/data";

/// One node of CouchDB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CouchdbNode {
    /// The name of its Service.
    pub service: String,
    /// Its name in CouchDB.
    pub name: String,
    /// The UID of its pod, if that is ready.
    pub pod: Option<String>,
    /// What stands for its disk: claims and volumes come and go before it.
    pub disk: Option<String>,
    /// The directory of the disk that holds its data.
    pub path: String,
}

impl CouchdbNode {
    /// What stands for its data: in another directory of the same disk there are others, or none.
    pub(super) fn data(&self) -> Option<String> {
        Some(format!("{}:{}", self.disk.as_ref()?, self.path))
    }
}

/// CouchDB's Deployments, the first node first.
pub(super) fn workloads(deployments: &[Deployment]) -> Vec<&Deployment> {
    let mut found: Vec<&Deployment> = deployments
        .iter()
        .filter(|deployment| is_node(component(deployment)))
        .collect();
    found.sort_by_key(|deployment| component(deployment));
    found
}

/// The nodes that should be there, and the pods that are.
///
/// # Errors
/// The API server does not answer.
pub(super) async fn nodes(
    client: &kube::Client,
    namespace: &str,
    deployments: &[Deployment],
    ready_pods: &[&Pod],
) -> anyhow::Result<Vec<CouchdbNode>> {
    let mut nodes = Vec::new();
    for deployment in workloads(deployments) {
        let service = component(deployment);
        let pod = ready_pods.iter().find(|pod| label(&pod.metadata) == service);
        nodes.push(CouchdbNode {
            service: service.to_owned(),
            name: node_name(deployment),
            pod: pod.and_then(|pod| pod.metadata.uid.clone()),
            disk: disk(client, namespace, deployment).await?,
            path: data_path(deployment).unwrap_or_default(),
        });
    }
    Ok(nodes)
}

/// What a node has for a disk, by something that stays the same for as long as that is there.
async fn disk(client: &kube::Client, namespace: &str, deployment: &Deployment) -> anyhow::Result<Option<String>> {
    let Some(claim) = claim_of(deployment) else {
        return Ok(directory_of(deployment));
    };
    let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), namespace);
    let claim = claims.get_opt(&claim).await.context("unable to read a claim")?;
    let Some(volume) = claim.and_then(|claim| claim.spec?.volume_name) else {
        return Ok(None);
    };
    let volumes = Api::<PersistentVolume>::all(client.clone());
    let live = volumes.get_opt(&volume).await.context("unable to read a volume")?;
    let spec = live.and_then(|live| live.spec).unwrap_or_default();
    let csi = spec.csi.map(|csi| csi.volume_handle);
    let gce = spec.gce_persistent_disk.map(|disk| disk.pd_name);
    let host = spec.host_path.map(|host| host.path);
    Ok(csi.or(gce).or(host).or(Some(volume)))
}

/// The service of the CHT that a host name leads to, and the namespace: `api.<namespace>.svc.<domain>`.
pub(super) fn service_and_namespace(host: &str) -> Option<(&str, &str)> {
    let (service, rest) = host.split_once('.')?;
    let (namespace, domain) = rest.split_once('.')?;
    let is_played = service == "api" || is_node(service);
    (is_played && !namespace.is_empty() && domain.starts_with("svc.")).then_some((service, namespace))
}

/// `couchdb`, or `couchdb-` with a number.
pub(super) fn is_node(service: &str) -> bool {
    match service.strip_prefix("couchdb") {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('-')
            .is_some_and(|number| number.parse::<u32>().is_ok()),
        None => false,
    }
}

fn component(deployment: &Deployment) -> &str {
    label(&deployment.metadata)
}

fn label(metadata: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> &str {
    let label = metadata.labels.as_ref().and_then(|labels| labels.get("cht.service"));
    label.map_or("", String::as_str)
}

/// A single node has not the name of its Service.
fn node_name(deployment: &Deployment) -> String {
    let variable = |name: &str| {
        let pod = deployment.spec.template.spec.as_ref()?;
        let env = pod.containers.first()?.env.as_ref()?;
        env.iter().find(|variable| variable.name == name)?.value.clone()
    };
    match (variable("NODE_COUNT"), variable("SVC_NAME")) {
        (Some(_), Some(service)) => format!("couchdb@{service}"),
        _ => "couchdb@127.0.0.1".to_owned(),
    }
}

/// The directory of the disk in which CouchDB finds its data; nothing for the disk's root.
fn data_path(deployment: &Deployment) -> Option<String> {
    let pod = deployment.spec.template.spec.as_ref()?;
    let mut mounts = pod.containers.first()?.volume_mounts.as_ref()?.iter();
    mounts.find(|mount| mount.mount_path == DATA)?.sub_path.clone()
}

/// The directory of the Kubernetes node that a pod has without a claim.
fn directory_of(deployment: &Deployment) -> Option<String> {
    let volumes = deployment.spec.template.spec.as_ref()?.volumes.as_ref()?;
    let directory = volumes.iter().find_map(|volume| volume.host_path.as_ref())?;
    Some(directory.path.clone())
}

fn claim_of(deployment: &Deployment) -> Option<String> {
    let pod = deployment.spec.template.spec.as_ref()?;
    let volumes = pod.volumes.as_ref()?;
    let claim = volumes
        .iter()
        .find_map(|volume| volume.persistent_volume_claim.as_ref())?;
    Some(claim.claim_name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lead_to_the_api_and_to_the_nodes_of_couchdb() {
        let host = |service: &str| format!("{service}.cht-kisumu.svc.cluster.local:5984");
        for service in ["api", "couchdb", "couchdb-12"] {
            assert_eq!(service_and_namespace(&host(service)), Some((service, "cht-kisumu")));
        }
        for service in ["haproxy", "couchdb-", "couchdb-x", ""] {
            assert_eq!(service_and_namespace(&host(service)), None);
        }
        assert_eq!(service_and_namespace("api.example.org"), None);
    }
}
