//! What users of other tools complain about on EKS, where it is no test of one resource alone. The guide on problems
//! of EKS has all of them, with the tests that prove what is done about each.
//!
//! - [`answers`]: what AWS answers calls with.
//! - [`logins`]: logins that end.

mod answers;
mod logins;

use acceptance_tests::aws::{Issue, Work};
use acceptance_tests::tofu::{Diagnostic, Plan};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::cht_eks::{make_cluster, make_subnets};
use crate::support::{blames, done, failure};

const CLUSTER: &str = "cht_eks_cluster.test";
const NODES: &str = "cht_eks_node_group.test";

/// A cluster `c` without protection; `lines` say its version.
fn cluster(subnets: &Value, lines: &str) -> String {
    format!(
        "resource \"cht_eks_cluster\" \"test\" {{\n  name = \"c\"\n  deletion_protection = false\n  vpc_config = {{\n    \
         subnet_ids = {subnets}\n    public_access_cidrs = [\"203.0.113.0/24\"]\n  }}\n  {lines}\n}}\n"
    )
}

/// A node group in the cluster; `cluster` and `subnets` are expressions.
fn nodes(cluster: &str, subnets: &str, lines: &str) -> String {
    format!(
        "resource \"cht_eks_node_group\" \"test\" {{\n  cluster_name = {cluster}\n  subnet_ids = {subnets}\n  \
         scaling_config = {{ min_size = 1, max_size = 2 }}\n  {lines}\n}}\n"
    )
}

/// Subnets that somebody else has made, as an expression.
async fn subnets(scene: &Scene) -> Value {
    Value::from(make_subnets(scene).await)
}

/// The subnets that there are, as an expression.
async fn made_subnets(scene: &Scene) -> String {
    let all = scene.listed("DescribeSubnets", "Subnets").await;
    let own = all.iter().filter(|one| one["CidrBlock"].to_string().contains("10.0."));
    Value::from_iter(own.map(|one| one["SubnetId"].clone())).to_string()
}

/// The warning of a plan with this summary.
fn warning<'a>(plan: &'a Plan, summary: &str) -> Option<&'a str> {
    let told = plan.diagnostics().iter().find(|one| one.summary == summary);
    told.map(|one| one.detail.as_str())
}

/// A text without line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks that an error has these words.
#[track_caller]
fn says(failed: &Diagnostic, words: &[&str]) {
    let flat = flat(&failed.detail);
    for words in words {
        assert!(flat.contains(words), "{words}: {failed:#?}");
    }
}

/// Makes an access entry as somebody else would.
async fn make_entry(scene: &Scene, principal: &str) {
    let asked = json!({"clusterName": "c", "principalArn": principal});
    let made = scene.account.call("eks", "CreateAccessEntry", asked).await;
    made.expect("it is made");
}

/// The calls that took something away.
fn deletions(scene: &Scene) -> Vec<String> {
    let mut actions = scene.account.actions();
    actions.retain(|action| action.contains(":Delete") || action.contains(":Terminate"));
    actions
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_01_what_lives_in_a_cluster_is_planned_before_there_is_one() {
    let Some(scene) = Scene::new().await else { return };
    let subnets = subnets(&scene).await;
    scene.write(&format!(
        "{}resource \"cht_storage_class\" \"test\" {{\n  kubernetes = cht_eks_cluster.test.kubernetes\n  name = \"ebs\"\n  \
         storage_provisioner = \"ebs.csi.aws.com\"\n}}\n",
        cluster(&subnets, "version = \"1.34\"")
    ));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["create"]);
    assert_eq!(plan.actions("cht_storage_class.test"), ["create"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_07_where_a_group_has_to_be_replaced_another_is_ready_before_it_goes() {
    let Some(scene) = Scene::new().await else { return };
    make_cluster(&scene).await;
    let subnets = made_subnets(&scene).await;
    let group = |name: &str, kind: &str| {
        let lines = format!(
            "node_group_name = {name:?}\n  instance_types = [{kind:?}]\n  lifecycle {{\n    create_before_destroy = true\n  }}"
        );
        nodes("\"c\"", &subnets, &lines)
    };
    scene.write(&group("arm", "m7g.large"));
    scene.apply().await;
    scene.write(&group("x86", "m7i.large"));
    assert_eq!(scene.plan().await.actions(NODES), ["create", "delete"]);
    scene.account.forget_calls();
    scene.apply().await;
    let actions = scene.account.actions();
    let at = |action: &str| actions.iter().position(|one| one == action);
    assert!(at("eks:CreateNodegroup") < at("eks:DeleteNodegroup"), "{actions:?}");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_10_a_cluster_that_gives_access_by_a_config_map_alone_is_not_taken() {
    let Some(scene) = Scene::new().await else { return };
    make_cluster(&scene).await;
    let mode = |mode: &str| json!({"accessConfig": {"authenticationMode": mode}});
    scene.account.eks().changes_cluster("c", &mode("CONFIG_MAP"));
    let subnets = made_subnets(&scene).await;
    let subnets: Value = subnets.parse().expect("a list");
    scene.write(&cluster(&subnets, "version = \"1.35\""));
    let refused = failure("import", scene.workspace.import(CLUSTER, "c").await);
    blames(&refused, "EKS cluster without access entries", "API_AND_CONFIG_MAP", "");
    scene.account.eks().changes_cluster("c", &mode("API_AND_CONFIG_MAP"));
    done("import", scene.workspace.import(CLUSTER, "c").await);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_10_complaint_11_who_makes_a_cluster_has_access_only_where_it_says_so() {
    let Some(scene) = Scene::new().await else { return };
    let subnets = subnets(&scene).await;
    let user = scene.account.user_arn();
    let administrator = "policies = { AmazonEKSClusterAdminPolicy = {} }";
    let me = format!("me = {{ principal_arn = {user:?}, {administrator} }}");
    let with = |access: &str| {
        cluster(
            &subnets,
            &format!("version = \"1.34\"\n  access = {{\n    {access}\n  }}"),
        )
    };
    scene.write(&cluster(&subnets, "version = \"1.34\""));
    scene.apply().await;
    let described = scene.account.call("eks", "DescribeCluster", json!({"name": "c"})).await;
    let described = described.expect("it is there");
    assert_eq!(described["cluster"]["accessConfig"]["authenticationMode"], "API");
    let entries = async || {
        let listed = scene
            .account
            .call("eks", "ListAccessEntries", json!({"clusterName": "c"}))
            .await;
        listed.expect("EKS answers")["accessEntries"].clone()
    };
    assert_eq!(entries().await, json!([]));
    scene.write(&with(&me));
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(entries().await, json!([user]));

    // One that somebody else has made is managed from now on, and that is told.
    let role = format!("arn:aws:iam::{}:role/operators", scene.account.id());
    make_entry(&scene, &role).await;
    scene.write(&with(&format!(
        "{me}\n    operators = {{ principal_arn = {role:?}, {administrator} }}"
    )));
    let outcome = scene.apply().await;
    let mut told = outcome.warnings();
    assert!(
        told.any(|one| one.summary == "Access entry is taken over"),
        "{}",
        outcome.text()
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_14_an_update_that_fails_deletes_nothing_and_the_next_apply_goes_on() {
    let Some(scene) = Scene::new().await else { return };
    let subnets = subnets(&scene).await;
    let all = |version: &str, size: u16| {
        let group = format!("node_group_name = \"n\"\n  version = cht_eks_cluster.test.version\n  disk_size = {size}");
        let cluster = cluster(&subnets, &format!("version = {version:?}"));
        cluster + &nodes("cht_eks_cluster.test.name", &subnets.to_string(), &group)
    };
    scene.write(&all("1.33", 50));
    scene.apply().await;
    let made = scene.state(CLUSTER).await;
    for (work, address, next) in [
        (Work::UpdateCluster, CLUSTER, all("1.34", 50)),
        (Work::UpdateNodegroup, NODES, all("1.34", 60)),
    ] {
        scene.write(&next);
        scene
            .account
            .eks()
            .fails(work, Issue::new("AccessDenied", "it may not be done"));
        scene.account.forget_calls();
        let failed = scene.apply_fails().await;
        says(&failed, &["it may not be done"]);
        assert_eq!(deletions(&scene), [""; 0]);
        assert_eq!(
            scene.plan().await.actions(address),
            ["update"],
            "it is still to be done"
        );
        scene.apply().await;
        assert_eq!(deletions(&scene), [""; 0]);
        scene.is_settled().await;
    }
    assert_eq!(scene.state(CLUSTER).await["arn"], made["arn"]);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_16_no_security_group_has_the_tag_of_the_cluster_but_its_own() {
    let Some(scene) = Scene::new().await else { return };
    let private = "cht_vpc.test.private_subnet_ids";
    let network = "resource \"cht_vpc\" \"test\" {\n  name = \"moh\"\n  cidr_block = \"10.42.0.0/16\"\n  cluster_names = [\"c\"]\n}\n";
    let cluster = cluster(&json!("SUBNETS"), "version = \"1.34\"").replace("\"SUBNETS\"", private);
    let nodes = nodes("cht_eks_cluster.test.name", private, "node_group_name = \"n\"");
    scene.write(&format!("{network}{cluster}{nodes}"));
    scene.apply().await;
    scene.is_settled().await;
    let groups = scene.listed("DescribeSecurityGroups", "SecurityGroups").await;
    let tagged = groups
        .iter()
        .filter(|group| group["Tags"].to_string().contains("kubernetes.io/cluster/c"));
    let tagged: Vec<&Value> = tagged.map(|group| &group["GroupId"]).collect();
    assert_eq!(tagged, [&scene.state(CLUSTER).await["cluster_security_group_id"]]);
    scene.destroy().await;
    scene.is_empty().await;
}
