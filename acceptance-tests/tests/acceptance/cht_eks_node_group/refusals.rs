//! What plans refuse before anything is made.

use acceptance_tests::aws::Fault;

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_group_cannot_be_is_refused_at_its_attribute() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    for (rest, text, attribute) in [
        ("ami_type = \"AL2_ARM_64\"", "AL2023_ARM_64_STANDARD", "ami_type"),
        ("ami_type = \"AL2023_x86_64_STANDARD\"", "is for x86_64", "ami_type"),
        (
            "instance_types = [\"m7g.large\", \"m7i.large\"]",
            "no image is for both",
            "instance_types",
        ),
        ("instance_types = [\"m7g.huge\"]", "m7g.huge", "instance_types"),
        (
            "labels = { \"kubernetes.io/os\" = \"linux\" }",
            "a domain of your own",
            "labels",
        ),
        (
            "taints = [{ key = \"a\", effect = \"Never\" }]",
            "NO_SCHEDULE",
            "effect",
        ),
        (
            "update_config = { max_unavailable = 1, max_unavailable_percentage = 5 }",
            "",
            "update_config",
        ),
        ("version = \"1.37\"", "1.35", "version"),
        ("disk_size = 8", "20", "disk_size"),
    ] {
        nodes.write(rest);
        let refused = scene.plan_fails().await;
        blames(&refused, &refused.summary, text, attribute);
    }
    scene.write(&nodes.sized("min_size = 3\nmax_size = 2", ""));
    let refused = scene.plan_fails().await;
    blames(&refused, "Sizes contradict each other", "Raise `max_size`", "min_size");
    // Nothing of it needed a change.
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_12_subnets_that_do_not_fit_are_refused() {
    let Some(mut nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let call = async |operation: &str, asked: Value| {
        let answer = scene.account.call("ec2", operation, asked).await;
        answer.expect("EC2 does it")
    };
    let id = |subnet: &Value| subnet["Subnet"]["SubnetId"].as_str().expect("an id").to_owned();
    let vpc = call("CreateVpc", json!({"CidrBlock": "10.1.0.0/16"})).await;
    let vpc = vpc["Vpc"]["VpcId"].clone();
    let other = call("CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.1.0.0/24"})).await;
    let other = id(&other);
    let own = call("DescribeSubnets", json!({"SubnetIds": [nodes.subnets[0]]})).await;
    let vpc = own["Subnets"][0]["VpcId"].clone();
    let asked = json!({"VpcId": vpc, "CidrBlock": "10.0.9.0/28", "AvailabilityZone": "eu-west-2a"});
    let small = id(&call("CreateSubnet", asked).await);
    for (subnet, sizes, summary, text) in [
        (
            "subnet-0123456789abcdef0",
            "min_size = 1\nmax_size = 2",
            "Subnet does not exist",
            "subnet-0123456789abcdef0",
        ),
        (
            other.as_str(),
            "min_size = 1\nmax_size = 2",
            "Subnet is in another network",
            "10.1.0.0/24",
        ),
        (
            small.as_str(),
            "min_size = 12\nmax_size = 20",
            "Too few addresses",
            "addresses",
        ),
    ] {
        nodes.subnets = vec![subnet.to_owned()];
        nodes.scene.write(&nodes.sized(sizes, ""));
        let refused = nodes.scene.plan_fails().await;
        blames(&refused, summary, text, "subnet_ids");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn whoever_may_not_look_may_plan() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    for action in [
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeSubnets",
        "eks:DescribeCluster",
    ] {
        scene.account.fault(action, Fault::access_denied().always());
    }
    nodes.write("");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.account.clear_faults();
    // A cluster that is still to be made.
    scene.write(&nodes.group("").replace("\"c\"", "\"later\""));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    let refused = scene.apply_fails().await;
    blames(&refused, "Unable to create the node group", "later", "cluster_name");
}
