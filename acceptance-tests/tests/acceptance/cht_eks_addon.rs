//! `cht_eks_addon`: the six steps. `changes` are roles by pod identity and versions that are followed, `creations`
//! fail, are killed or wait for nodes.

mod changes;
mod creations;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::{Scene, write};
use crate::cht_eks::make_cluster;
use crate::support::{done, failure};

const ADDRESS: &str = "cht_eks_addon.test";

const EBS: &str = "aws-ebs-csi-driver";

/// A cluster `c`, and what there was then.
struct Addons {
    scene: Scene,
    before: BTreeMap<String, Vec<String>>,
}

impl Addons {
    /// A cluster without nodes.
    async fn new() -> Option<Self> {
        let scene = Scene::new().await?;
        make_cluster(&scene).await;
        let before = scene.account.left().await.expect("AWS answers");
        Some(Addons { scene, before })
    }

    /// A cluster with a node group of somebody else.
    async fn with_nodes() -> Option<Self> {
        let mut addons = Addons::new().await?;
        addons.make_nodes().await;
        addons.before = addons.scene.account.left().await.expect("AWS answers");
        Some(addons)
    }

    async fn make_nodes(&self) {
        let subnets = self.scene.subnets().await;
        let role = self.scene.make_role("nodes", "ec2").await;
        let nodes = json!({
            "clusterName": "c", "nodegroupName": "n", "subnets": subnets, "nodeRole": role,
            "instanceTypes": ["m7g.large"], "amiType": "AL2023_ARM_64_STANDARD",
        });
        self.scene
            .account
            .call("eks", "CreateNodegroup", nodes)
            .await
            .expect("it is made");
    }

    fn write(&self, name: &str, rest: &str) {
        self.scene.write(&addon(name, rest));
    }

    /// What EKS says of an add-on.
    async fn live(&self, name: &str) -> Value {
        let asked = json!({"clusterName": "c", "addonName": name});
        let answer = self.scene.account.call("eks", "DescribeAddon", asked).await;
        answer.expect("it is there")["addon"].clone()
    }

    /// Who has which role: service accounts with the names of roles.
    async fn roles(&self) -> Vec<(String, String)> {
        let account = &self.scene.account;
        let listed = account
            .call("eks", "ListPodIdentityAssociations", json!({"clusterName": "c"}))
            .await;
        let listed = listed.expect("EKS answers")["associations"].clone();
        let mut roles = Vec::new();
        for one in listed.as_array().cloned().unwrap_or_default() {
            let asked = json!({"clusterName": "c", "associationId": one["associationId"]});
            let answer = account.call("eks", "DescribePodIdentityAssociation", asked).await;
            let found = answer.expect("it is there")["association"].clone();
            let role = found["roleArn"]
                .as_str()
                .and_then(|arn| arn.rsplit('/').next())
                .unwrap_or_default();
            roles.push((
                found["serviceAccount"].as_str().unwrap_or_default().to_owned(),
                role.to_owned(),
            ));
        }
        roles
    }

    /// Changes an add-on as somebody else would.
    async fn change(&self, name: &str, change: Value) {
        let mut asked = json!({"clusterName": "c", "addonName": name});
        let members = asked.as_object_mut().expect("an object");
        members.extend(change.as_object().cloned().unwrap_or_default());
        let changed = self.scene.account.call("eks", "UpdateAddon", asked).await;
        changed.expect("EKS does it");
    }

    /// Deletes an add-on alone, as somebody else would, or a deletion that is killed in the middle.
    async fn delete_behind(&self, name: &str) {
        let addon = json!({"clusterName": "c", "addonName": name});
        self.scene.delete_in_eks("Addon", &addon).await;
    }

    /// Checks that nothing is left of the add-on.
    async fn is_gone(&self) {
        let listed = self
            .scene
            .account
            .call("eks", "ListAddons", json!({"clusterName": "c"}))
            .await;
        assert_eq!(listed.expect("EKS answers")["addons"], json!([]));
        assert!(self.roles().await.is_empty());
        assert_eq!(self.scene.account.left().await.expect("AWS answers"), self.before);
    }
}

fn addon(name: &str, rest: &str) -> String {
    format!("resource \"cht_eks_addon\" \"test\" {{\n  cluster_name = \"c\"\n  addon_name = {name:?}\n{rest}\n}}\n")
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_addon_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    addons.write(EBS, "");
    scene.apply().await;
    let made = addons.live(EBS).await;
    assert_eq!(
        (&made["status"], &made["addonVersion"]),
        (&json!("ACTIVE"), &json!("v1.58.0-eksbuild.1"))
    );
    let own = "cht-eu-west-2-c-aws-ebs-csi-driver";
    assert_eq!(
        addons.roles().await,
        [("ebs-csi-controller-sa".to_owned(), own.to_owned())]
    );
    let policies = scene
        .account
        .call("iam", "ListAttachedRolePolicies", json!({"RoleName": own}))
        .await;
    let policies = policies.expect("the role is there");
    assert_eq!(
        policies["AttachedPolicies"][0]["PolicyName"],
        "AmazonEBSCSIDriverPolicy"
    );
    scene.is_settled().await;

    let all = "addon_version = \"v1.57.1-eksbuild.1\"\ntags = { county = \"siaya\" }\n\
               configuration_values = jsonencode({ controller = { replicaCount = 1 } })";
    addons.write(EBS, all);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let changed = addons.live(EBS).await;
    assert_eq!(changed["createdAt"], made["createdAt"], "it is the same one");
    assert_eq!(changed["addonVersion"], "v1.57.1-eksbuild.1");
    assert_eq!(changed["configurationValues"], "{\"controller\":{\"replicaCount\":1}}");
    assert_eq!(changed["tags"]["county"], "siaya");
    assert_eq!(addons.roles().await.len(), 1, "it keeps its role");
    scene.is_settled().await;

    is_repaired(&addons, &changed).await;
    is_imported(&addons, all).await;
    addons.write("metrics-server", "");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert!(addons.roles().await.is_empty());
    scene.is_settled().await;
    scene.destroy().await;
    addons.is_gone().await;
    scene.account.check().expect("AWS understood all");
}

/// Somebody changes it, and then deletes it.
async fn is_repaired(addons: &Addons, changed: &Value) {
    let scene = &addons.scene;
    let other =
        json!({"configurationValues": "{\"controller\": {\"replicaCount\": 3}}", "addonVersion": "v1.58.0-eksbuild.1"});
    addons.change(EBS, other).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!(before["addon_version"], "v1.58.0-eksbuild.1");
    scene.apply().await;
    assert_eq!(
        addons.live(EBS).await["configurationValues"],
        changed["configurationValues"]
    );
    assert_eq!(addons.live(EBS).await["addonVersion"], "v1.57.1-eksbuild.1");
    scene.is_settled().await;
    addons.delete_behind(EBS).await;
    // The role that it has left goes before it is made anew.
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
}

async fn is_imported(addons: &Addons, all: &str) {
    let scene = &addons.scene;
    for by in [
        format!("id = \"c:{EBS}\""),
        format!("identity = {{ cluster_name = \"c\", addon_name = {EBS:?} }}"),
    ] {
        let other = scene.elsewhere();
        write(
            &other,
            &format!("{}import {{\n  to = {ADDRESS}\n  {by}\n}}\n", addon(EBS, all)),
        );
        let plan = done("plan", other.plan().await);
        assert_eq!(plan.actions(ADDRESS), ["no-op"], "{:?}", plan.change(ADDRESS));
    }
    let other = scene.elsewhere();
    write(&other, &addon("coredns", ""));
    let missing = failure("import", other.import(ADDRESS, "c:coredns").await);
    assert_eq!(missing.summary, "No add-on to import");
}
