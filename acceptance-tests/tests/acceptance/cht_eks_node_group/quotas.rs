//! What plans say of the quotas of EC2, before a machine is asked for. A machine of the type m7g.xlarge has 4 vCPUs.

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{Diagnostic, Plan};

use super::*;
use crate::support::blames;

const ON_DEMAND: &str = "L-1216C47A";
const SPOT: &str = "L-34B43A08";
const EXCEEDS: &str = "Machines exceed the quota";
const MAY_EXCEED: &str = "Machines may not fit into the quota";

/// What a plan says of quotas.
fn warnings(plan: &Plan) -> Vec<&Diagnostic> {
    let all = plan.diagnostics().iter();
    all.filter(|told| told.summary == MAY_EXCEED).collect()
}

/// How often Service Quotas was asked.
fn asked(nodes: &Nodes) -> usize {
    let actions = nodes.scene.account.actions();
    let of_quotas = actions.iter().filter(|action| action.starts_with("service-quotas:"));
    of_quotas.count()
}

/// Starts machines as somebody else would: their ids.
async fn start_machines(nodes: &Nodes, count: u32) -> Value {
    let asked = json!({
        "ImageId": "ami-0123456789abcdef0", "InstanceType": "m7g.xlarge", "MinCount": count, "MaxCount": count,
        "SubnetId": nodes.subnets[0],
    });
    let started = nodes.scene.account.call("ec2", "RunInstances", asked).await;
    let started = started.expect("EC2 does it");
    let machines = started["Instances"].as_array().expect("there are machines").iter();
    machines.map(|machine| machine["InstanceId"].clone()).collect()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_machines_that_exceed_a_quota_are_refused_by_the_plan() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.quota(ON_DEMAND, 5);
    for (sizes, rest, text, attribute) in [
        (
            "min_size = 2\nmax_size = 3",
            "",
            "For 2 machines of `m7g.xlarge`, 8 vCPUs are needed. The account may have 5 in eu-west-2",
            "min_size",
        ),
        (
            "min_size = 1\nmax_size = 3\ndesired_size = 3",
            "",
            "Ask for 12 at least under Service Quotas, Amazon EC2",
            "desired_size",
        ),
        (
            "min_size = 1\nmax_size = 3",
            "instance_types = [\"m7g.2xlarge\"]",
            ON_DEMAND,
            "instance_types",
        ),
    ] {
        scene.write(&nodes.sized(sizes, rest));
        blames(&scene.plan_fails().await, EXCEEDS, text, attribute);
    }
    // One is enough to come up: what an autoscaler may add is nobody's plan yet.
    nodes.write("");
    assert!(warnings(&scene.plan().await).is_empty());
    // Where the account has no value of its own, that of all counts.
    scene.account.quota(ON_DEMAND, 3);
    let none = Fault::error(400, "NoSuchResourceException", "There is no applied value");
    scene.account.fault("service-quotas:GetServiceQuota", none.always());
    // The type is nowhere in the configuration.
    blames(&scene.plan_fails().await, EXCEEDS, "may have 3", "cht_eks_node_group");
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_machines_that_do_not_fit_beside_what_runs_are_told_by_the_plan() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let others = start_machines(&nodes, 2).await;
    scene.account.quota(ON_DEMAND, 10);
    nodes.write("");
    let plan = scene.plan().await;
    let told = warnings(&plan);
    assert_eq!(told.len(), 1, "{:?}", plan.diagnostics());
    let text = "by the quota \"Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances\" (L-1216C47A) of EC2, and 8 are in \
                use, which leaves 2";
    blames(told[0], MAY_EXCEED, text, "min_size");
    scene.account.quota(ON_DEMAND, 12);
    assert!(warnings(&scene.plan().await).is_empty());
    scene.apply().await;

    // Nothing grows: nobody is asked.
    scene.account.forget_calls();
    scene.is_settled().await;
    nodes.write("labels = { tier = \"a\" }");
    scene.plan().await;
    assert_eq!(asked(&nodes), 0, "{:?}", scene.account.actions());

    // Of a group that grows, what it has is among what runs.
    scene.write(&nodes.sized("min_size = 1\nmax_size = 2\ndesired_size = 2", ""));
    let plan = scene.plan().await;
    assert_eq!(warnings(&plan).len(), 1, "{:?}", plan.diagnostics());
    let text = "4 vCPUs are needed beside what runs. The account may have 12";
    blames(warnings(&plan)[0], MAY_EXCEED, text, "desired_size");
    nodes.write("instance_types = [\"r7g.2xlarge\"]");
    blames(
        warnings(&scene.plan().await)[0],
        MAY_EXCEED,
        "Ask for 16 at least",
        "instance_types",
    );
    // As large as before.
    nodes.write("instance_types = [\"r7g.xlarge\"]");
    assert!(warnings(&scene.plan().await).is_empty());

    let ended = scene
        .account
        .call("ec2", "TerminateInstances", json!({"InstanceIds": others}))
        .await;
    ended.expect("EC2 does it");
    nodes.write("instance_types = [\"r7g.2xlarge\"]");
    assert!(warnings(&scene.plan().await).is_empty());
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_groups_that_fit_alone_and_not_together_are_told_by_the_plan() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let other = nodes
        .group("")
        .replace("\"test\"", "\"other\"")
        .replace("\"n\"", "\"o\"");
    scene.write(&format!("{}{other}", nodes.group("")));
    scene.account.quota(ON_DEMAND, 7);
    let plan = scene.plan().await;
    let told = warnings(&plan);
    assert_eq!(told.len(), 1, "{:?}", plan.diagnostics());
    let text = "0 are in use, and 4 are for other node groups of this run, which leaves 3";
    blames(told[0], MAY_EXCEED, text, "min_size");
    assert_eq!(asked(&nodes), 1, "one look is for both: {:?}", scene.account.actions());
    scene.account.quota(ON_DEMAND, 8);
    assert!(warnings(&scene.plan().await).is_empty());
    // What an apply makes is not counted twice.
    let outcome = scene.apply().await;
    assert!(
        outcome.warnings().all(|told| told.summary != MAY_EXCEED),
        "{}",
        outcome.text()
    );
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_spot_machines_count_for_a_quota_of_their_own() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.quota(ON_DEMAND, 0);
    nodes.write("capacity_type = \"SPOT\"\ninstance_types = [\"m7g.xlarge\", \"m6g.large\"]");
    assert!(warnings(&scene.plan().await).is_empty());
    scene.account.quota(SPOT, 1);
    let text = "For 1 machine of `m6g.large`, the smallest of its types, 2 vCPUs are needed";
    let refused = scene.plan_fails().await;
    blames(&refused, EXCEEDS, text, "instance_types");
    assert!(refused.detail.contains(SPOT), "{refused:#?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn whoever_cannot_ask_about_quotas_may_plan() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.quota(ON_DEMAND, 1);
    nodes.write("");
    for (action, fault) in [
        ("service-quotas:*", Fault::access_denied()),
        ("service-quotas:*", Fault::cut()),
        ("service-quotas:*", Fault::server_error()),
        ("ec2:DescribeInstances", Fault::access_denied()),
    ] {
        scene.account.fault(action, fault.always());
        let plan = scene.plan().await;
        assert_eq!(plan.actions(ADDRESS), ["create"]);
        assert!(plan.diagnostics().is_empty(), "{action}: {:?}", plan.diagnostics());
        assert!(scene.account.clear_faults() > 0, "{action}");
    }
    // What is not known yet cannot be counted.
    scene.account.forget_calls();
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"m7g.xlarge\"\n}\n";
    let group = nodes.group("instance_types = [terraform_data.later.output]");
    scene.write(&format!("{later}{group}"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    assert_eq!(asked(&nodes), 0, "{:?}", scene.account.actions());
}
