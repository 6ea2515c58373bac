//! Classes of EKS Auto Mode, whose controller is not in the cluster.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use serde_json::json;

use super::site::{ADDRESS, Site, controller};
use crate::support::{blames, eventually};

/// As EKS defines it.
async fn define(site: &Site) {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = json!({
        "metadata": {"name": "ingressclassparams.eks.amazonaws.com"},
        "spec": {
            "group": "eks.amazonaws.com", "scope": "Cluster",
            "names": {
                "kind": "IngressClassParams", "listKind": "IngressClassParamsList", "plural": "ingressclassparams",
                "singular": "ingressclassparams",
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
            }],
        },
    });
    let definition: CustomResourceDefinition = serde_json::from_value(definition).expect("a definition");
    let api = Api::<CustomResourceDefinition>::all(site.client.clone());
    api.create(&Default::default(), &definition).await.expect("it is made");
    eventually("the kind to be served", async || {
        let live = api.get("ingressclassparams.eks.amazonaws.com").await;
        let live = live.map_err(|error| error.to_string())?;
        let conditions = live.status.and_then(|status| status.conditions).unwrap_or_default();
        let served = conditions
            .iter()
            .any(|one| one.type_ == "Established" && one.status == "True");
        if served { Ok(()) } else { Err(format!("{conditions:?}")) }
    })
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_17_in_auto_mode_each_group_has_a_class_and_one_load_balancer() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    let before = scene.account.left().await.expect("AWS answers");
    let class = "mode = \"auto\"\ningress_class = \"auto-prod\"\ngroup_name = \"prod\"\nscheme = \"internet-facing\"";
    scene.write(&controller(class));
    blames(
        &scene.plan_fails().await,
        "Cluster without Auto Mode",
        "leave `mode` out",
        "mode",
    );
    let enabled = json!({"kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": true}}});
    scene.account.eks().changes_cluster("c", &enabled);
    define(&site).await;
    scene.apply().await;
    scene.is_settled().await;
    let state = scene.state(ADDRESS).await;
    assert!(
        state["role_arn"].is_null() && state["association_id"].is_null(),
        "{state:#}"
    );
    assert_eq!(state["kubernetes"]["eks"]["cluster_name"], "c");

    let group = ("group.name", "prod");
    site.make_ingress("one", "auto-prod", &[group]).await;
    site.make_ingress("two", "auto-prod", &[]).await;
    assert_eq!(site.address("one").await, site.address("two").await);
    assert_eq!(site.left("load_balancer").await.len(), 1);
    let refused = scene.destroy_fails().await;
    blames(&refused, "Ingresses are there still", "Ingress one/api", "");

    scene.write(&controller(&class.replace("\"internet-facing\"", "\"internal\"")));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.write(&controller(class));
    site.delete_ingress("one").await;
    site.delete_ingress("two").await;
    scene.destroy().await;
    site.ingress_is_gone("two").await;
    assert_eq!(
        site.controller_objects().await,
        ["ingressclassparams.eks.amazonaws.com"]
    );
    assert_eq!(scene.account.left().await.expect("AWS answers"), before);
}
