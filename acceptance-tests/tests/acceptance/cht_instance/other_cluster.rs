//! A kubeconfig that leads to another cluster: nothing there says that an instance is gone.

use acceptance_tests::cluster::{Cluster, ClusterOptions};
use acceptance_tests::tofu::Error;
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

/// What lives in the instance of a scene.
fn inside(scene: &Scene, way: &str) -> String {
    let instance = format!("{{ kubernetes = {way}, namespace = {:?} }}", scene.namespace);
    format!(
        "resource \"cht_user\" \"jane\" {{
           instance = {instance}
           username = \"jane\"
           password = \"Str0ng-Passw0rd\"
           roles    = [\"data_entry\"]
         }}
         resource \"cht_settings\" \"url\" {{
           instance = {instance}
           settings = jsonencode({{ app_url = \"https://elsewhere.health.example\" }})
         }}
         resource \"cht_credential\" \"gateway\" {{
           instance = {instance}
           key      = \"rapidpro:incoming\"
           value    = \"a secret\"
         }}"
    )
}

/// Checks that a command fails for each of so many resources, as it does not know the cluster.
#[track_caller]
fn all_refuse<T>(command: &str, result: Result<T, Error>, resources: usize) {
    let Err(error) = result else {
        panic!("{command} succeeds")
    };
    let outcome = error.outcome().expect("the command runs");
    let refused: Vec<&str> = outcome.errors().map(|refusal| refusal.summary.as_str()).collect();
    assert_eq!(refused, vec![SUMMARY; resources], "{command}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_lives_in_an_instance_is_neither_gone_nor_changed_in_another_cluster() {
    let owner = Scene::new("elsewhere-inside").await;
    owner.configure(&owner.instance()).await;
    owner.apply().await;
    let scene = owner.elsewhere().await;
    let kubeconfig = scene.workspace.directory().join("kubeconfig");
    let way = format!("{{ config_path = {:?} }}", kubeconfig.display().to_string());
    scene.write(&inside(&scene, &way));
    use_cluster(&scene, &lab().await.cluster);
    scene.apply().await;
    scene.is_settled().await;

    let other = Cluster::start(ClusterOptions::default()).await.expect("a cluster");
    use_cluster(&scene, &other);
    all_refuse("plan", scene.workspace.plan().await, 3);
    all_refuse("destroy", scene.workspace.destroy().await, 3);

    use_cluster(&scene, &lab().await.cluster);
    scene.is_settled().await;
    scene.destroy().await;
    owner.destroy().await;
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
