//! `cht_vpc`: the six steps, creations that are killed or fail, drift of each part, and what keeps a network.

use std::collections::BTreeMap;

use acceptance_tests::aws::Fault;
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::support::{blames, done};

const ADDRESS: &str = "cht_vpc.test";

/// A network with these lines.
fn network(lines: &str) -> String {
    format!("resource \"cht_vpc\" \"test\" {{\n  name = \"moh\"\n  cidr_block = \"10.42.0.0/16\"\n  {lines}\n}}\n")
}

/// The tags of something that EC2 has listed.
fn tags(of: &Value) -> BTreeMap<String, String> {
    let tags = of["Tags"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    tags.iter()
        .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
        .collect()
}

/// The id of a part, as the state has it.
async fn part(scene: &Scene, name: &str) -> String {
    let state = scene.state(ADDRESS).await;
    state["parts"][name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_network_is_made_changed_imported_and_destroyed() {
    let Some(mut scene) = Scene::new().await else { return };
    scene.write(&network("cluster_names = [\"moh\"]"));
    scene.apply().await;
    scene.is_settled().await;
    let state = scene.state(ADDRESS).await;
    assert_eq!(state["private_subnet_cidrs"], json!(["10.42.0.0/19", "10.42.32.0/19"]));
    assert_eq!(
        state["parts"].as_object().map(serde_json::Map::len),
        Some(11),
        "{state:#}"
    );
    looks_as_eks_needs_it(&scene).await;

    scene.write(&network(
        "az_count = 3\n  nat_gateway = \"per_az\"\n  tags = { owner = \"moh\" }\n  gateway_endpoints = [\"s3\", \"dynamodb\"]",
    ));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    let changed = scene.state(ADDRESS).await;
    assert_eq!(changed["id"], state["id"]);
    assert_eq!(
        changed["private_subnet_ids"][0], state["private_subnet_ids"][0],
        "it stays"
    );
    assert_eq!(changed["nat_public_ips"].as_array().map(Vec::len), Some(3));
    for subnet in scene.listed("DescribeSubnets", "Subnets").await {
        let tags = tags(&subnet);
        if tags.contains_key("cht:part") {
            assert_eq!(tags.get("owner").map(String::as_str), Some("moh"));
            assert!(
                !tags.contains_key("kubernetes.io/cluster/moh"),
                "it is wanted no more: {tags:?}"
            );
        }
    }

    let id = state["id"].as_str().expect("an id").to_owned();
    scene.forget();
    scene.write(&network(
        "nat_gateway = \"per_az\"\n  tags = { owner = \"moh\" }\n  gateway_endpoints = [\"s3\", \"dynamodb\"]\n  az_count = 3",
    ));
    done("import", scene.workspace.import(ADDRESS, &id).await);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.state(ADDRESS).await["parts"], changed["parts"]);

    scene.write(&network("nat_gateway = \"none\""));
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.state(ADDRESS).await["nat_public_ips"], json!([]));
    scene.destroy().await;
    scene.is_empty().await;
}

/// Names for machines, a way out for private subnets, and tags for load balancers.
async fn looks_as_eks_needs_it(scene: &Scene) {
    let state = scene.state(ADDRESS).await;
    for (attribute, answer) in [
        ("enableDnsSupport", "EnableDnsSupport"),
        ("enableDnsHostnames", "EnableDnsHostnames"),
    ] {
        let asked = json!({"VpcId": state["id"], "Attribute": attribute});
        let said = scene
            .account
            .call("ec2", "DescribeVpcAttribute", asked)
            .await
            .expect("an answer");
        assert_eq!(said[answer]["Value"], json!(true), "{attribute}");
    }
    for subnet in scene.listed("DescribeSubnets", "Subnets").await {
        let tags = tags(&subnet);
        let Some(part) = tags.get("cht:part") else { continue };
        let role = if part.starts_with("public") {
            "kubernetes.io/role/elb"
        } else {
            "kubernetes.io/role/internal-elb"
        };
        assert_eq!(tags.get(role).map(String::as_str), Some("1"), "{part}");
        assert_eq!(
            tags.get("kubernetes.io/cluster/moh").map(String::as_str),
            Some("shared"),
            "{part}"
        );
    }
    let nat = part(scene, "nat-gateway/eu-west-2a").await;
    for table in scene.listed("DescribeRouteTables", "RouteTables").await {
        let tags = tags(&table);
        let leads = |target: &str| {
            let routes = table["Routes"].as_array().cloned().unwrap_or_default();
            routes
                .iter()
                .any(|route| route["DestinationCidrBlock"] == "0.0.0.0/0" && route[target].is_string())
        };
        match tags.get("cht:part").map(String::as_str) {
            Some("route-table/public") => assert!(leads("GatewayId"), "{table:#}"),
            Some(_) => assert!(leads("NatGatewayId") && table.to_string().contains(&nat), "{table:#}"),
            None => {}
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_11_a_creation_is_continued_wherever_its_answer_was_lost_and_nothing_is_made_twice() {
    for (action, skip) in [
        ("ec2:CreateVpc", 0),
        ("ec2:CreateInternetGateway", 0),
        ("ec2:CreateSubnet", 2),
        ("ec2:AllocateAddress", 0),
        ("ec2:CreateNatGateway", 0),
        ("ec2:CreateRouteTable", 1),
        ("ec2:CreateRoute", 0),
        ("ec2:CreateVpcEndpoint", 0),
    ] {
        let Some(mut scene) = Scene::new().await else { return };
        scene.write(&network(""));
        // The answer is lost, and the state with it: as if everything were killed at this point.
        scene.account.fault(action, Fault::lost_answer().skip(skip));
        let _ = scene.workspace.apply().await;
        assert_eq!(scene.account.clear_faults(), 1, "{action}");
        scene.forget();
        scene.write(&network(""));
        scene.apply().await;
        scene.is_settled().await;
        let vpcs = scene.listed("DescribeVpcs", "Vpcs").await;
        let ours = vpcs.iter().filter(|vpc| tags(vpc).contains_key("cht:network")).count();
        assert_eq!(ours, 1, "{action}");
        scene.destroy().await;
        scene.is_empty().await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_a_creation_that_is_refused_for_a_quota_keeps_what_was_made_and_says_why() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&network(""));
    let quota = Fault::error(
        400,
        "NatGatewayLimitExceeded",
        "The maximum number of NAT gateways has been reached.",
    );
    scene.account.fault("ec2:CreateNatGateway", quota);
    let refused = scene.apply_fails().await;
    assert_eq!(refused.summary, "Unable to make the network");
    assert!(
        refused.detail.contains("quota") && refused.detail.contains("ec2:CreateNatGateway"),
        "{refused:#?}"
    );
    assert!(scene.state(ADDRESS).await["parts"]["address/eu-west-2a"].is_string());
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_03_a_missing_permission_is_named() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&network(""));
    scene.account.fault("ec2:CreateVpc", Fault::access_denied());
    let refused = scene.apply_fails().await;
    assert!(refused.detail.contains("Action: ec2:CreateVpc"), "{refused:#?}");
    scene.account.fault("ec2:CreateVpc", Fault::throttled().times(2));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 3, "throttled calls are made again");
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_somebody_else_takes_away_is_shown_and_put_back() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&network("tags = { owner = \"moh\" }"));
    scene.apply().await;
    let subnet = part(&scene, "private-subnet/eu-west-2a").await;
    let table = part(&scene, "route-table/eu-west-2b").await;
    let untag = json!({"Resources": [subnet], "Tags": [{"Key": "kubernetes.io/role/internal-elb"}]});
    scene
        .account
        .call("ec2", "DeleteTags", untag)
        .await
        .expect("it is untagged");
    let route = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"});
    scene
        .account
        .call("ec2", "DeleteRoute", route)
        .await
        .expect("it is gone");
    let endpoint = json!({"VpcEndpointIds": [part(&scene, "endpoint/s3").await]});
    scene
        .account
        .call("ec2", "DeleteVpcEndpoints", endpoint)
        .await
        .expect("it is gone");

    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    for line in [
        "kubernetes.io/role/internal-elb",
        "the default route of route-table/eu-west-2b",
        "endpoint/s3 is not there",
    ] {
        assert!(drift.contains(line), "{line}: {drift}");
    }
    scene.apply().await;
    scene.is_settled().await;
    let vpc = json!({"VpcId": scene.state(ADDRESS).await["id"], "EnableDnsHostnames": {"Value": false}});
    scene
        .account
        .call("ec2", "ModifyVpcAttribute", vpc)
        .await
        .expect("it is changed");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_10_complaint_04_a_network_that_is_in_use_stays_whole_and_says_who_uses_it() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&network(""));
    scene.apply().await;
    let subnet = part(&scene, "private-subnet/eu-west-2a").await;
    let made = json!({"SubnetId": subnet, "Description": "the database of somebody"});
    let made = scene
        .account
        .call("ec2", "CreateNetworkInterface", made)
        .await
        .expect("it is made");
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "Network is in use");
    assert!(refused.detail.contains("the database of somebody"), "{refused:#?}");
    scene.is_settled().await;
    let card = json!({"NetworkInterfaceId": made["NetworkInterface"]["NetworkInterfaceId"]});
    scene
        .account
        .call("ec2", "DeleteNetworkInterface", card)
        .await
        .expect("it is gone");
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_network_of_another_state_is_not_taken_over() {
    let Some(mut scene) = Scene::new().await else { return };
    scene.write(&network(""));
    scene.apply().await;
    // A refresh has found it in a state.
    scene.is_settled().await;
    let id = scene.state(ADDRESS).await["id"].as_str().expect("an id").to_owned();
    scene.forget();
    scene.write(&network(""));
    let refused = scene.apply_fails().await;
    blames(&refused, "Network exists already", &id, "name");
    done("import", scene.workspace.import(ADDRESS, &id).await);
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn plans_refuse_what_no_network_can_be() {
    let Some(scene) = Scene::new().await else { return };
    for (lines, summary, words, attribute) in [
        (
            "instance_type = \"m99.huge\"",
            "Too few availability zones",
            "m99.huge",
            "instance_type",
        ),
        (
            "availability_zones = [\"eu-west-9z\"]",
            "Unfit availability zone",
            "eu-west-9z",
            "availability_zones",
        ),
        (
            "private_subnet_cidrs = [\"10.42.0.0/24\", \"10.42.0.0/20\"]",
            "Unfit subnet",
            "has addresses of 10.42.0.0/24",
            "10.42.0.0/20",
        ),
        (
            "public_subnet_cidrs = [\"10.42.0.0/24\"]",
            "Subnets do not match the zones",
            "2 zones",
            "public_subnet_cidrs",
        ),
    ] {
        scene.write(&network(lines));
        let refused = scene.plan_fails().await;
        blames(&refused, summary, words, attribute);
    }
    scene.is_empty().await;
}

/// Leaves what the load balancer controller and the CNI plugin of a cluster leave in a network.
async fn leave_behind(scene: &Scene, cluster: &str) {
    let call = async |service: &str, operation: &str, asked: Value| {
        let answer = scene.account.call(service, operation, asked).await;
        answer.unwrap_or_else(|error| panic!("{operation}: {error:#}"))
    };
    let vpc = scene.state(ADDRESS).await["id"].clone();
    let subnets = [
        part(scene, "public-subnet/eu-west-2a").await,
        part(scene, "public-subnet/eu-west-2b").await,
    ];
    let tag = json!([{"Key": "elbv2.k8s.aws/cluster", "Value": cluster}]);
    let mut groups = Vec::new();
    for name in ["balancer", "backend"] {
        let asked = json!({
            "GroupName": format!("{cluster}-{name}"), "Description": name, "VpcId": vpc,
            "TagSpecifications": [{"ResourceType": "security-group", "Tags": tag}],
        });
        groups.push(call("ec2", "CreateSecurityGroup", asked).await["GroupId"].clone());
    }
    let balancer = json!({"Name": format!("k8s-{cluster}"), "Subnets": subnets, "SecurityGroups": groups, "Tags": tag});
    call("elbv2", "CreateLoadBalancer", balancer).await;
    let targets = json!({
        "Name": format!("k8s-{cluster}"), "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip", "Tags": tag,
    });
    call("elbv2", "CreateTargetGroup", targets).await;
    let card = json!({
        "SubnetId": part(scene, "private-subnet/eu-west-2a").await, "Description": format!("aws-K8S-{cluster}"),
        "TagSpecifications": [{
            "ResourceType": "network-interface", "Tags": [{"Key": "cluster.k8s.amazonaws.com/name", "Value": cluster}],
        }],
    });
    call("ec2", "CreateNetworkInterface", card).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_04_what_a_gone_cluster_has_left_goes_with_its_network_and_what_another_has_left_keeps_it() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&network("cluster_names = [\"gone\"]"));
    scene.apply().await;
    leave_behind(&scene, "other").await;
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "Network is in use");
    assert!(refused.detail.contains("aws-K8S-other"), "{refused:#?}");

    scene.write(&network("cluster_names = [\"gone\", \"other\"]"));
    scene.apply().await;
    leave_behind(&scene, "gone").await;
    scene.destroy().await;
    scene.is_empty().await;
}
