//! Each supported line of CHT as a single CouchDB node and as a cluster, through the six steps; and clusters that do
//! not come together by themselves.

use acceptance_tests::cht::Fault;
use serde_json::json;

use crate::support::{
    ADDRESS, CLAIM, DEPLOYMENT, Instance, NAMESPACE, SERVICE, Scene, blames, done, eventually, kubernetes, lab,
};

/// What an instance of a version and a number of nodes consists of.
struct Layout {
    version: &'static str,
    nodes: usize,
    deployments: &'static [&'static str],
    services: &'static [&'static str],
}

const LAYOUTS: [Layout; 3] = [
    Layout {
        version: "4.22.0",
        nodes: 1,
        deployments: &[
            "cht-api",
            "cht-couchdb",
            "cht-haproxy",
            "cht-haproxy-healthcheck",
            "cht-sentinel",
        ],
        services: &["api", "couchdb", "haproxy", "healthcheck"],
    },
    Layout {
        version: "4.22.0",
        nodes: 3,
        deployments: &[
            "cht-api",
            "cht-couchdb-1",
            "cht-couchdb-2",
            "cht-couchdb-3",
            "cht-haproxy",
            "cht-haproxy-healthcheck",
            "cht-sentinel",
        ],
        services: &["api", "couchdb-1", "couchdb-2", "couchdb-3", "haproxy", "healthcheck"],
    },
    Layout {
        version: "5.3.1",
        nodes: 3,
        deployments: &[
            "cht-api",
            "cht-couchdb-1",
            "cht-couchdb-2",
            "cht-couchdb-3",
            "cht-haproxy",
            "cht-haproxy-healthcheck",
            "cht-sentinel",
        ],
        services: &[
            "api",
            "couchdb-1",
            "couchdb-2",
            "couchdb-3",
            "haproxy",
            "healthcheck",
            "nouveau-1",
            "nouveau-2",
            "nouveau-3",
        ],
    },
];

impl Layout {
    fn configured(&self, namespace: &str) -> Instance {
        let nodes = vec!["{}"; self.nodes].join(", ");
        Instance::new(namespace)
            .couchdb(&format!("nodes = [{nodes}]\n"))
            .with(&format!("cht_version = \"{}\"", self.version))
    }

    fn claims(&self) -> Vec<String> {
        match self.nodes {
            1 => vec!["couchdb-claim0".to_owned()],
            several => (1..=several).map(|number| format!("couchdb-{number}-claim0")).collect(),
        }
    }
}

/// The single node of CHT 5.3 is the subject of `lifecycle`.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn each_version_and_topology_goes_through_the_six_steps() {
    for (index, layout) in LAYOUTS.iter().enumerate() {
        let scene = Scene::new(&format!("layout-{index}")).await;
        let instance = layout.configured(&scene.namespace);
        scene.configure(&instance).await;
        scene.apply().await;
        assert_eq!(scene.owned(&DEPLOYMENT).await, layout.deployments);
        assert_eq!(scene.owned(&SERVICE).await, layout.services);
        assert_eq!(scene.owned(&CLAIM).await, layout.claims());
        assert_eq!(scene.state().await["values"]["live_version"], layout.version);
        scene.is_settled().await;
        is_imported_as_it_is(&scene, &instance).await;

        scene
            .configure(&instance.clone().couchdb("log_level = \"debug\"\n"))
            .await;
        assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
        scene.apply().await;
        scene.is_settled().await;

        let elsewhere = format!("layout-{index}-replaced");
        scene.configure(&layout.configured(&elsewhere)).await;
        assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
        scene.apply().await;
        assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_none());
        scene.is_settled().await;

        scene.destroy().await;
        assert!(scene.object(&NAMESPACE, &elsewhere).await.is_none());
    }
}

async fn is_imported_as_it_is(scene: &Scene, instance: &Instance) {
    let other = scene.elsewhere().await;
    let provider = format!("provider \"cht\" {{\n  kubernetes = {}\n}}\n", kubernetes().await);
    other.write(&(provider + &instance.hcl("")));
    done("import", other.workspace.import(ADDRESS, &scene.namespace).await);
    let (imported, made) = (other.state().await, scene.state().await);
    assert_eq!(imported["values"]["couchdb"], made["values"]["couchdb"]);
    assert!(other.plan().await.is_empty(), "an imported instance needs no change");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_that_was_never_finished_is_finished_by_another_start_of_its_first_node() {
    let scene = Scene::new("unfinished-cluster").await;
    lab().await.cht.inject(&scene.namespace, Fault::UnfinishedCluster);
    scene.configure(&scene.instance().couchdb("nodes = [{}, {}]\n")).await;
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["ready"], true);
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_that_is_not_finished_in_time_names_the_node_that_it_lacks() {
    let scene = Scene::new("lacking-node").await;
    lab().await.cht.inject(&scene.namespace, Fault::UnfinishedCluster);
    let two = scene.instance().couchdb("nodes = [{}, {}]\n");
    // The first node is started anew later than that.
    scene.configure(&two.with("timeouts = { create = \"20s\" }")).await;
    let error = scene.apply_fails().await;
    blames(
        &error,
        "Timed out",
        "CouchDB's cluster lacks couchdb@couchdb-2.lacking-node.svc.cluster.local",
        "nodes = [{}, {}]",
    );
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nodes_are_bound_and_sized_one_by_one_and_every_volume_grows() {
    let scene = Scene::new("sized").await;
    let nodes = |first: &str, common: &str| {
        let bound = "{ node_name = \"lab-node-0\" }";
        scene.instance().couchdb(&format!(
            "storage_size = \"{common}\"\nnodes = [{{ storage = {{ size = \"{first}\", class = \"lab-wait\" }} }}, {bound}]\n"
        ))
    };
    scene.configure(&nodes("2Gi", "1Gi")).await;
    scene.apply().await;
    let pod = scene.object(&DEPLOYMENT, "cht-couchdb-2").await.expect("it is there");
    assert_eq!(
        pod.data["spec"]["template"]["spec"]["nodeSelector"],
        json!({"kubernetes.io/hostname": "lab-node-0"})
    );
    let made = scene.state().await["values"]["couchdb"].clone();
    assert_eq!(
        made["storage_class"], "lab",
        "the class of the node that has none of its own"
    );
    scene.is_settled().await;

    scene.configure(&nodes("3Gi", "2Gi")).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    for (claim, expected) in [("couchdb-1-claim0", "3Gi"), ("couchdb-2-claim0", "2Gi")] {
        eventually("the claim to grow", async || {
            let claim = scene.object(&CLAIM, claim).await.expect("it is there");
            let size = claim.data["status"]["capacity"]["storage"].clone();
            if size == expected {
                Ok(())
            } else {
                Err(size.to_string())
            }
        })
        .await;
    }
    scene.is_settled().await;
    scene.destroy().await;
}
