//! Volumes of each kind, which stay what they are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::chart::{Chart, Data, Ingress};
use super::{FROM_CHART, IN_LAB, beyond_marks, changed, configure, identities, import_block, plan_of_import, values};
use crate::support::{ADDRESS, CLAIM, DEPLOYMENT, INGRESS, NAMESPACE, Scene, VOLUME, done};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_of_chart_5_is_imported_by_the_command_with_its_volumes() {
    let scene = Scene::new("from-cluster").await;
    let chart = Chart {
        namespace: "from-cluster",
        version: "5.3.0",
        nodes: 3,
        data: Data::Class("lab"),
        ingress: Ingress::Bare,
    };
    chart.install(&scene).await;
    let more = "cluster_type: k3s-k3d\ningress: {host: from-cluster.health.example}";
    let couchdb = "clusteredCouchEnabled: true, couchdb_node_storage_size: 1Gi, storage_class: lab";
    let values = values(&chart, more).replace("COUCHDB", couchdb);
    let protection = "deletion_protection = false\nretain_volumes = false";
    configure(&scene, &values, IN_LAB, protection).await;
    with_own_namespace(&scene);
    let outcome = done("import", scene.workspace.import(ADDRESS, "from-cluster").await);
    assert!(
        outcome
            .warnings()
            .any(|one| one.summary == "Helm still knows the release")
    );
    let plan = plan_of_import(&scene, "5.3.0").await;
    assert_eq!(
        changed(&plan),
        [
            "create_namespace",
            "deletion_protection",
            "drift",
            "host",
            "retain_volumes",
            "url"
        ]
    );
    let spread =
        |number| format!("Deployment from-cluster/cht-couchdb-{number} spec.template.spec.affinity: is not set");
    assert_eq!(beyond_marks(&plan), [1, 2, 3].map(spread));
    let before = identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    assert_eq!(
        before
            .keys()
            .filter(|name| name.starts_with("PersistentVolumeClaim"))
            .count(),
        3
    );
    scene.apply().await;
    assert_eq!(identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    scene.is_settled().await;
    scene.destroy().await;
    assert_eq!(
        identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await,
        BTreeMap::new()
    );
    let namespace = scene.object(&NAMESPACE, "from-cluster").await;
    let is_leaving = namespace.is_none_or(|namespace| namespace.metadata.deletion_timestamp.is_some());
    assert!(is_leaving, "the configuration says that it is the instance's");
}

/// Lets the instance have the namespace for its own.
fn with_own_namespace(scene: &Scene) {
    let path = scene.workspace.directory().join("main.tf");
    let text = std::fs::read_to_string(path).expect("the file is read");
    scene.write(&text.replace("create_namespace = false", "create_namespace = true"));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_disk_of_aws_and_its_load_balancer_are_read_back_and_the_volume_is_left_as_it_is() {
    let scene = Scene::new("from-eks").await;
    let chart = Chart {
        namespace: "from-eks",
        version: "5.3.0",
        nodes: 1,
        data: Data::Ebs("vol-0a1b2c3d4e5f60752"),
        ingress: Ingress::Alb,
    };
    chart.install(&scene).await;
    let more = "cluster_type: eks\n\
                ingress: {host: from-eks.health.example, annotations: {groupname: shared, tags: 'Environment=prod,Team=ops', \
                certificate: 'arn:aws:iam::720541322708:server-certificate/prod'}}\n\
                couchdb_data: {preExistingDataAvailable: true, partition: '0'}\n\
                ebs: {preExistingEBSVolumeID-1: vol-0a1b2c3d4e5f60752, preExistingEBSVolumeSize: 1Gi}";
    let values = values(&chart, more).replace("COUCHDB", "couchdb_node_storage_size: 1Gi");
    configure(&scene, &values, FROM_CHART, "").await;
    import_block(&scene);
    let plan = plan_of_import(&scene, "5.3.0").await;
    assert_eq!(changed(&plan), ["drift"], "the values say the same as the cluster");
    let annotation = |name: &str| {
        format!("Ingress from-eks/api-ingress metadata.annotations[\"alb.ingress.kubernetes.io/{name}\"]: is not set")
    };
    assert_eq!(
        beyond_marks(&plan),
        ["healthcheck-path", "load-balancer-attributes"].map(annotation)
    );
    let volume = scene.object(&VOLUME, "couchdb-pv-from-eks").await.expect("it is there");
    scene.apply().await;
    let kept = scene.object(&VOLUME, "couchdb-pv-from-eks").await.expect("it is there");
    assert_eq!(
        (kept.metadata.uid, &kept.data["spec"]["csi"]),
        (volume.metadata.uid, &volume.data["spec"]["csi"])
    );
    let ingress = scene.object(&INGRESS, "api-ingress").await.expect("it is there");
    assert_eq!(ingress.data["spec"]["ingressClassName"], "alb");
    scene.is_settled().await;
}

/// The chart of CHT 5 lets a volume make its directory where there is none, which it says for good; ours would not.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_directory_of_chart_5_is_adopted_as_it_is_and_upgraded_in_the_same_apply() {
    let scene = Scene::new("from-directory").await;
    let chart = Chart {
        namespace: "from-directory",
        version: "5.2.0",
        nodes: 1,
        data: Data::Volume {
            path: "/srv/from-directory",
            class: "lab",
            claims: "lab",
        },
        ingress: Ingress::Bare,
    };
    chart.install(&scene).await;
    // As the chart of CHT 5.0.0 has it: the parameters of this strategy must not stay beside the other one.
    let overlapping = json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
    scene.patch(&DEPLOYMENT, "cht-couchdb", overlapping).await;
    let values = values_of_directory(&chart, "/srv/from-directory");
    configure(&scene, &values.replace("5.2.0", "5.3.1"), IN_LAB, "").await;
    import_block(&scene);
    let plan = plan_of_import(&scene, "5.2.0").await;
    // The class of volumes that are there already is nothing that a plan knows.
    assert_eq!(changed(&plan), ["cht_version", "couchdb", "drift", "host", "url"]);
    let before = identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    let volume = scene
        .object(&VOLUME, "couchdb-pv-from-directory")
        .await
        .expect("it is there");
    scene.apply().await;
    assert_eq!(identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    let kept = scene
        .object(&VOLUME, "couchdb-pv-from-directory")
        .await
        .expect("it is there");
    assert_eq!(kept.data["spec"], volume.data["spec"]);
    let couchdb = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    assert_eq!(couchdb.data["spec"]["strategy"], json!({"type": "Recreate"}));
    assert_eq!(scene.state().await["values"]["live_version"], "5.3.1");
    scene.is_settled().await;
}

fn values_of_directory(chart: &Chart<'_>, path: &str) -> String {
    let namespace = chart.namespace;
    let more = format!(
        "cluster_type: k3s-k3d\ningress: {{host: {namespace}.health.example}}\nnodes: {{single_node_deploy: lab-node-0}}\n\
         couchdb_data: {{preExistingDataAvailable: true}}\nlocal_storage: {{preExistingDiskPath-1: {path}}}"
    );
    values(chart, &more).replace("COUCHDB", "couchdb_node_storage_size: 1Gi")
}

/// Two defects of the chart of CHT 5: its own values claim a volume that nobody makes, and the class of existing
/// directories is not that of their claims. Such instances never ran; what is there is read as it is.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn claims_that_never_find_their_volume_are_read_as_they_are() {
    let directory = Data::Volume {
        path: "/srv/other-class",
        class: "lab",
        claims: "",
    };
    futures::future::join(
        is_read_as_it_is(
            "claim-without-volume",
            Data::Missing,
            json!({"volume_name": "couchdb-pv-claim-without-volume"}),
        ),
        is_read_as_it_is(
            "claim-of-other-class",
            directory,
            json!({"host_path": "/srv/other-class"}),
        ),
    )
    .await;
}

async fn is_read_as_it_is(namespace: &str, data: Data, expected: Value) {
    let scene = Scene::new(namespace).await;
    let chart = Chart {
        namespace,
        version: "5.3.0",
        nodes: 1,
        data,
        ingress: Ingress::Bare,
    };
    chart.install(&scene).await;
    configure(&scene, &values_of_directory(&chart, "/srv/other-class"), IN_LAB, "").await;
    done("import", scene.workspace.import(ADDRESS, namespace).await);
    let couchdb = scene.state().await["values"]["couchdb"].clone();
    let storage = couchdb["nodes"][0]["storage"].as_object().expect("a volume").clone();
    let given: BTreeMap<_, _> = storage.into_iter().filter(|(_, value)| !value.is_null()).collect();
    assert_eq!(json!(given), expected, "{namespace}");
    assert_eq!(couchdb["storage_size"], "1Gi");
}
