//! What AWS answers calls with, and what users are told of it.

use acceptance_tests::aws::Fault;

use super::*;

const LOOKED_UP: &str = "eks:DescribeClusterVersions";

/// Something that is looked up by one call.
const LOOK: &str = "data \"cht_eks_cluster_versions\" \"all\" {}\n";

/// A network.
const NETWORK: &str = "resource \"cht_vpc\" \"test\" {\n  name = \"moh\"\n  cidr_block = \"10.42.0.0/16\"\n}\n";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_01_calls_that_are_throttled_are_made_again_and_at_last_told() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(LOOK);
    scene.account.fault(LOOKED_UP, Fault::throttled().times(2));
    scene.plan().await;
    assert_eq!(scene.account.clear_faults(), 2);
    scene.account.fault(LOOKED_UP, Fault::throttled().always());
    scene.write(&format!(
        "provider \"cht\" {{\n  aws = {{ max_retries = 1 }}\n}}\n{LOOK}"
    ));
    let refused = scene.plan_fails().await;
    says(
        &refused,
        &["AWS asks for fewer calls", "-parallelism", "aws.max_retries"],
    );
    assert_eq!(scene.account.clear_faults(), 2, "once, and once more");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_02_where_aws_fails_by_itself_nothing_is_made_twice() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(NETWORK);
    scene.account.fault("ec2:DescribeVpcs", Fault::server_error().times(2));
    scene.account.fault("ec2:CreateVpc", Fault::server_error());
    // Whether it was made is looked at, by this apply or by the next one.
    let _ = scene.workspace.apply().await;
    assert_eq!(scene.account.clear_faults(), 3);
    scene.apply().await;
    scene.is_settled().await;
    let vpcs = scene.listed("DescribeVpcs", "Vpcs").await;
    let own = vpcs.iter().filter(|vpc| vpc["CidrBlock"] == "10.42.0.0/16");
    assert_eq!(own.count(), 1);
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_03_a_missing_permission_is_told_with_who_lacks_it() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(LOOK);
    scene.account.fault(LOOKED_UP, Fault::access_denied());
    let refused = scene.plan_fails().await;
    let principal = format!("Principal: {}", scene.account.user_arn());
    says(
        &refused,
        &[&principal, "Action: eks:DescribeClusterVersions", "Request id: "],
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_04_a_login_that_has_ended_is_told_after_one_more_try_with_new_keys() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(LOOK);
    scene.account.fault(LOOKED_UP, Fault::expired());
    scene.plan().await;
    scene.account.fault(LOOKED_UP, Fault::expired().times(2));
    let refused = scene.plan_fails().await;
    says(
        &refused,
        &["Nothing is lost: log in again", "aws sso login", "apply again"],
    );
    assert_eq!(scene.account.clear_faults(), 3);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_05_keys_that_aws_does_not_know_are_told_with_what_may_be_wrong() {
    let Some(mut scene) = Scene::new().await else { return };
    scene.write(LOOK);
    scene
        .workspace
        .set_environment("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    let refused = scene.plan_fails().await;
    says(
        &refused,
        &[
            "AWS does not know these credentials",
            "the clock of this machine",
            "has not enabled yet",
        ],
    );
    assert!(!refused.detail.contains(scene.account.secret_key()));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_fault_08_no_room_for_a_cluster_in_the_account_or_the_zone_is_told_and_leaves_nothing() {
    let Some(scene) = Scene::new().await else { return };
    let subnets = subnets(&scene).await;
    let before = scene.account.left().await.expect("AWS answers");
    scene.write(&cluster(&subnets, "version = \"1.34\""));
    let no_room = "Cannot create cluster 'c' because us-east-1e, the targeted availability zone, does not currently have sufficient \
                   capacity to support the cluster. Retry and choose from these availability zones: us-east-1a, us-east-1b";
    for (code, said, advice) in [
        (
            "ResourceLimitExceededException",
            "Cluster limit exceeded for account.",
            "Service Quotas",
        ),
        (
            "UnsupportedAvailabilityZoneException",
            no_room,
            "Give subnets in the zones that it names",
        ),
    ] {
        scene.account.fault("eks:CreateCluster", Fault::error(400, code, said));
        let failed = scene.apply_fails().await;
        says(&failed, &[said.trim_end_matches('.'), advice]);
        assert_eq!(scene.account.clear_faults(), 1, "it is not tried again");
        scene.destroy().await;
        assert_eq!(scene.account.left().await.expect("AWS answers"), before);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_09_a_zone_without_a_free_machine_is_told() {
    let Some(scene) = Scene::new().await else { return };
    make_cluster(&scene).await;
    let subnets = made_subnets(&scene).await;
    let words = "We currently do not have sufficient m7g.xlarge capacity in the Availability Zone you requested (eu-west-2a). \
                 Launching EC2 instance failed. InsufficientInstanceCapacity";
    scene.account.launches_fail(words);
    let issue = Issue::new("AsgInstanceLaunchFailures", "Could not launch On-Demand Instances.");
    scene.account.eks().fails(Work::CreateNodegroup, issue);
    scene.write(&nodes("\"c\"", &subnets, "node_group_name = \"n\""));
    let failed = scene.apply_fails().await;
    says(&failed, &["InsufficientInstanceCapacity", "choose another type"]);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_13_what_is_gone_already_is_no_failure_of_a_destruction() {
    let Some(scene) = Scene::new().await else { return };
    make_cluster(&scene).await;
    let subnets = made_subnets(&scene).await;
    let role = format!("arn:aws:iam::{}:role/operators", scene.account.id());
    let entry = format!(
        "resource \"cht_eks_access_entry\" \"test\" {{\n  cluster_name = \"c\"\n  principal_arn = {role:?}\n}}\n"
    );
    scene.write(&(nodes("\"c\"", &subnets, "node_group_name = \"n\"") + &entry));
    scene.apply().await;
    for (operation, member, value) in [
        ("DeleteAccessEntry", "principalArn", role.as_str()),
        ("DeleteNodegroup", "nodegroupName", "n"),
    ] {
        let deleted = scene
            .account
            .call("eks", operation, json!({"clusterName": "c", member: value}))
            .await;
        deleted.expect("EKS does it");
    }
    // No refresh finds it out before.
    let destroy = ["destroy", "-json", "-input=false", "-auto-approve", "-refresh=false"];
    done("destroy", scene.workspace.run(&destroy).await);
    let left = scene.listed("DescribeLaunchTemplates", "LaunchTemplates").await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_14_a_service_that_the_account_has_not_enabled_is_told() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(NETWORK);
    let said = "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.";
    scene
        .account
        .fault("ec2:CreateVpc", Fault::error(401, "OptInRequired", said));
    let failed = scene.apply_fails().await;
    says(
        &failed,
        &[
            "You are not subscribed",
            "The account has to enable this region or service first",
        ],
    );
    assert_eq!(scene.account.clear_faults(), 1, "it is not tried again");
    scene.destroy().await;
    scene.is_empty().await;
}
