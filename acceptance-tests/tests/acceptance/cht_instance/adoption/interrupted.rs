//! An adoption that is killed on its way, and a Helm that comes back after it.

use acceptance_tests::cluster::faults::FaultyServer;
use serde_json::json;

use super::chart::{Chart, Data, Ingress};
use super::{IN_LAB, configure, configure_at, drift, identities, import_block, plan_of_import, values};
use crate::cht_instance::upgrade::database;
use crate::support::{ADDRESS, CLAIM, DEPLOYMENT, Scene, VOLUME, kubernetes_at, lab};

/// How many calls are answered, from the first that changes something, before the provider is killed: while objects are
/// marked, while CouchDB moves to its volume, and later.
const MOMENTS: [usize; 4] = [2, 12, 30, 50];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_adoption_goes_on_wherever_the_provider_was_killed() {
    let scene = Scene::new("adoption-killed").await;
    let chart = Chart {
        namespace: "adoption-killed",
        version: "4.22.0",
        nodes: 1,
        data: Data::Directory,
        ingress: Ingress::Tls,
    };
    chart.install(&scene).await;
    let more = "cluster_type: k3s-k3d\ningress: {host: adoption-killed.health.example}\n\
                nodes: {single_node_deploy: lab-node-0}";
    let values = values(&chart, more).replace("COUCHDB", "user: medic");
    configure(&scene, &values, IN_LAB, "").await;
    import_block(&scene);
    plan_of_import(&scene, "4.22.0").await;
    let before = identities(&scene, &[&DEPLOYMENT]).await;

    let server = FaultyServer::start(&lab().await.cluster).await.expect("a server");
    let way = kubernetes_at(&server.host(), server.ca_pem(), lab().await.cluster.admin_token());
    configure_at(&way, &scene, &values, IN_LAB, "");
    for calls in MOMENTS {
        server.hold(calls);
        let mut running = scene.workspace.start_apply().expect("apply starts");
        tokio::select! {
            () = server.held() => running.kill_providers().expect("processes are listed"),
            () = running.ends() => {}
        }
        server.heal();
        let outcome = running.wait().await.expect("it ends");
        assert_ne!(outcome.code, Some(0), "killed after {calls} calls: {}", outcome.text());
    }
    scene.apply().await;
    assert_eq!(identities(&scene, &[&DEPLOYMENT]).await, before);
    assert_eq!(database(&scene).await.cold_starts, 0);
    assert_eq!(identities(&scene, &[&CLAIM, &VOLUME]).await.len(), 2);
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_helm_takes_back_shows_and_is_taken_again() {
    let scene = Scene::new("helm-again").await;
    let chart = Chart {
        namespace: "helm-again",
        version: "5.3.0",
        nodes: 1,
        data: Data::Class("lab"),
        ingress: Ingress::Bare,
    };
    chart.install(&scene).await;
    let more = "cluster_type: k3s-k3d\ningress: {host: helm-again.health.example}";
    let values = values(&chart, more).replace("COUCHDB", "couchdb_node_storage_size: 1Gi, storage_class: lab");
    configure(&scene, &values, IN_LAB, "").await;
    import_block(&scene);
    plan_of_import(&scene, "5.3.0").await;
    scene.apply().await;

    let upgrade = json!({
        "metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
        "spec": {"template": {"spec": {"hostname": "api"}}},
    });
    scene.patch(&DEPLOYMENT, "cht-api", upgrade).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(
        drift(&plan),
        [
            "Deployment helm-again/cht-api is not marked as part of this instance",
            "Deployment helm-again/cht-api spec.template.spec.hostname: is not configured",
        ]
    );
    scene.apply().await;
    let api = scene.object(&DEPLOYMENT, "cht-api").await.expect("it is there");
    assert!(
        api.data.pointer("/spec/template/spec/hostname").is_none(),
        "what was added went"
    );
    scene.is_settled().await;
}
