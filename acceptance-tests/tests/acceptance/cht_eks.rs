//! What is looked up in EKS, and what lives in a cluster there: a real API server that takes the tokens of AWS.

use acceptance_tests::aws::{Aws, available};
use acceptance_tests::cluster::{Cluster, ClusterOptions};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::support::{blames, done, failure};

const CLASS: &str = "cht_storage_class.test";

/// A class in the cluster `c`, by its name.
fn class(mount_option: &str) -> String {
    format!(
        "resource \"cht_storage_class\" \"test\" {{\n  kubernetes = {{ eks = {{ cluster_name = \"c\" }} }}\n  name = \"eks\"\n  \
         storage_provisioner = \"ebs.csi.aws.com\"\n  mount_options = [{mount_option:?}]\n}}\n"
    )
}

/// Makes two subnets in different zones, as somebody else would.
pub(crate) async fn make_subnets(scene: &Scene) -> Vec<Value> {
    let call = async |operation: &str, asked: Value| {
        let answer = scene.account.call("ec2", operation, asked).await;
        answer.expect("EC2 does it")
    };
    let vpc = call("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"})).await;
    let mut subnets = Vec::new();
    for (number, zone) in ["eu-west-2a", "eu-west-2b"].into_iter().enumerate() {
        let asked = json!({
            "VpcId": vpc["Vpc"]["VpcId"], "CidrBlock": format!("10.0.{number}.0/24"), "AvailabilityZone": zone,
        });
        subnets.push(call("CreateSubnet", asked).await["Subnet"]["SubnetId"].clone());
    }
    subnets
}

/// Makes a cluster `c`, as somebody else would.
pub(crate) async fn make_cluster(scene: &Scene) {
    let call = async |service: &str, operation: &str, asked: Value| {
        let answer = scene.account.call(service, operation, asked).await;
        answer.expect("AWS does it")
    };
    let subnets = make_subnets(scene).await;
    let role = scene.make_role("cluster", "eks").await;
    let policy = json!({"RoleName": "cluster", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"});
    call("iam", "AttachRolePolicy", policy).await;
    let cluster = json!({
        "name": "c", "version": "1.35", "roleArn": role,
        "resourcesVpcConfig": {"subnetIds": subnets},
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": false},
        "tags": {"owner": "moh"},
    });
    call("eks", "CreateCluster", cluster).await;
}

/// Lets the user of the account do everything in the cluster.
pub(crate) async fn let_in(scene: &Scene) {
    let principal = scene.account.user_arn();
    let entry = json!({"clusterName": "c", "principalArn": principal, "tags": {"owner": "moh"}});
    scene
        .account
        .call("eks", "CreateAccessEntry", entry)
        .await
        .expect("it is made");
    let policy = json!({
        "clusterName": "c", "principalArn": principal, "accessScope": {"type": "cluster"},
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    });
    scene
        .account
        .call("eks", "AssociateAccessPolicy", policy)
        .await
        .expect("it is set");
}

/// The value of an output.
async fn output(scene: &Scene, name: &str) -> Value {
    done("output", scene.workspace.output(name).await)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_01_complaint_02_complaint_15_what_lives_in_a_cluster_goes_with_it_and_no_way_in_is_kept() {
    if !available() {
        return;
    }
    let aws = Aws::start().await.expect("AWS is played");
    let options = ClusterOptions {
        token_webhook: Some(aws.token_webhook()),
        ..ClusterOptions::default()
    };
    let cluster = Cluster::start(options).await.expect("a cluster");
    aws.serve(&cluster.host(), cluster.ca_pem());
    let scene = Scene::in_account(aws.account().await.expect("an account"));

    scene.write(&class("noatime"));
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "Unable to use the way to the cluster",
        "take its name from the resource",
        "eks",
    );

    make_cluster(&scene).await;
    let refused = scene.apply_fails().await;
    blames(&refused, "Unable to reach the cluster", "access entry", "eks");
    let_in(&scene).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.write(&class("discard"));
    assert_eq!(scene.plan().await.actions(CLASS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    keeps_no_way_in(&scene);

    // The same cluster, as another one exports it.
    scene.write(&format!(
        "data \"cht_eks_cluster\" \"c\" {{\n  name = \"c\"\n}}\n{}",
        class("discard").replace(
            "{ eks = { cluster_name = \"c\" } }",
            "data.cht_eks_cluster.c.kubernetes"
        )
    ));
    scene.apply().await;
    scene.is_settled().await;
    scene.write(&class("discard"));
    what_a_gone_cluster_had_is_gone(&scene, &aws).await;
    assert!(
        aws.take_refused_tokens()
            .iter()
            .all(|why| why.contains("no access entry"))
    );
}

/// Checks that the state has nothing by which its reader gets into the cluster.
fn keeps_no_way_in(scene: &Scene) {
    let state = scene.workspace.directory().join("terraform.tfstate");
    let state = std::fs::read_to_string(state).expect("there is a state");
    for secret in ["k8s-aws-v1", "client-key-data", "Bearer", scene.account.secret_key()] {
        assert!(!state.contains(secret), "{state}");
    }
}

/// A cluster that does not exist any more takes what lived in it along, and nobody dials an address that is none.
/// Another account knows nothing of it, and says so.
async fn what_a_gone_cluster_had_is_gone(scene: &Scene, aws: &Aws) {
    scene
        .account
        .call("eks", "DeleteCluster", json!({"name": "c"}))
        .await
        .expect("it is deleted");
    let stranger = aws.account().await.expect("an account");
    let mut elsewhere = scene.elsewhere();
    let state = scene.workspace.directory().join("terraform.tfstate");
    std::fs::copy(state, elsewhere.directory().join("terraform.tfstate")).expect("the state is copied");
    elsewhere
        .write("main.tf", &class("discard"))
        .expect("the configuration is written");
    for (name, value) in stranger.environment() {
        elsewhere.set_environment(name, &value);
    }
    let refused = failure("plan", elsewhere.plan().await);
    blames(
        &refused,
        "Unable to use the way to the cluster",
        "another account or region",
        "eks",
    );

    scene.write("");
    let outcome = scene.apply().await;
    assert!(
        outcome
            .warnings()
            .any(|warning| warning.summary == "EKS cluster is gone"),
        "{}",
        outcome.text()
    );
    assert_eq!(scene.state(CLASS).await, Value::Null);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn data_sources_tell_what_there_is_in_eks() {
    let Some(scene) = Scene::new().await else { return };
    make_cluster(&scene).await;
    scene.write(
        "data \"cht_aws_caller_identity\" \"me\" {}\ndata \"cht_eks_cluster\" \"c\" {\n  name = \"c\"\n}\n\
         data \"cht_eks_cluster_versions\" \"all\" {}\n\
         output \"me\" {\n  value = data.cht_aws_caller_identity.me\n}\n\
         output \"cluster\" {\n  value     = data.cht_eks_cluster.c\n  sensitive = true\n}\n\
         output \"versions\" {\n  value = data.cht_eks_cluster_versions.all\n}\n",
    );
    scene.account.eks().pages_of(2);
    scene.apply().await;
    let me = output(&scene, "me").await;
    assert_eq!(me["account_id"], json!(scene.account.id()));
    assert_eq!(
        (&me["arn"], &me["region"]),
        (&json!(scene.account.user_arn()), &json!("eu-west-2"))
    );
    let cluster = output(&scene, "cluster").await;
    assert_eq!(
        (&cluster["status"], &cluster["version"]),
        (&json!("ACTIVE"), &json!("1.35"))
    );
    assert_eq!(cluster["tags"], json!({"owner": "moh"}));
    assert_eq!(cluster["authentication_mode"], json!("API"));
    assert_eq!(cluster["subnet_ids"].as_array().map(Vec::len), Some(2));
    assert_eq!(cluster["kubernetes"]["eks"]["cluster_name"], json!("c"));
    assert_eq!(cluster["kubernetes"]["host"], Value::Null, "it may get another address");
    assert_eq!(cluster["health_issues"], json!([]));
    let versions = output(&scene, "versions").await;
    let listed: Vec<&str> = versions["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|version| version["version"].as_str())
        .collect();
    assert!(
        listed.len() > 2 && listed.contains(&"1.35"),
        "every page is read: {listed:?}"
    );
    assert_eq!(versions["latest_version"], json!(listed[0]));

    scene.write("data \"cht_eks_cluster\" \"c\" {\n  name = \"other\"\n}\n");
    blames(
        &scene.plan_fails().await,
        "Unable to look up the EKS cluster",
        "ResourceNotFoundException",
        "name",
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_account_that_is_not_allowed_is_left_alone() {
    let Some(scene) = Scene::new().await else { return };
    let asked = "data \"cht_eks_cluster_versions\" \"all\" {}\n";
    scene.write(&format!(
        "provider \"cht\" {{\n  aws = {{\n    allowed_account_ids = [\"000000000001\"]\n  }}\n}}\n{asked}"
    ));
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains("Nothing was done"), "{refused:#?}");
    assert_eq!(scene.account.actions(), ["sts:GetCallerIdentity"]);
    let secret = scene.account.secret_key();
    assert!(!refused.detail.contains(secret));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_is_assumed_for_everything_and_nothing_is_called_where_nothing_of_aws_is_used() {
    let Some(scene) = Scene::new().await else { return };
    let principal = json!({"AWS": scene.account.user_arn()});
    let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let role = json!({"RoleName": "deployer", "AssumeRolePolicyDocument": policy});
    let role = scene.account.call("iam", "CreateRole", role).await.expect("it is made");
    let arn = &role["Role"]["Arn"];
    scene.write(&format!(
        "provider \"cht\" {{\n  aws = {{\n    assume_role = {{ role_arn = {arn} }}\n  }}\n}}\n\
         data \"cht_aws_caller_identity\" \"me\" {{}}\noutput \"arn\" {{\n  value = data.cht_aws_caller_identity.me.arn\n}}\n"
    ));
    scene.apply().await;
    let is = output(&scene, "arn").await;
    let expected = format!(
        "arn:aws:sts::{}:assumed-role/deployer/terraform-provider-cht",
        scene.account.id()
    );
    assert_eq!(is, json!(expected));

    scene.account.forget_calls();
    scene.write("provider \"cht\" {\n  aws = {\n    profile = \"there is none\"\n  }\n}\n");
    scene.apply().await;
    assert!(scene.account.actions().is_empty(), "{:?}", scene.account.actions());
}
