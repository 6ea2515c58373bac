//! `cht_eks_cluster`: the six steps, creations that fail or are interrupted, upgrades and the way back, and what plans
//! refuse.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance_tests::aws::{Fault, Issue, Work};
use acceptance_tests::tofu::{Plan, Workspace};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::cht_eks::make_subnets;
use crate::support::{blames, done, failure};

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

fn write(workspace: &Workspace, text: &str) {
    workspace.write("main.tf", text).expect("the configuration is written");
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

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_15_outputs_stay_known_through_upgrades_which_go_one_version_at_a_time() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster("version = \"1.33\""));
    scene.apply().await;
    scene.write(&lab.cluster("version = \"1.35\""));
    let refused = scene.plan_fails().await;
    blames(&refused, "Upgrade skips versions", "1.34, 1.35", "version");

    scene.write(&lab.cluster("version = \"1.34\""));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    keeps_outputs(&plan);
    scene.account.eks().fails(
        Work::UpdateCluster,
        Issue::new("InsufficientFreeAddresses", "no address is free").about(&["subnet-1"]),
    );
    let failed = scene.apply_fails().await;
    blames(
        &failed,
        "Update of the EKS cluster failed",
        "InsufficientFreeAddresses: no address is free (subnet-1)",
        "version",
    );
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(lab.live().await["version"], "1.34");
    let state = scene.state(ADDRESS).await;
    assert_eq!(
        state["addons"]["kube-proxy"]["version"], "v1.34.1-eksbuild.2",
        "it goes along"
    );

    // Back only if that is asked for.
    scene.write(&lab.cluster("version = \"1.33\""));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["no-op"], "{:?}", plan.change(ADDRESS));
    assert!(warned(&plan, "Cluster is newer than configured"));
    scene.write(&lab.cluster("version = \"1.33\"\n  allow_rollback = true"));
    let plan = scene.plan().await;
    keeps_outputs(&plan);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(lab.live().await["version"], "1.33");
    let last = lab.call("eks", "ListUpdates", json!({"name": "c"})).await["updateIds"][0].take();
    let update = lab
        .call("eks", "DescribeUpdate", json!({"name": "c", "updateId": last}))
        .await;
    assert_eq!(update["update"]["type"], "VersionRollback");
    lab.destroy("version = \"1.33\"").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_by_aws_is_explained_and_not_rolled_back() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.account.eks().changes_cluster("c", &json!({"version": "1.35"}));
    let plan = scene.plan().await;
    assert!(plan.is_empty(), "{:?}", plan.change(ADDRESS));
    assert!(warned(&plan, "Cluster is newer than configured"));
    scene.write(&lab.cluster("version = \"1.35\""));
    scene.apply().await;
    scene.is_settled().await;
    lab.destroy("version = \"1.35\"").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_a_creation_that_failed_says_why_and_is_started_over() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let issue = Issue::new("Ec2SubnetNotFound", "a subnet is gone").about(&["subnet-1"]);
    scene.account.eks().fails(Work::CreateCluster, issue);
    scene.write(&lab.cluster(MINIMAL));
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "EKS cluster failed", "{failed:#?}");
    assert!(
        failed.detail.contains("Ec2SubnetNotFound: a subnet is gone (subnet-1)"),
        "{failed:#?}"
    );
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;

    // What fails later is started over, too: nothing is protected yet.
    lab.destroy(MINIMAL).await;
    scene.account.fault("eks:CreateAddon", Fault::access_denied());
    scene.write(&lab.cluster(MINIMAL));
    let failed = scene.apply_fails().await;
    assert!(failed.detail.contains("eks:CreateAddon"), "{failed:#?}");
    scene.destroy().await;
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_a_creation_that_was_killed_is_gone_on_with() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.account.eks().takes(Work::CreateCluster, Duration::from_secs(600));
    scene.write(&lab.cluster(MINIMAL));
    let mut running = scene.workspace.start_apply().expect("it starts");
    // It looks at the cluster only when EKS has begun with it.
    let is_begun = |actions: &[String]| {
        let mut after = actions.iter().skip_while(|action| *action != "eks:CreateCluster");
        after.any(|action| action == "eks:DescribeCluster")
    };
    while !is_begun(&scene.account.actions()) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    running.kill();
    running.kill_providers().expect("it is killed");
    running.ends().await;
    scene.account.eks().takes(Work::CreateCluster, Duration::from_secs(3));
    let other = scene.elsewhere();
    write(
        &other,
        &lab.cluster("version = \"1.34\"\n  deletion_protection = false"),
    );
    let outcome = done("apply", other.apply().await);
    let mut warnings = outcome.warnings();
    assert!(
        warnings.any(|one| one.summary == "EKS cluster is there already"),
        "{}",
        outcome.text()
    );
    assert!(done("plan", other.plan().await).is_empty());
    let created = scene.account.actions();
    let created = created.iter().filter(|action| *action == "eks:CreateCluster");
    assert_eq!(created.count(), 1);
    done("destroy", other.destroy().await);
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_06_fault_11_fault_12_lost_answers_unknown_roles_and_changes_in_progress_are_overcome() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let no_role = "Role could not be assumed because the trusted entity is not correct (Role ARN: x)";
    let busy = "Cluster c currently has an operation in progress: updating";
    let pending = Fault::error(400, "InvalidParameterException", no_role);
    scene.account.fault("eks:CreateCluster", pending.times(2));
    scene.account.fault("eks:CreateCluster", Fault::lost_answer());
    scene.account.fault("eks:DescribeCluster", Fault::throttled().skip(1));
    scene.account.fault("eks:CreateAddon", Fault::lost_answer());
    scene.account.fault(
        "eks:UpdateClusterConfig",
        Fault::error(409, "ResourceInUseException", busy),
    );
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 6);
    scene.is_settled().await;
    scene.account.fault("eks:UpdateClusterConfig", Fault::lost_answer());
    scene
        .account
        .fault("eks:DeleteCluster", Fault::error(409, "ResourceInUseException", busy));
    lab.destroy(MINIMAL).await;
    assert_eq!(scene.account.clear_faults(), 2);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_06_coredns_degraded_before_nodes_neither_fails_nor_delays_the_cluster() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let lines = "version = \"1.34\"\n  addons = {\n    vpc-cni = {}\n    coredns = {}\n  }";
    scene.write(&lab.cluster(lines));
    scene.apply().await;
    scene.is_settled().await;
    let addon = lab
        .call(
            "eks",
            "DescribeAddon",
            json!({"clusterName": "c", "addonName": "coredns"}),
        )
        .await;
    assert_eq!(addon["addon"]["status"], "DEGRADED");
    scene.account.eks().takes(Work::CreateAddon, Duration::from_secs(600));
    lab.destroy(lines).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_of_somebody_else_is_refused_and_stays() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.is_settled().await;
    let other = scene.elsewhere();
    write(&other, &lab.cluster(MINIMAL));
    let refused = failure("apply", other.apply().await);
    blames(&refused, "EKS cluster exists already", "import it", "name");
    done("destroy", other.destroy().await);
    scene.is_settled().await;

    // In another region it is not seen, and not taken for gone.
    scene.write(&format!(
        "provider \"cht\" {{\n  aws = {{ region = \"eu-west-1\" }}\n}}\n{}",
        lab.cluster(MINIMAL)
    ));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Another account or region");
    lab.destroy(MINIMAL).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn node_groups_keep_a_cluster_and_one_that_is_gone_is_made_again() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let lines = "version = \"1.34\"\n  deletion_protection = false";
    scene.write(&lab.cluster(lines));
    scene.apply().await;
    let statement =
        json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let trust = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let role = json!({"RoleName": "nodes", "AssumeRolePolicyDocument": trust});
    lab.call("iam", "CreateRole", role).await;
    let policies = [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryPullOnly",
    ];
    for name in policies {
        let policy = json!({"RoleName": "nodes", "PolicyArn": format!("arn:aws:iam::aws:policy/{name}")});
        lab.call("iam", "AttachRolePolicy", policy).await;
    }
    let group = json!({
        "clusterName": "c", "nodegroupName": "couch", "subnets": lab.subnets, "nodeRole": lab.role("nodes"),
        "instanceTypes": ["m7g.xlarge"], "amiType": "AL2023_ARM_64_STANDARD",
        "scalingConfig": {"minSize": 1, "maxSize": 1, "desiredSize": 1},
    });
    lab.call("eks", "CreateNodegroup", group).await;
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "EKS cluster has node groups");
    assert!(refused.detail.contains("couch"), "{refused:#?}");
    lab.call(
        "eks",
        "DeleteNodegroup",
        json!({"clusterName": "c", "nodegroupName": "couch"}),
    )
    .await;
    lab.call("eks", "ListNodegroups", json!({"clusterName": "c"})).await;

    lab.call("eks", "DeleteCluster", json!({"name": "c"})).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["create"]);
    assert!(warned(&plan, "EKS cluster is gone"));
    scene.apply().await;
    scene.is_settled().await;
    for name in policies {
        let policy = json!({"RoleName": "nodes", "PolicyArn": format!("arn:aws:iam::aws:policy/{name}")});
        lab.call("iam", "DetachRolePolicy", policy).await;
    }
    lab.call("iam", "DeleteRole", json!({"RoleName": "nodes"})).await;
    scene.destroy().await;
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn auto_mode_is_turned_on_and_off_with_roles_of_its_own() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let lines = "version = \"1.34\"\n  deletion_protection = false";
    scene.write(&lab.cluster(&format!("{lines}\n  auto_mode = {{}}\n  addons = {{}}")));
    scene.apply().await;
    scene.is_settled().await;
    let live = lab.live().await;
    assert_eq!(live["computeConfig"]["nodePools"], json!(["general-purpose", "system"]));
    assert_eq!(live["computeConfig"]["nodeRoleArn"], lab.role("c-eu-west-2-auto-node"));
    assert_eq!(live["storageConfig"]["blockStorage"]["enabled"], true);
    assert_eq!(live["kubernetesNetworkConfig"]["elasticLoadBalancing"]["enabled"], true);
    let asked = json!({"RoleName": "c-eu-west-2-cluster"});
    let policies = lab.call("iam", "ListAttachedRolePolicies", asked).await;
    assert_eq!(
        policies["AttachedPolicies"].as_array().map(Vec::len),
        Some(5),
        "{policies:#}"
    );
    scene.write(&lab.cluster(lines));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(lab.live().await["computeConfig"]["enabled"], false);
    scene.destroy().await;
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_cluster_cannot_be_is_refused_at_its_attribute() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let key = |name: &str| format!("arn:aws:kms:eu-west-2:{}:key/{name}", scene.account.id());
    scene.write(&lab.cluster_at("", MINIMAL));
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Endpoint is open to nobody in particular",
        "0.0.0.0/0",
        "vpc_config",
    );
    scene.write(&lab.cluster_at(
        "endpoint_public_access = false\n    endpoint_private_access = false",
        MINIMAL,
    ));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Endpoint cannot be reached");
    scene.write(&lab.cluster("version = \"1.29\""));
    blames(&scene.plan_fails().await, "Version is not offered", "1.35", "version");
    scene.write(&lab.cluster(MINIMAL).replace("\"c\"", &format!("{:?}", "c".repeat(60))));
    blames(
        &scene.plan_fails().await,
        "Name is too long for a role",
        "role_arn",
        "name",
    );
    scene.account.eks().supports("1.34", "2020-01-01", "2099-01-01");
    scene.write(&lab.cluster(&format!("{MINIMAL}\n  encryption_key_arn = \"{}\"", key("one"))));
    let plan = scene.plan().await;
    assert!(warned(&plan, "Support of the version ends"));
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.write(&lab.cluster(&format!("{MINIMAL}\n  encryption_key_arn = \"{}\"", key("one"))));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"], "it can be given later");
    scene.apply().await;
    scene.is_settled().await;
    let live = lab.live().await;
    assert_eq!(live["encryptionConfig"][0]["provider"]["keyArn"], key("one"));
    scene.write(&lab.cluster(MINIMAL));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Encryption cannot be changed", "{refused:#?}");
    lab.destroy(&format!("{MINIMAL}\n  encryption_key_arn = \"{}\"", key("one")))
        .await;
}
