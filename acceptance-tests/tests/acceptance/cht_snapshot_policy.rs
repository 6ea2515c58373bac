//! `cht_snapshot_policy`: the six steps, its role, creations that are killed, and what plans refuse.

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{done, failure};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::cht_acm_certificate::{ONCE, call};
use crate::support::blames;

const ADDRESS: &str = "cht_snapshot_policy.test";
const ROLE: &str = "cht-snapshots-eu-west-2-Every-night";

/// A policy with these lines.
fn policy(schedule: &str, retain: &str, lines: &str) -> String {
    format!(
        "resource \"cht_snapshot_policy\" \"test\" {{\n  name = \"Every night\"\n  target_tags = {{ backup = \"daily\" }}\n  schedule = {{ \
         {schedule} }}\n  retain = {{ {retain} }}\n  {lines}\n}}\n"
    )
}

fn daily(lines: &str) -> String {
    policy("interval_hours = 24", "count = 7", lines)
}

/// What DLM says of the policy in the state.
async fn live(scene: &Scene) -> Value {
    let asked = json!({"PolicyId": scene.state(ADDRESS).await["id"]});
    call(scene, "dlm", "GetLifecyclePolicy", asked).await["Policy"].clone()
}

async fn policies(scene: &Scene) -> usize {
    let answer = call(scene, "dlm", "GetLifecyclePolicies", json!({})).await;
    answer["Policies"].as_array().map(Vec::len).unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_policy_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let Some(mut scene) = Scene::new().await else { return };
    scene.write(&daily(""));
    scene.apply().await;
    scene.is_settled().await;
    let made = live(&scene).await;
    let schedule = &made["PolicyDetails"]["Schedules"][0];
    assert_eq!(schedule["CreateRule"]["Interval"], 24);
    assert_eq!(schedule["CreateRule"]["Times"], json!(["02:00"]));
    assert_eq!(
        (&schedule["RetainRule"]["Count"], &schedule["CopyTags"]),
        (&json!(7), &json!(true))
    );
    assert!(
        made["ExecutionRoleArn"].as_str().is_some_and(|arn| arn.ends_with(ROLE)),
        "{made:#}"
    );
    let attached = call(&scene, "iam", "ListAttachedRolePolicies", json!({"RoleName": ROLE})).await;
    assert!(
        attached.to_string().contains("AWSDataLifecycleManagerServiceRole"),
        "{attached:#}"
    );

    let all = "copy_tags = false\n  tags_to_add = { Address = \"siaya.moh.example.org\" }\n  enabled = false\n  tags = { owner = \"moh\" }";
    let weekly = policy("cron_expression = \"cron(0 2 ? * SUN *)\"", "days = 30", all);
    scene.write(&weekly);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    let changed = live(&scene).await;
    assert_eq!(
        (&changed["PolicyId"], &changed["State"]),
        (&made["PolicyId"], &json!("DISABLED"))
    );

    is_repaired(&scene).await;
    let id = made["PolicyId"].as_str().expect("an id").to_owned();
    scene.forget();
    scene.write(&weekly);
    done("import", scene.workspace.import(ADDRESS, &id).await);
    scene.is_settled().await;
    let other = scene.elsewhere();
    other.write("main.tf", &weekly).expect("it is written");
    let missing = failure("import", other.import(ADDRESS, "policy-0123456789abcdef0").await);
    assert_eq!(missing.summary, "No snapshot policy to import");

    scene.write(&weekly.replace("Every night", "Every week"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(policies(&scene).await, 1);
    scene.destroy().await;
    scene.is_empty().await;
}

/// Somebody changes what it does, takes its role's policy away, and then the role.
async fn is_repaired(scene: &Scene) {
    let mut details = live(scene).await["PolicyDetails"].clone();
    details["Schedules"][0]["RetainRule"] = json!({"Count": 1});
    let asked = json!({
        "PolicyId": scene.state(ADDRESS).await["id"], "PolicyDetails": details,
    });
    call(scene, "dlm", "UpdateLifecyclePolicy", asked).await;
    let policy = json!({
        "RoleName": ROLE, "PolicyArn": "arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole",
    });
    call(scene, "iam", "DetachRolePolicy", policy).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!(before["retain"]["count"], 1, "{before:#}");
    assert!(before["drift"].to_string().contains("has other policies"), "{before:#}");
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(
        live(scene).await["PolicyDetails"]["Schedules"][0]["RetainRule"]["Interval"],
        30
    );

    let asked = json!({"PolicyId": scene.state(ADDRESS).await["id"]});
    call(scene, "dlm", "GetLifecyclePolicy", asked).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_policy_can_have_a_role_of_its_user() {
    let Some(scene) = Scene::new().await else { return };
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "dlm.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    });
    let role = json!({"RoleName": "backups", "AssumeRolePolicyDocument": trust.to_string()});
    let role = call(&scene, "iam", "CreateRole", role).await["Role"]["Arn"].clone();
    scene.write(&daily(&format!("execution_role_arn = {role}")));
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(live(&scene).await["ExecutionRoleArn"], role);
    scene.write(&daily(""));
    scene.apply().await;
    scene.is_settled().await;
    assert!(
        live(&scene).await["ExecutionRoleArn"]
            .as_str()
            .is_some_and(|arn| arn.ends_with(ROLE))
    );
    scene.write(&daily(&format!("execution_role_arn = {role}")));
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    call(&scene, "iam", "DeleteRole", json!({"RoleName": "backups"})).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_is_killed_is_gone_on_with_and_nothing_is_made_twice() {
    let Some(mut scene) = Scene::new().await else { return };
    scene.write(&format!("{ONCE}{}", daily("")));
    // As if everything were killed at this point: nothing is found out, and nothing is saved.
    scene.account.fault("dlm:CreateLifecyclePolicy", Fault::lost_answer());
    scene
        .account
        .fault("dlm:GetLifecyclePolicies", Fault::access_denied().skip(1).always());
    let _ = scene.workspace.apply().await;
    assert!(scene.account.clear_faults() > 0);
    scene.forget();
    scene.write(&daily(""));
    let outcome = scene.apply().await;
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Snapshot policy is there already");
    assert!(warning.is_some(), "{}", outcome.text());
    scene.is_settled().await;
    let other = scene.elsewhere();
    other.write("main.tf", &daily("")).expect("it is written");
    let refused = failure("apply", other.apply().await);
    blames(&refused, "Snapshot policy exists already", "import it", "name");
    scene.destroy().await;
    assert_eq!(policies(&scene).await, 0, "it was made once");

    scene.account.fault("dlm:CreateLifecyclePolicy", Fault::lost_answer());
    scene.apply().await;
    assert_eq!(policies(&scene).await, 1);
    scene.destroy().await;
    // A role that was made a moment ago is not known everywhere.
    let unknown = Fault::error(
        400,
        "InvalidRequestException",
        "The role cannot be assumed by the service.",
    );
    scene.account.fault("dlm:CreateLifecyclePolicy", unknown.times(2));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 3);
    scene.account.fault("dlm:DeleteLifecyclePolicy", Fault::access_denied());
    let denied = scene.destroy_fails().await;
    assert!(
        denied.detail.contains("Action: dlm:DeleteLifecyclePolicy"),
        "{denied:#?}"
    );
    scene.account.clear_faults();
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_deletion_that_is_cut_off_is_gone_on_with_and_leaves_no_role() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&daily(""));
    scene.apply().await;
    scene.account.fault("iam:DeleteRole", Fault::access_denied());
    let denied = scene.destroy_fails().await;
    assert!(denied.detail.contains("iam:DeleteRole"), "{denied:#?}");
    assert_eq!(policies(&scene).await, 1, "only with it, the state has what is left");
    scene.account.clear_faults();
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_policy_cannot_be_is_refused_at_its_attribute() {
    let Some(scene) = Scene::new().await else { return };
    for (text, summary, attribute) in [
        (policy("", "count = 7", ""), "Schedule is not clear", "schedule"),
        (
            policy(
                "interval_hours = 24, cron_expression = \"cron(0 2 ? * SUN *)\"",
                "count = 7",
                "",
            ),
            "Schedule is not clear",
            "schedule",
        ),
        (
            policy("interval_hours = 24", "count = 7, days = 7", ""),
            "Retention is not clear",
            "retain",
        ),
        (policy("interval_hours = 5", "count = 7", ""), "", "interval_hours"),
        (
            policy("interval_hours = 24, time = \"25:00\"", "count = 7", ""),
            "",
            "25:00",
        ),
        (
            policy("cron_expression = \"0 2 * * *\"", "count = 7", ""),
            "",
            "cron_expression",
        ),
        (daily("").replace("Every night", "Every night!"), "", "name"),
    ] {
        scene.write(&text);
        let refused = scene.plan_fails().await;
        let summary = if summary.is_empty() {
            refused.summary.clone()
        } else {
            summary.to_owned()
        };
        blames(&refused, &summary, "", attribute);
    }
    scene.is_empty().await;
}
