//! `cht_vsphere_anti_affinity_rule`: the six steps, rules of others, clusters in which rules have no effect, and
//! machines that join before they are powered on.

mod machines;

use acceptance_tests::vcenter::{Drs, Fault, Options, Rule};

use crate::support::{blames, done, failure};
use crate::vsphere::Scene;

const ADDRESS: &str = "cht_vsphere_anti_affinity_rule.test";

/// Two clusters with four machines each, which are on.
fn two_clusters() -> Options {
    Options {
        clusters: 2,
        machines: 4,
        ..Options::default()
    }
}

/// A rule of this name in a cluster, for machines with these ids.
fn rule(name: &str, cluster: &str, machines: &[String], more: &str) -> String {
    format!(
        "resource \"cht_vsphere_anti_affinity_rule\" \"test\" {{\n  name = {name:?}\n  cluster = {cluster:?}\n  \
         virtual_machines = {machines:?}\n  {more}\n}}\n"
    )
}

/// The ids of the machines of a cluster that are there from the start.
async fn ids(scene: &Scene, cluster: &str, numbers: &[u32]) -> Vec<String> {
    let mut ids = Vec::new();
    for number in numbers {
        ids.push(scene.machine(&format!("{cluster}_RP0_VM{number}")).await.id);
    }
    ids
}

async fn rules(scene: &Scene) -> Vec<Rule> {
    scene.vcenter.rules().await.expect("the vCenter answers")
}

/// The summaries of a plan's warnings.
async fn warnings(scene: &Scene) -> Vec<String> {
    let plan = scene.plan().await;
    let diagnostics = plan.diagnostics();
    diagnostics.iter().map(|warning| warning.summary.clone()).collect()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_rule_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let mut scene = Scene::with(&two_clusters()).await;
    let first = ids(&scene, "DC0_C0", &[0, 1]).await;
    scene.write(&rule("apart", "DC0_C0", &first, ""));
    scene.apply().await;
    let made = rules(&scene).await;
    let [only] = made.as_slice() else {
        panic!("one rule: {made:?}")
    };
    assert_eq!(
        (only.name.as_str(), only.cluster.as_str()),
        ("apart", "/DC0/host/DC0_C0")
    );
    assert_eq!(only.machines, ["DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1"]);
    assert!(only.enabled && !only.mandatory && only.kind == "ClusterAntiAffinityRuleSpec");
    scene.is_settled().await;

    let three = ids(&scene, "DC0_C0", &[0, 1, 2]).await;
    let changed = rule("cht-servers", "DC0_C0", &three, "mandatory = true");
    scene.write(&changed);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let renamed = &rules(&scene).await[0];
    assert_eq!(renamed.key, only.key, "it is the same rule");
    assert!(renamed.name == "cht-servers" && renamed.mandatory && renamed.machines.len() == 3);
    scene.is_settled().await;

    is_repaired(&mut scene, &changed).await;
    is_imported(&mut scene, &three).await;
    is_replaced(&scene).await;
    scene.destroy().await;
    assert_eq!(rules(&scene).await, []);
}

/// Somebody takes a machine out of the rule, gives it another name and switches it off.
async fn is_repaired(scene: &mut Scene, text: &str) {
    let ours = scene.exchange(None);
    let two = ids(scene, "DC0_C0", &[1, 2]).await;
    scene.write(&rule("renamed", "DC0_C0", &two, "enabled = false\n  mandatory = true"));
    done("import", scene.workspace.import(ADDRESS, "DC0_C0/cht-servers").await);
    scene.apply().await;
    scene.exchange(Some(ours));
    scene.write(text);
    let plan = scene.plan().await;
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!(
        (before["name"].as_str(), before["enabled"].as_bool()),
        (Some("renamed"), Some(false))
    );
    assert_eq!(before["virtual_machines"], serde_json::json!(two));
    scene.apply().await;
    let repaired = &rules(scene).await[0];
    assert!(repaired.name == "cht-servers" && repaired.enabled && repaired.machines.len() == 3);
    scene.is_settled().await;
}

async fn is_imported(scene: &mut Scene, machines: &[String]) {
    let id = scene.state(ADDRESS).await["id"].as_str().expect("a text").to_owned();
    let path = "/DC0/host/DC0_C0";
    for (cluster, by) in [
        ("DC0_C0", "DC0_C0/cht-servers"),
        (path, "/DC0/host/DC0_C0/cht-servers"),
        (path, id.as_str()),
    ] {
        scene.forget();
        scene.write(&rule("cht-servers", cluster, machines, "mandatory = true"));
        done("import", scene.workspace.import(ADDRESS, by).await);
        scene.is_settled().await;
    }
    // Another way to name the same cluster changes nothing there.
    scene.write(&rule("cht-servers", "DC0_C0", machines, "mandatory = true"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    scene.apply().await;
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    assert!(
        !methods.iter().any(|method| method.starts_with("Reconfigure")),
        "{methods:?}"
    );
}

async fn is_replaced(scene: &Scene) {
    let others = ids(scene, "DC0_C1", &[0, 3]).await;
    let all = "datacenter = \"DC0\"\n  mandatory = false\n  enabled = false\n  timeouts = { create = \"1m\" }";
    scene.write(&rule("cht-servers", "DC0_C1", &others, all));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    let replaced = rules(scene).await;
    let [only] = replaced.as_slice() else {
        panic!("one rule: {replaced:?}")
    };
    assert!(only.cluster == "/DC0/host/DC0_C1" && !only.enabled);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_rule_of_somebody_else_is_neither_taken_nor_removed() {
    let mut scene = Scene::with(&two_clusters()).await;
    let theirs = ids(&scene, "DC0_C0", &[0, 1]).await;
    scene.write(&rule("apart", "DC0_C0", &theirs, ""));
    scene.apply().await;
    let others = scene.exchange(None);
    let ours = ids(&scene, "DC0_C0", &[1, 2]).await;
    scene.write(&rule("apart", "DC0_C0", &ours, ""));
    let refused = scene.apply_fails().await;
    let hint = "tofu import cht_vsphere_anti_affinity_rule.NAME 'CLUSTER/apart'";
    blames(&refused, "Anti-affinity rule exists already", hint, "name");
    // Nor does a rule get the name of another one.
    scene.write(&rule("ours", "DC0_C0", &ours, ""));
    scene.apply().await;
    scene.write(&rule("apart", "DC0_C0", &ours, ""));
    blames(
        &scene.apply_fails().await,
        "Anti-affinity rule exists already",
        hint,
        "name",
    );
    scene.destroy().await;
    let left: Vec<String> = rules(&scene).await.into_iter().map(|rule| rule.name).collect();
    assert_eq!(left, ["apart"]);
    scene.exchange(Some(others));
    scene.destroy().await;
    assert_eq!(rules(&scene).await, []);
    let refused = failure("import", scene.workspace.import(ADDRESS, "DC0_C0/apart").await);
    assert_eq!(refused.summary, "No anti-affinity rule to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_plans_warn_of_rules_that_have_no_effect_or_too_much() {
    let scene = Scene::with(&two_clusters()).await;
    let four = ids(&scene, "DC0_C0", &[0, 1, 2, 3]).await;
    scene.write(&rule("apart", "DC0_C0", &four, ""));
    assert_eq!(warnings(&scene).await, Vec::<String>::new());
    for (drs, summary) in [
        (Drs::Off, "Rule without effect"),
        (Drs::Partial, "Rule without effect on running machines"),
    ] {
        scene
            .vcenter
            .set_drs("DC0_C0", drs)
            .await
            .expect("there is the cluster");
        assert_eq!(warnings(&scene).await, [summary]);
    }
    scene.apply().await;
    assert_eq!(warnings(&scene).await, ["Rule without effect on running machines"]);
    scene
        .vcenter
        .set_drs("DC0_C0", Drs::Full)
        .await
        .expect("there is the cluster");
    scene.write(&rule("apart", "DC0_C0", &four, "mandatory = true"));
    assert_eq!(warnings(&scene).await, ["More machines than hosts"]);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_rule_cannot_be_is_said_at_its_attribute() {
    let scene = Scene::with(&two_clusters()).await;
    let mut machines = ids(&scene, "DC0_C0", &[0]).await;
    scene.write(&rule("apart", "DC0_C0", &machines, ""));
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains('2'), "{refused:#?}");
    scene.write(&rule("apart", "DC0_C7", &["vm-1".to_owned(), "vm-2".to_owned()], ""));
    blames(
        &scene.plan_fails().await,
        "Unable to find the cluster of the rule",
        "DC0_C0, DC0_C1",
        "cluster",
    );
    machines.extend(ids(&scene, "DC0_C1", &[0]).await);
    scene.write(&rule("apart", "DC0_C0", &machines, ""));
    blames(
        &scene.apply_fails().await,
        "Unable to set the anti-affinity rule",
        "have to be in the cluster",
        "virtual_machines",
    );
    assert_eq!(rules(&scene).await, []);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_rule_whose_making_got_no_answer_is_gone_on_with() {
    let scene = Scene::with(&two_clusters()).await;
    let machines = ids(&scene, "DC0_C0", &[0, 1]).await;
    scene.write(&rule("apart", "DC0_C0", &machines, "mandatory = true"));
    let method = "ReconfigureComputeResource_Task";
    let vcenter = &scene.vcenter;
    vcenter
        .fault(method, Fault::lost_answer())
        .await
        .expect("the fault is set");
    scene.apply_fails().await;
    assert_eq!(vcenter.clear_faults().await.expect("an answer"), 1);
    assert_eq!(rules(&scene).await.len(), 1, "it was carried out");
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(rules(&scene).await.len(), 1);
    vcenter
        .fault(method, Fault::lost_answer())
        .await
        .expect("the fault is set");
    done("destroy", scene.workspace.destroy().await);
    assert_eq!(vcenter.clear_faults().await.expect("an answer"), 1);
    assert_eq!(rules(&scene).await, []);
}
