//! `cht_eks_load_balancer_controller`: the six steps, and creations that fail. The lab plays the controller, which
//! works as long as its Deployment runs and its role allows what it does.
//!
//! - [`ingresses`]: what becomes of Ingresses, with the controller and without it.
//! - [`auto_mode`]: classes of EKS Auto Mode.

mod auto_mode;
mod ingresses;
mod site;

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{done, failure};
use serde_json::json;

use self::site::{ADDRESS, Site, controller};
use crate::cht_eks::let_in;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_controller_is_installed_changed_repaired_imported_and_destroyed() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    let before = scene.account.left().await.expect("AWS answers");
    scene.write(&controller(""));
    scene.apply().await;
    scene.is_settled().await;
    let state = scene.state(ADDRESS).await;
    assert_eq!(
        (&state["version"], &state["role_name"], &state["ingress_class"]),
        (&json!("v3.5.0"), &json!("c-load-balancer-controller"), &json!("alb"))
    );
    assert_eq!(state["kubernetes"]["eks"]["cluster_name"], "c");
    let arguments = site.arguments().await;
    for argument in ["--cluster-name=c", "--aws-region=eu-west-2", "--ingress-class=alb"] {
        assert!(arguments.iter().any(|one| one == argument), "{arguments:?}");
    }
    let vpc = format!("--aws-vpc-id={}", state["vpc_id"].as_str().expect("a VPC"));
    assert!(arguments.contains(&vpc), "{arguments:?}");

    is_imported(&site).await;

    scene.write(&controller(
        "replicas = 1\ntags = { county = \"siaya\" }\ngroup_name = \"moh\"",
    ));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert!(
        site.arguments()
            .await
            .contains(&"--default-tags=county=siaya".to_owned())
    );
    let role = json!({"RoleName": "c-load-balancer-controller"});
    let tags = scene.account.call("iam", "ListRoleTags", role).await.expect("a role");
    assert!(tags.to_string().contains("siaya"), "{tags}");
    scene.is_settled().await;

    is_repaired(&site).await;
    scene.destroy().await;
    assert!(
        site.controller_objects().await.is_empty(),
        "{:?}",
        site.controller_objects().await
    );
    assert_eq!(scene.account.left().await.expect("AWS answers"), before);
    scene.account.check().expect("AWS understood all");
}

/// Somebody takes the association away and the policy, and scales the controller down; and then removes all there is.
async fn is_repaired(site: &Site) {
    let scene = &site.scene;
    let id = scene.state(ADDRESS).await["association_id"].clone();
    let certificate = site.authority().await;
    let call = async |service: &str, operation: &str, asked| {
        scene
            .account
            .call(service, operation, asked)
            .await
            .expect("AWS does it");
    };
    let association = json!({"clusterName": "c", "associationId": id});
    call("eks", "DeletePodIdentityAssociation", association).await;
    let policy = json!({"RoleName": "c-load-balancer-controller", "PolicyName": "load-balancer-controller"});
    call("iam", "DeleteRolePolicy", policy).await;
    site.scale(0).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let told = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    for words in ["has no role", "policy of the role", "spec.replicas"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    scene.apply().await;
    scene.is_settled().await;
    assert_ne!(scene.state(ADDRESS).await["association_id"], id);
    assert_eq!(site.authority().await, certificate, "it is made once");

    site.remove_secret().await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_ne!(site.authority().await, certificate);
}

async fn is_imported(site: &Site) {
    for by in [
        "id = \"c:alb\"",
        "identity = { cluster_name = \"c\", ingress_class = \"alb\" }",
    ] {
        let other = site.scene.elsewhere();
        let text = format!("{}import {{\n  to = {ADDRESS}\n  {by}\n}}\n", controller(""));
        other.write("main.tf", &text).expect("it is written");
        let plan = done("plan", other.plan().await);
        assert_eq!(plan.actions(ADDRESS), ["no-op"], "{:#?}", plan.change(ADDRESS));
    }
    let other = site.scene.elsewhere();
    other.write("main.tf", &controller("")).expect("it is written");
    let missing = failure("import", other.import(ADDRESS, "c:other").await);
    assert_eq!(missing.summary, "No load balancer controller to import");
}

/// The creation of the cluster was killed before anybody was let in, and the apply that goes on with it is planned.
async fn is_planned_for_a_half_made_cluster(site: &Site) {
    let scene = &site.scene;
    let call = async |operation: &str, asked| {
        let answer = scene.account.call("eks", operation, asked).await;
        answer.expect("EKS does it");
    };
    let arn = format!("arn:aws:eks:eu-west-2:{}:cluster/c", scene.account.id());
    let marks = json!({"cht:managed-by": "terraform-provider-cht", "cht:new": "killed"});
    call("TagResource", json!({"resourceArn": arn, "tags": marks})).await;
    let entry = json!({"clusterName": "c", "principalArn": scene.account.user_arn()});
    call("DeleteAccessEntry", entry).await;
    scene.write(&controller(""));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);

    let keys: Vec<_> = marks.as_object().expect("an object").keys().collect();
    call("UntagResource", json!({"resourceArn": arn, "tagKeys": keys})).await;
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Unable to read the AWS Load Balancer Controller");
    let_in(scene).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_fails_is_gone_on_with_and_what_others_have_is_left_alone() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    is_planned_for_a_half_made_cluster(&site).await;
    let before = scene.account.left().await.expect("AWS answers");
    // Somebody else has given the service account a role.
    let role = format!("arn:aws:iam::{}:role/cluster", scene.account.id());
    let theirs = json!({
        "clusterName": "c", "namespace": "kube-system", "serviceAccount": "aws-load-balancer-controller", "roleArn": role,
    });
    let made = scene
        .account
        .call("eks", "CreatePodIdentityAssociation", theirs)
        .await
        .expect("it is made");
    scene.write(&controller(""));
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "Controller has a role already",
        "somebody else",
        "cluster_name",
    );
    let id = &made["association"]["associationId"];
    let asked = json!({"clusterName": "c", "associationId": id});
    scene
        .account
        .call("eks", "DeletePodIdentityAssociation", asked)
        .await
        .expect("it is deleted");

    let action = "eks:CreatePodIdentityAssociation";
    scene.account.fault(action, Fault::access_denied());
    let refused = scene.apply_fails().await;
    assert!(refused.detail.contains(action), "{refused:#?}");
    scene.account.fault(action, Fault::lost_answer());
    scene.account.fault("iam:PutRolePolicy", Fault::throttled());
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 3);
    scene.is_settled().await;

    // Nothing was saved of it.
    let other = scene.elsewhere();
    other.write("main.tf", &controller("")).expect("it is written");
    let outcome = done("apply", other.apply().await);
    let told = outcome
        .warnings()
        .any(|warning| warning.summary.contains("exists already"));
    assert!(told, "{}", outcome.text());
    let class = controller("ingress_class = \"other\"");
    let third = scene.elsewhere();
    third.write("main.tf", &class).expect("it is written");
    let refused = failure("apply", third.apply().await);
    blames(
        &refused,
        "Controller is there already",
        "one controller",
        "ingress_class",
    );
    done("destroy", other.destroy().await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    assert_eq!(scene.account.left().await.expect("AWS answers"), before);
}
