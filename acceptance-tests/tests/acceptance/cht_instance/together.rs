//! Instances beside each other, and on clusters that are not known yet.

use serde_json::json;

use crate::support::{DEPLOYMENT, Scene, kubernetes};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn two_instances_share_a_cluster() {
    let scene = Scene::new("county").await;
    let many = scene
        .instance()
        .hcl(&kubernetes().await)
        .replace("\"test\" {", "\"test\" {\n  for_each = toset([\"a\", \"b\"])");
    scene.write(&many.replace("\"county\"", "\"county-${each.key}\""));
    scene.apply().await;
    for county in ["county-a", "county-b"] {
        let one = Scene::new(county).await;
        assert_eq!(one.owned(&DEPLOYMENT).await.len(), 4, "{county}");
    }
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_cluster_may_be_made_in_the_same_apply() {
    let scene = Scene::new("chained").await;
    let cluster = format!(
        "resource \"terraform_data\" \"cluster\" {{\n  input = {}\n}}\n",
        kubernetes().await
    );
    scene.write(&(cluster + &scene.instance().hcl("terraform_data.cluster.output")));
    let plan = scene.plan().await;
    let change = plan.change("cht_instance.test").expect("it is planned");
    assert_eq!(change.actions, ["create"]);
    assert_eq!(change.after_unknown["kubernetes"], json!(true));
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}
