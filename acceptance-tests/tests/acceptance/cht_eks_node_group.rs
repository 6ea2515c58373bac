//! `cht_eks_node_group`: the six steps. `changes` keep the group, `creations` are killed or fail, `refusals` has what
//! plans refuse, `quotas` what there is no room for, `failures` what EKS gives up.

mod changes;
mod creations;
mod failures;
mod quotas;
mod refusals;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::{Scene, write};
use crate::cht_eks::make_cluster;
use crate::support::{done, failure};

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
        let subnets = scene.subnets().await;
        let before = scene.account.left().await.expect("AWS answers");
        Some(Nodes { scene, subnets, before })
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

    /// Deletes the group alone, as somebody else would, or a deletion that is killed in the middle.
    async fn delete_behind(&self) {
        let group = json!({"clusterName": "c", "nodegroupName": "n"});
        self.scene.delete_in_eks("Nodegroup", &group).await;
    }

    /// Checks that nothing is left of the group.
    async fn is_gone(&self) {
        let left = self.scene.account.left().await.expect("AWS answers");
        assert_eq!(left, self.before);
    }
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

    nodes.delete_behind().await;
    // What it has left goes before it is made anew.
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
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
