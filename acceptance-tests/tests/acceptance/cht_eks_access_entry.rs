//! `cht_eks_access_entry`: the six steps, entries of others, creations without an answer, and what plans refuse.

use acceptance_tests::aws::Fault;
use serde_json::{Value, json};

use crate::aws::{Scene, write};
use crate::cht_eks::make_cluster;
use crate::support::{blames, done, failure};

const ADDRESS: &str = "cht_eks_access_entry.test";

/// An account with a cluster `c` and a role `operators`.
async fn scene() -> Option<Scene> {
    let scene = Scene::new().await?;
    make_cluster(&scene).await;
    Some(scene)
}

fn principal(scene: &Scene, role: &str) -> String {
    format!("arn:aws:iam::{}:role/{role}", scene.account.id())
}

/// An entry for the role `operators`; `rest` is what differs.
fn entry(scene: &Scene, rest: &str) -> String {
    entry_for(&principal(scene, "operators"), rest)
}

fn entry_for(principal: &str, rest: &str) -> String {
    format!(
        "resource \"cht_eks_access_entry\" \"test\" {{\n  cluster_name = \"c\"\n  principal_arn = {principal:?}\n{rest}\n}}\n"
    )
}

/// What EKS says of the entry.
async fn live(scene: &Scene) -> Value {
    let asked = json!({"clusterName": "c", "principalArn": principal(scene, "operators")});
    let answer = scene.account.call("eks", "DescribeAccessEntry", asked).await;
    answer.expect("it is there")["accessEntry"].clone()
}

/// The policies of the entry, each with its namespaces.
async fn policies(scene: &Scene) -> Value {
    let asked = json!({"clusterName": "c", "principalArn": principal(scene, "operators")});
    let answer = scene.account.call("eks", "ListAssociatedAccessPolicies", asked).await;
    let answer = answer.expect("it is there");
    let listed = answer["associatedAccessPolicies"].as_array().expect("a list");
    let listed = listed.iter().map(|policy| {
        let name = policy["policyArn"].as_str().and_then(|arn| arn.rsplit('/').next());
        json!([name, policy["accessScope"]["namespaces"]])
    });
    listed.collect()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_entry_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let Some(scene) = scene().await else { return };
    scene.write(&entry(&scene, ""));
    scene.apply().await;
    let made = live(&scene).await;
    assert_eq!(made["type"], "STANDARD");
    assert_eq!(policies(&scene).await, json!([]));
    scene.is_settled().await;

    let all = "kubernetes_groups = [\"siaya\"]\nuser_name = \"operator\"\ntags = { county = \"siaya\" }\npolicies = {\n\
               AmazonEKSAdminPolicy = { namespaces = [\"cht-siaya\"] }\n\
               \"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy\" = {}\n}";
    scene.write(&entry(&scene, all));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let changed = live(&scene).await;
    assert_eq!(
        (&changed["kubernetesGroups"], &changed["username"]),
        (&json!(["siaya"]), &json!("operator"))
    );
    assert_eq!(changed["tags"]["county"], "siaya");
    assert_eq!(changed["createdAt"], made["createdAt"], "it is the same one");
    let expected = json!([["AmazonEKSAdminPolicy", ["cht-siaya"]], ["AmazonEKSViewPolicy", null]]);
    assert_eq!(policies(&scene).await, expected);
    scene.is_settled().await;

    is_repaired(&scene, &expected).await;
    is_imported(&scene, all).await;
    let other = principal(&scene, "others");
    scene.write(&entry_for(&other, ""));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert_eq!(entries(&scene).await, [other]);
    scene.destroy().await;
    assert!(entries(&scene).await.is_empty());
    scene.account.check().expect("AWS understood all");
}

/// The principals of all entries.
async fn entries(scene: &Scene) -> Vec<String> {
    let answer = scene
        .account
        .call("eks", "ListAccessEntries", json!({"clusterName": "c"}))
        .await;
    let answer = answer.expect("EKS answers");
    let all = answer["accessEntries"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// Somebody takes a policy away, adds another, and changes the groups; and then deletes the entry.
async fn is_repaired(scene: &Scene, expected: &Value) {
    let call = async |operation: &str, rest: Value| {
        let mut asked = json!({"clusterName": "c", "principalArn": principal(scene, "operators")});
        asked
            .as_object_mut()
            .expect("an object")
            .extend(rest.as_object().cloned().unwrap_or_default());
        scene.account.call("eks", operation, asked).await.expect("EKS does it");
    };
    let arn = |name: &str| format!("arn:aws:eks::aws:cluster-access-policy/{name}");
    call(
        "DisassociateAccessPolicy",
        json!({"policyArn": arn("AmazonEKSViewPolicy")}),
    )
    .await;
    let admin = json!({"policyArn": arn("AmazonEKSClusterAdminPolicy"), "accessScope": {"type": "cluster"}});
    call("AssociateAccessPolicy", admin).await;
    call("UpdateAccessEntry", json!({"kubernetesGroups": ["kisumu"]})).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!(before["kubernetes_groups"], json!(["kisumu"]));
    assert!(
        before["policies"]["AmazonEKSClusterAdminPolicy"].is_object(),
        "{before:#}"
    );
    scene.apply().await;
    assert_eq!(&policies(scene).await, expected);
    assert_eq!(live(scene).await["kubernetesGroups"], json!(["siaya"]));
    scene.is_settled().await;

    call("DeleteAccessEntry", json!({})).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
}

async fn is_imported(scene: &Scene, all: &str) {
    let principal = principal(scene, "operators");
    for by in [
        format!("id = \"c:{principal}\""),
        format!("identity = {{ cluster_name = \"c\", principal_arn = {principal:?} }}"),
    ] {
        let other = scene.elsewhere();
        // As an import finds it: by name.
        let own = entry(scene, all).replace(
            "\"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy\"",
            "AmazonEKSViewPolicy",
        );
        write(&other, &format!("{own}import {{\n  to = {ADDRESS}\n  {by}\n}}\n"));
        let plan = done("plan", other.plan().await);
        assert_eq!(plan.actions(ADDRESS), ["no-op"], "{:?}", plan.change(ADDRESS));
    }
    let other = scene.elsewhere();
    write(&other, &entry(scene, ""));
    let missing = failure(
        "import",
        other.import(ADDRESS, "c:arn:aws:iam::123456789012:role/x").await,
    );
    assert_eq!(missing.summary, "No access entry to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_11_an_entry_of_somebody_else_is_refused_and_can_be_imported() {
    let Some(scene) = scene().await else { return };
    let theirs = json!({"clusterName": "c", "principalArn": principal(&scene, "operators")});
    scene
        .account
        .call("eks", "CreateAccessEntry", theirs)
        .await
        .expect("it is made");
    scene.write(&entry(&scene, "tags = { county = \"siaya\" }"));
    let refused = scene.apply_fails().await;
    blames(&refused, "Access entry exists already", "import it", "principal_arn");
    let id = format!("c:{}", principal(&scene, "operators"));
    done("import", scene.workspace.import(ADDRESS, &id).await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"], "it gets tags");
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    assert!(entries(&scene).await.is_empty());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_creation_has_made_without_an_answer_is_taken() {
    let Some(scene) = scene().await else { return };
    let all = "policies = {\n  AmazonEKSViewPolicy = {}\n}";
    scene.account.fault("eks:CreateAccessEntry", Fault::lost_answer());
    scene.write(&entry(&scene, all));
    scene.apply().await;
    scene.is_settled().await;

    // Nothing was saved at all.
    let other = scene.elsewhere();
    write(&other, &entry(&scene, all));
    let outcome = done("apply", other.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Access entry is there already");
    assert!(warning.is_some(), "{}", outcome.text());
    assert!(done("plan", other.plan().await).is_empty());
    done("destroy", other.destroy().await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"], "it is gone");
    scene.apply().await;
    scene.destroy().await;

    // It fails in the middle, and the next apply finishes it.
    scene.write(&entry(&scene, all));
    scene.account.fault("eks:AssociateAccessPolicy", Fault::access_denied());
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Unable to create the access entry");
    assert!(failed.detail.contains("eks:AssociateAccessPolicy"), "{}", failed.detail);
    assert_eq!(scene.account.clear_faults(), 2, "both were met");
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_an_entry_cannot_be_is_refused_at_its_attribute() {
    let Some(scene) = scene().await else { return };
    let session = format!("arn:aws:sts::{}:assumed-role/operators/amina", scene.account.id());
    scene.write(&entry_for(&session, ""));
    let refused = scene.plan_fails().await;
    blames(&refused, &refused.summary, "Give the role", "principal_arn");
    for (rest, text, attribute) in [
        (
            "kubernetes_groups = [\"system:masters\"]",
            "AmazonEKSClusterAdminPolicy",
            "kubernetes_groups",
        ),
        (
            "policies = {\n  AdministratorAccess-1 = {}\n}",
            "Policies of IAM mean nothing",
            "policies",
        ),
        (
            "type = \"EC2_LINUX\"\nkubernetes_groups = [\"x\"]",
            "is for nodes",
            "kubernetes_groups",
        ),
    ] {
        scene.write(&entry(&scene, rest));
        let refused = scene.plan_fails().await;
        blames(&refused, &refused.summary, text, attribute);
    }
    let by_config_map = json!({"accessConfig": {"authenticationMode": "CONFIG_MAP"}});
    scene.account.eks().changes_cluster("c", &by_config_map);
    scene.write(&entry(&scene, ""));
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Cluster without access entries",
        "API_AND_CONFIG_MAP",
        "cluster_name",
    );
    scene.write(&entry(&scene, "").replace("\"c\"", "\"d\""));
    let refused = scene.apply_fails().await;
    blames(&refused, "Unable to create the access entry", "d", "cluster_name");
}
