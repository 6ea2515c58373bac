//! `cht_eks_cluster`: the six steps. `creations` fail or are interrupted, `changes` are upgrades, the way back and Auto
//! Mode, `others` make clusters and node groups too, and `refusals` has what plans refuse.

mod changes;
mod creations;
mod others;
mod refusals;

use std::collections::BTreeMap;

use acceptance_tests::tofu::Plan;
use serde_json::{Value, json};

use crate::aws::{Scene, write};
use crate::cht_eks::make_subnets;
use crate::support::{done, failure};

const ADDRESS: &str = "cht_eks_cluster.test";

/// An account with two subnets, and what is in it besides.
struct Lab {
    scene: Scene,
    subnets: Value,
    before: BTreeMap<String, Vec<String>>,
}

impl Lab {
    async fn new() -> Option<Self> {
        let scene = Scene::new().await?;
        let subnets = Value::from(make_subnets(&scene).await);
        let before = scene.account.left().await.expect("AWS answers");
        Some(Lab { scene, subnets, before })
    }

    /// A cluster `c` with these lines, which say its version.
    fn cluster(&self, lines: &str) -> String {
        self.cluster_at("public_access_cidrs = [\"203.0.113.0/24\"]", lines)
    }

    /// The same, with these lines about its endpoint.
    fn cluster_at(&self, endpoint: &str, lines: &str) -> String {
        format!(
            "resource \"cht_eks_cluster\" \"test\" {{\n  name = \"c\"\n  vpc_config = {{\n    subnet_ids = {}\n    {endpoint}\n  }}\n  \
             {lines}\n}}\n",
            self.subnets
        )
    }

    /// The ARN of a role of the account.
    fn role(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.scene.account.id())
    }

    async fn call(&self, service: &str, operation: &str, asked: Value) -> Value {
        let answer = self.scene.account.call(service, operation, asked).await;
        answer.expect("AWS does it")
    }

    /// What EKS says of the cluster.
    async fn live(&self) -> Value {
        let asked = json!({"name": "c"});
        self.call("eks", "DescribeCluster", asked).await["cluster"].take()
    }

    /// Checks that all that was made is gone.
    async fn is_as_before(&self) {
        let left = self.scene.account.left().await.expect("AWS answers");
        assert_eq!(left, self.before);
        self.scene.account.check().expect("AWS understood all");
    }

    /// Lets the cluster go.
    async fn destroy(&self, lines: &str) {
        let text = self.cluster(&format!("{lines}\n  deletion_protection = false"));
        self.scene.write(&text);
        self.scene.apply().await;
        self.scene.destroy().await;
        self.is_as_before().await;
    }
}

const MINIMAL: &str = "version = \"1.34\"";

/// Warnings of a plan with this summary.
fn warned(plan: &Plan, summary: &str) -> bool {
    plan.diagnostics().iter().any(|one| one.summary == summary)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_is_made_changed_repaired_imported_and_destroyed() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.is_settled().await;
    is_as_it_should_be(&lab).await;

    let all = changed(&lab);
    scene.write(&all);
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    keeps_outputs(&plan);
    scene.apply().await;
    scene.is_settled().await;
    let live = lab.live().await;
    assert_eq!(live["upgradePolicy"]["supportType"], "EXTENDED");
    assert_eq!(live["zonalShiftConfig"]["enabled"], false);
    assert_eq!(
        live["resourcesVpcConfig"]["publicAccessCidrs"],
        json!(["198.51.100.0/24"])
    );
    assert_eq!(live["tags"]["county"], "siaya");
    assert!(live["tags"].get("cht:new").is_none(), "a state has it: {live:#}");

    is_repaired(&lab).await;
    is_imported(&lab, &all).await;
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "EKS cluster is protected", "{refused:#?}");
    scene.write(&all.replace("version = ", "deletion_protection = false\n  version = "));
    scene.apply().await;
    scene.destroy().await;
    lab.is_as_before().await;
}

/// With roles, access and add-ons as they are by default.
async fn is_as_it_should_be(lab: &Lab) {
    let live = lab.live().await;
    assert_eq!(live["accessConfig"]["authenticationMode"], "API");
    assert_eq!(live["roleArn"], lab.role("c-eu-west-2-cluster"));
    assert_eq!(live["deletionProtection"], true);
    assert_eq!(live["upgradePolicy"]["supportType"], "STANDARD");
    let addons = lab.call("eks", "ListAddons", json!({"clusterName": "c"})).await;
    assert_eq!(
        addons["addons"],
        json!(["eks-pod-identity-agent", "kube-proxy", "vpc-cni"])
    );
    let entries = lab.call("eks", "ListAccessEntries", json!({"clusterName": "c"})).await;
    assert_eq!(
        entries["accessEntries"],
        json!([]),
        "whoever made it has no rights by that"
    );
    let groups = lab.call("logs", "DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"][0]["logGroupName"], "/aws/eks/c/cluster");
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 90);
    let state = lab.scene.state(ADDRESS).await;
    assert_eq!(
        state["kubernetes"]["eks"],
        json!({"cluster_name": "c", "region": "eu-west-2", "role_arn": null})
    );
    assert_eq!(state["kubernetes"]["token"], Value::Null);
    assert_eq!(state["status"], "ACTIVE");
    assert_eq!(state["vpc_id"], live["resourcesVpcConfig"]["vpcId"]);
    assert!(
        state["oidc_issuer"].is_string() && state["cluster_security_group_id"].is_string(),
        "{state:#}"
    );
    assert_eq!(state["addons"]["kube-proxy"]["version"], "v1.34.1-eksbuild.2");
}

/// All that can be changed, but the version.
fn changed(lab: &Lab) -> String {
    let access = format!(
        "access = {{\n    operators = {{\n      principal_arn = \"{}\"\n      policies = {{ AmazonEKSAdminPolicy = {{ namespaces = \
         [\"cht-siaya\"] }} }}\n    }}\n  }}",
        lab.role("operators")
    );
    let lines = "version = \"1.34\"\n  enabled_cluster_log_types = [\"audit\"]\n  log_retention_in_days = 365\n  support_type = \
                 \"EXTENDED\"\n  zonal_shift = false\n  tags = { county = \"siaya\" }\n  addons = {\n    kube-proxy = {}\n    vpc-cni = { \
                 configuration_values = \"{\\\"enableNetworkPolicy\\\":\\\"true\\\"}\" }\n  }";
    lab.cluster_at(
        "endpoint_private_access = false\n    public_access_cidrs = [\"198.51.100.0/24\"]",
        &format!("{lines}\n  {access}"),
    )
}

/// What others take from the cluster is known in a plan that changes it.
fn keeps_outputs(plan: &Plan) {
    let change = plan.change(ADDRESS).expect("a change");
    for output in [
        "arn",
        "endpoint",
        "certificate_authority_data",
        "cluster_security_group_id",
        "vpc_id",
        "oidc_issuer",
        "kubernetes",
        "status",
    ] {
        assert!(!change.after[output].is_null(), "{output} is unknown: {change:#?}");
        assert_eq!(change.after[output], change.before[output], "{output}");
    }
}

/// Somebody changes a setting, deletes an entry and an add-on, and lets logs be kept for ever.
async fn is_repaired(lab: &Lab) {
    let scene = &lab.scene;
    let shift = json!({"name": "c", "zonalShiftConfig": {"enabled": true}});
    lab.call("eks", "UpdateClusterConfig", shift).await;
    let entry = json!({"clusterName": "c", "principalArn": lab.role("operators")});
    lab.call("eks", "DeleteAccessEntry", entry.clone()).await;
    lab.call(
        "eks",
        "DeleteAddon",
        json!({"clusterName": "c", "addonName": "vpc-cni"}),
    )
    .await;
    lab.call(
        "logs",
        "DeleteRetentionPolicy",
        json!({"logGroupName": "/aws/eks/c/cluster"}),
    )
    .await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!((&before["zonal_shift"], &before["access"]), (&json!(true), &json!({})));
    assert_eq!(before["log_retention_in_days"], json!(0));
    assert!(before["addons"].get("vpc-cni").is_none(), "{before:#}");
    scene.apply().await;
    scene.is_settled().await;
    lab.call("eks", "DescribeAccessEntry", entry).await;
}

async fn is_imported(lab: &Lab, all: &str) {
    let scene = &lab.scene;
    for by in ["id = \"c\"", "identity = { name = \"c\" }"] {
        let other = scene.elsewhere();
        write(&other, &format!("{all}import {{\n  to = {ADDRESS}\n  {by}\n}}\n"));
        done("apply", other.apply().await);
        let plan = done("plan", other.plan().await);
        assert!(plan.is_empty(), "{:?}", plan.change(ADDRESS));
    }
    let other = scene.elsewhere();
    write(&other, &lab.cluster(MINIMAL));
    let missing = failure("import", other.import(ADDRESS, "d").await);
    assert_eq!(missing.summary, "No EKS cluster to import");
}
