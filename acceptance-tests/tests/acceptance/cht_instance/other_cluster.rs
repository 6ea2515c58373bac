//! A kubeconfig that leads to another cluster: nothing there says that an instance is gone.

use acceptance_tests::cluster::{Cluster, ClusterOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{NAMESPACE, Scene, failure, lab};

const SUMMARY: &str = "Another cluster than that of the instance";

/// Lets the kubeconfig of a scene lead to a cluster, as `kubectl config use-context` does.
fn use_cluster(scene: &Scene, cluster: &Cluster) {
    let authority = STANDARD.encode(cluster.ca_pem());
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "clusters": [{"name": "one", "cluster": {"server": cluster.host(), "certificate-authority-data": authority}}],
        "users": [{"name": "one", "user": {"token": cluster.admin_token()}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
    });
    let written = scene.workspace.write("kubeconfig", &kubeconfig.to_string());
    written.expect("the kubeconfig is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_is_not_in_another_cluster_is_not_gone() {
    let scene = Scene::new("elsewhere").await;
    let other = Cluster::start(ClusterOptions::default()).await.expect("a cluster");
    let kubeconfig = scene.workspace.directory().join("kubeconfig");
    let way = format!("{{ config_path = {:?} }}", kubeconfig.display().to_string());
    scene.write(&scene.instance().hcl(&way));
    use_cluster(&scene, &lab().await.cluster);
    scene.apply().await;
    scene.is_settled().await;

    use_cluster(&scene, &other);
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, SUMMARY);
    assert!(refused.detail.contains("state rm"), "{refused:#?}");
    let refused = failure("destroy", scene.workspace.destroy().await);
    assert_eq!(refused.summary, SUMMARY);
    assert!(scene.state().await.is_object(), "the instance is not forgotten");

    use_cluster(&scene, &lab().await.cluster);
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, "elsewhere").await.is_none());
}
