//! Volumes whose data is on the disk of one Node, as those that k3s makes by default: with the host, the data is gone.

use k8s_openapi::api::core::v1::{NodeSelectorTerm, PersistentVolume};

use super::Nodes;
use crate::kubernetes::Error;

/// The label by which a volume names its Node.
const HOSTNAME: &str = "kubernetes.io/hostname";

impl Nodes {
    /// The volumes with data on the disk of a Node alone, each with the claim that has it.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn local_volumes(&self, name: &str) -> Result<Vec<String>, Error> {
        let all = self.cluster.persistent_volumes().await?;
        let here = all.iter().filter(|volume| is_on(volume, name));
        Ok(here.map(called).collect())
    }
}

fn is_on(volume: &PersistentVolume, node: &str) -> bool {
    let Some(spec) = &volume.spec else { return false };
    let is_local = spec.local.is_some() || spec.host_path.is_some();
    let affinity = spec
        .node_affinity
        .as_ref()
        .and_then(|affinity| affinity.required.as_ref());
    let names = |term: &NodeSelectorTerm| {
        let expressions = term.match_expressions.iter().flatten();
        let mut hostnames = expressions.filter(|expression| expression.key == HOSTNAME && expression.operator == "In");
        hostnames.any(|expression| expression.values.iter().flatten().any(|value| value == node))
    };
    is_local && affinity.is_some_and(|affinity| affinity.node_selector_terms.iter().any(names))
}

fn called(volume: &PersistentVolume) -> String {
    let name = volume.metadata.name.clone().unwrap_or_default();
    let claim = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref());
    match claim.and_then(|claim| Some((claim.namespace.as_ref()?, claim.name.as_ref()?))) {
        Some((namespace, claim)) => format!("{name} (claim {namespace}/{claim})"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::testing::{Exchange, cluster};

    fn volume(name: &str, source: &str, node: &str) -> Value {
        let expression = json!({"key": HOSTNAME, "operator": "In", "values": [node]});
        let mut volume = json!({
            "metadata": {"name": name},
            "spec": {
                "claimRef": {"namespace": "cht", "name": "couchdb"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
            },
        });
        volume["spec"][source] = json!({"path": "/x"});
        volume
    }

    #[tokio::test]
    async fn volumes_on_the_disk_of_the_node_are_told_with_their_claims() {
        let csi = json!({"metadata": {"name": "csi"}, "spec": {"csi": {"driver": "d", "volumeHandle": "1"}}});
        let anywhere = json!({"metadata": {"name": "nfs"}, "spec": {"hostPath": {"path": "/mnt/nfs"}}});
        let items = [
            volume("one", "hostPath", "w"),
            volume("two", "local", "w"),
            volume("other", "local", "v"),
            csi,
            anywhere,
        ];
        let (cluster, server) = cluster(vec![
            Exchange::get("/api/v1/persistentvolumes?").answer(200, json!({"items": items})),
        ]);
        let found = Nodes::new(cluster, "c1").local_volumes("w").await.unwrap();
        assert_eq!(found, ["one (claim cht/couchdb)", "two (claim cht/couchdb)"]);
        server.finished().await;
    }
}
