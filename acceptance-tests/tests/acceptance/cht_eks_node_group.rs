//! `cht_eks_node_group`: the six steps, changes that keep the group, creations that were killed. `refusals` has what
//! plans refuse, `failures` what EKS gives up.

mod failures;
mod refusals;

use acceptance_tests::aws::{Fault, Work};
use acceptance_tests::tofu::Workspace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::aws::Scene;
use crate::cht_eks::make_cluster;
use crate::support::{blames, done, failure};

const ADDRESS: &str = "cht_eks_node_group.test";

/// A cluster `c` with two subnets, and what there was then.
struct Nodes {
    scene: Scene,
    subnets: Vec<String>,
    before: BTreeMap<String, Vec<String>>,
}

impl Nodes {
    async fn new() -> Option<Self> {
        let scene = Scene::new().await?;
        make_cluster(&scene).await;
        let subnets = scene.listed("DescribeSubnets", "Subnets").await;
        let subnets = subnets.iter().filter(|subnet| {
            let cidr = subnet["CidrBlock"].as_str().unwrap_or_default();
            cidr.starts_with("10.0.")
        });
        let mut subnets: Vec<(String, String)> = subnets
            .map(|subnet| (text(&subnet["CidrBlock"]), text(&subnet["SubnetId"])))
            .collect();
        subnets.sort();
        let before = scene.account.left().await.expect("AWS answers");
        Some(Nodes {
            subnets: subnets.into_iter().map(|(_, id)| id).collect(),
            before,
            scene,
        })
    }

    /// A group `n` of one or two machines; `rest` is what differs.
    fn group(&self, rest: &str) -> String {
        self.sized("min_size = 1\nmax_size = 2", rest)
    }

    fn sized(&self, sizes: &str, rest: &str) -> String {
        format!(
            "resource \"cht_eks_node_group\" \"test\" {{\n  cluster_name = \"c\"\n  node_group_name = \"n\"\n  subnet_ids = {:?}\n  \
             scaling_config = {{\n{sizes}\n}}\n{rest}\n}}\n",
            self.subnets
        )
    }

    fn write(&self, rest: &str) {
        self.scene.write(&self.group(rest));
    }

    /// What EKS says of the group.
    async fn live(&self) -> Value {
        let asked = json!({"clusterName": "c", "nodegroupName": "n"});
        let answer = self.scene.account.call("eks", "DescribeNodegroup", asked).await;
        answer.expect("it is there")["nodegroup"].clone()
    }

    /// What the launch template says that the group has.
    async fn template(&self) -> Value {
        let template = &self.live().await["launchTemplate"];
        let asked = json!({"LaunchTemplateId": template["id"], "Versions": [template["version"]]});
        let answer = self
            .scene
            .account
            .call("ec2", "DescribeLaunchTemplateVersions", asked)
            .await;
        answer.expect("it is there")["LaunchTemplateVersions"][0]["LaunchTemplateData"].clone()
    }

    /// Changes the group as somebody else would.
    async fn change(&self, change: Value) {
        let mut asked = json!({"clusterName": "c", "nodegroupName": "n"});
        let members = asked.as_object_mut().expect("an object");
        members.extend(change.as_object().cloned().unwrap_or_default());
        let changed = self.scene.account.call("eks", "UpdateNodegroupConfig", asked).await;
        changed.expect("EKS does it");
    }

    /// Checks that nothing is left of the group.
    async fn is_gone(&self) {
        let left = self.scene.account.left().await.expect("AWS answers");
        assert_eq!(left, self.before);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn write(workspace: &Workspace, text: &str) {
    workspace.write("main.tf", text).expect("the configuration is written");
}

const ALL: &str = "instance_types = [\"m6g.large\"]\ndisk_size = 80\nlabels = { \"example.org/tier\" = \"couchdb\", zone = \"a\" }\n\
    taints = [{ key = \"couchdb\", value = \"1\", effect = \"NoSchedule\" }, { key = \"spare\", effect = \"PREFER_NO_SCHEDULE\" }]\n\
    update_config = { max_unavailable_percentage = 50, update_strategy = \"MINIMAL\" }\nnode_repair = true\n\
    tags = { county = \"siaya\" }";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_node_group_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    let made = nodes.live().await;
    assert_eq!((&made["status"], &made["version"]), (&json!("ACTIVE"), &json!("1.35")));
    assert_eq!(made["amiType"], "AL2023_ARM_64_STANDARD");
    assert_eq!(
        made["scalingConfig"],
        json!({"minSize": 1, "maxSize": 2, "desiredSize": 1})
    );
    let template = nodes.template().await;
    assert_eq!(template["InstanceType"], "m7g.xlarge");
    let disk = &template["BlockDeviceMappings"][0];
    assert_eq!(
        (&disk["Ebs"]["VolumeSize"], &disk["Ebs"]["VolumeType"]),
        (&json!(50), &json!("gp3"))
    );
    assert_eq!(template["MetadataOptions"]["HttpTokens"], "required");
    let state = scene.state(ADDRESS).await;
    assert_eq!(state["node_role_arn"], made["nodeRole"]);
    assert_eq!(
        state["autoscaling_group_names"][0],
        made["resources"]["autoScalingGroups"][0]["name"]
    );
    scene.is_settled().await;

    nodes.write(ALL);
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let changed = nodes.live().await;
    assert_eq!(changed["createdAt"], made["createdAt"], "it is the same one");
    assert_eq!(changed["labels"], json!({"example.org/tier": "couchdb", "zone": "a"}));
    assert_eq!(changed["taints"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        changed["updateConfig"],
        json!({"maxUnavailablePercentage": 50, "updateStrategy": "MINIMAL"})
    );
    assert_eq!(changed["nodeRepairConfig"]["enabled"], true);
    assert_eq!(changed["tags"]["county"], "siaya");
    let template = nodes.template().await;
    assert_eq!(template["InstanceType"], "m6g.large");
    assert_eq!(template["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 80);
    scene.is_settled().await;

    is_repaired(&nodes).await;
    is_imported(&nodes).await;
    nodes.write(&format!("{ALL}\ncapacity_type = \"SPOT\""));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert_eq!(nodes.live().await["capacityType"], "SPOT");
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
    scene.account.check().expect("AWS understood all");
}

/// Somebody changes labels, taints and sizes; and then deletes the group.
async fn is_repaired(nodes: &Nodes) {
    let scene = &nodes.scene;
    nodes
        .change(json!({
            "labels": {"addOrUpdateLabels": {"team": "x"}, "removeLabels": ["zone"]},
            "taints": {"removeTaints": [{"key": "couchdb", "value": "1", "effect": "NO_SCHEDULE"}]},
            "scalingConfig": {"minSize": 0, "maxSize": 5, "desiredSize": 1},
            "nodeRepairConfig": {"enabled": false},
        }))
        .await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!(before["labels"], json!({"example.org/tier": "couchdb", "team": "x"}));
    assert_eq!(before["scaling_config"]["max_size"], 5);
    scene.apply().await;
    let live = nodes.live().await;
    assert_eq!(live["labels"], json!({"example.org/tier": "couchdb", "zone": "a"}));
    assert_eq!(live["taints"].as_array().map(Vec::len), Some(2));
    assert_eq!(live["scalingConfig"]["maxSize"], 2);
    scene.is_settled().await;

    let asked = json!({"clusterName": "c", "nodegroupName": "n"});
    scene
        .account
        .call("eks", "DeleteNodegroup", asked)
        .await
        .expect("EKS does it");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
}

async fn is_imported(nodes: &Nodes) {
    let scene = &nodes.scene;
    for by in [
        "id = \"c:n\"",
        "identity = { cluster_name = \"c\", node_group_name = \"n\" }",
    ] {
        let other = scene.elsewhere();
        // As an import finds it: in the words of EKS.
        let own = nodes.group(ALL).replace("NoSchedule", "NO_SCHEDULE");
        write(&other, &format!("{own}import {{\n  to = {ADDRESS}\n  {by}\n}}\n"));
        let plan = done("plan", other.plan().await);
        assert_eq!(plan.actions(ADDRESS), ["no-op"], "{:?}", plan.change(ADDRESS));
    }
    let other = scene.elsewhere();
    write(&other, &nodes.group(""));
    let missing = failure("import", other.import(ADDRESS, "c:others").await);
    assert_eq!(missing.summary, "No node group to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_07_a_node_group_is_not_replaced_on_an_innocent_change() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    let made = nodes.live().await;
    for (rest, version) in [
        ("instance_types = [\"r7g.large\"]", "2"),
        ("instance_types = [\"r7g.large\"]\ndisk_size = 100", "3"),
        // One that there has been already.
        ("", "1"),
    ] {
        nodes.write(rest);
        assert_eq!(scene.plan().await.actions(ADDRESS), ["update"], "{rest}");
        scene.apply().await;
        let live = nodes.live().await;
        assert_eq!(
            (&live["createdAt"], &live["nodegroupArn"]),
            (&made["createdAt"], &made["nodegroupArn"])
        );
        assert_eq!(live["launchTemplate"]["version"], version, "{rest}");
        scene.is_settled().await;
    }
    // Other processors need another image, which a group cannot be given.
    nodes.write("instance_types = [\"m7i.large\"]");
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["delete", "create"]);
    let after = &plan.change(ADDRESS).expect("a change").after;
    assert_eq!(after["ami_type"], "AL2023_x86_64_STANDARD");
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_08_sizes_do_not_fight_with_an_autoscaler() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let sizes = async || nodes.live().await["scalingConfig"].clone();
    scene.write(&nodes.sized("min_size = 1\nmax_size = 5", ""));
    scene.apply().await;
    nodes
        .change(json!({"scalingConfig": {"minSize": 1, "maxSize": 5, "desiredSize": 4}}))
        .await;
    scene.is_settled().await;

    scene.write(&nodes.sized("min_size = 2\nmax_size = 5", ""));
    scene.apply().await;
    assert_eq!(
        sizes().await,
        json!({"minSize": 2, "maxSize": 5, "desiredSize": 4}),
        "it may decide"
    );
    scene.write(&nodes.sized("min_size = 1\nmax_size = 3", ""));
    scene.apply().await;
    assert_eq!(
        sizes().await,
        json!({"minSize": 1, "maxSize": 3, "desiredSize": 3}),
        "within the limits"
    );

    // Who says a number means it.
    scene.write(&nodes.sized("min_size = 1\nmax_size = 3\ndesired_size = 2", ""));
    scene.apply().await;
    assert_eq!(sizes().await["desiredSize"], 2);
    nodes
        .change(json!({"scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 3}}))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    // More at least than there should be.
    scene.write(&nodes.sized("min_size = 3\nmax_size = 3\ndesired_size = 2", ""));
    let refused = scene.plan_fails().await;
    blames(&refused, "Sizes contradict each other", "not between", "desired_size");
    nodes.write("");
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nodes_follow_the_version_of_their_cluster() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.eks().changes_cluster("c", &json!({"version": "1.34"}));
    nodes.write("");
    scene.apply().await;
    assert_eq!(nodes.live().await["version"], "1.34");
    scene.account.eks().changes_cluster("c", &json!({"version": "1.35"}));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(plan.change(ADDRESS).expect("a change").after["version"], "1.35");
    // Who says a version keeps it.
    nodes.write("version = \"1.34\"");
    assert!(scene.plan().await.is_empty());
    nodes.write("");
    scene.apply().await;
    assert_eq!(nodes.live().await["version"], "1.35");
    scene.is_settled().await;
    nodes.write("version = \"1.37\"");
    let refused = scene.plan_fails().await;
    blames(&refused, "Nodes would be newer than their cluster", "1.35", "version");
    nodes.write("");
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_creation_has_left_is_gone_on_with() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.fault("eks:CreateNodegroup", Fault::lost_answer());
    scene.account.fault("ec2:CreateLaunchTemplate", Fault::lost_answer());
    nodes.write("");
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 2, "both were met");
    scene.is_settled().await;
    assert_eq!(
        scene.listed("DescribeLaunchTemplates", "LaunchTemplates").await.len(),
        2,
        "ours, and that of EKS"
    );

    // Nothing was saved at all.
    let other = scene.elsewhere();
    write(&other, &nodes.group("tags = { county = \"siaya\" }"));
    let outcome = done("apply", other.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Node group is there already");
    assert!(warning.is_some(), "{}", outcome.text());
    assert!(done("plan", other.plan().await).is_empty());
    done("destroy", other.destroy().await);
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_fails_in_the_middle_leaves_nothing_behind() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    for action in [
        "iam:AttachRolePolicy",
        "ec2:CreateLaunchTemplate",
        "eks:CreateNodegroup",
    ] {
        scene.account.fault(action, Fault::access_denied());
        let failed = scene.apply_fails().await;
        assert_eq!(failed.summary, "Unable to create the node group");
        assert!(failed.detail.contains(action), "{}", failed.detail);
        assert_eq!(scene.account.clear_faults(), 1);
    }
    scene.account.fault("eks:CreateNodegroup", Fault::throttled().times(2));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 2);
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_group_of_somebody_else_is_refused_and_can_be_imported() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let statement =
        json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let role = json!({"RoleName": "theirs", "AssumeRolePolicyDocument": policy});
    let role = scene.account.call("iam", "CreateRole", role).await.expect("it is made");
    let theirs = json!({
        "clusterName": "c", "nodegroupName": "n", "subnets": nodes.subnets, "nodeRole": role["Role"]["Arn"],
        "instanceTypes": ["m7g.large"], "amiType": "AL2023_ARM_64_STANDARD", "diskSize": 30,
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 1},
    });
    scene
        .account
        .call("eks", "CreateNodegroup", theirs)
        .await
        .expect("it is made");
    let own = "instance_types = [\"m7g.large\"]\ndisk_size = 30";
    nodes.write(own);
    let refused = scene.apply_fails().await;
    blames(&refused, "Node group exists already", "import it", "node_group_name");
    done("import", scene.workspace.import(ADDRESS, "c:n").await);
    scene.is_settled().await;
    // It has no launch template in which these could be changed.
    nodes.write("instance_types = [\"m7g.large\"]\ndisk_size = 50");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    nodes.write(own);
    scene.destroy().await;
    scene
        .account
        .call("iam", "GetRole", json!({"RoleName": "theirs"}))
        .await
        .expect("the role stays");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_06_a_change_that_was_cut_off_is_waited_for() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    scene.account.fault("eks:DescribeUpdate", Fault::access_denied());
    nodes.write("disk_size = 60");
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Unable to update the node group");
    scene.account.clear_faults();
    // Another change, while somebody's own is under way.
    scene.account.eks().takes(Work::UpdateNodegroup, Duration::from_secs(4));
    nodes.change(json!({"nodeRepairConfig": {"enabled": true}})).await;
    nodes.write("disk_size = 60\nlabels = { tier = \"a\" }");
    scene.apply().await;
    let live = nodes.live().await;
    assert_eq!(
        (&live["labels"], &live["nodeRepairConfig"]["enabled"]),
        (&json!({"tier": "a"}), &json!(false))
    );
    assert_eq!(
        nodes.template().await["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"],
        60
    );
    scene.account.eks().takes(Work::UpdateNodegroup, Duration::ZERO);
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}
