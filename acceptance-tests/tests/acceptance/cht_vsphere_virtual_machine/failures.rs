//! Calls and tasks that fail, sessions that end, and guests that say nothing.

use std::time::Duration;

use acceptance_tests::vcenter::{Fault, Guest};
use serde_json::json;

use crate::support::{done, eventually, failure};
use crate::vsphere::{ADDRESS, Scene, Text};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_02_complaint_14_a_missing_privilege_is_named_with_its_object() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    let denied =
        Fault::thrown("NoPermission").with(json!({ "privilegeId": "VirtualMachine.Provisioning.DeployTemplate" }));
    scene.vcenter.fault("CloneVM_Task", denied).await.expect("it is set");
    let error = scene.apply_fails().await;
    let template = scene.machine("ubuntu").await.id;
    let flat = error.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    let named =
        format!("the privilege VirtualMachine.Provisioning.DeployTemplate on VirtualMachine:{template} is missing");
    assert!(flat.contains(&named), "{named}: {flat}");
    assert!(flat.contains("cht_vsphere_role"), "{flat}");
    scene.apply().await;
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_fails_is_tainted_or_leaves_nothing_and_never_two_machines() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    for (method, fault, is_made) in [
        ("CloneVM_Task", Fault::failed_task("InsufficientResourcesFault"), false),
        ("ReconfigVM_Task", Fault::failed_task("InvalidDeviceSpec"), true),
        ("PowerOnVM_Task", Fault::failed_task("NoCompatibleHost"), true),
    ] {
        scene.vcenter.fault(method, fault).await.expect("it is set");
        let error = scene.apply_fails().await;
        assert!(error.detail.contains("failed"), "{method}: {}", error.detail);
        assert_eq!(scene.machines().await.len(), usize::from(is_made), "{method}");
        let plan = scene.plan().await;
        let expected: &[&str] = if is_made { &["delete", "create"] } else { &["create"] };
        assert_eq!(plan.actions(ADDRESS), expected, "{method}");
        scene.apply().await;
        scene.is_settled().await;
        assert_eq!(scene.machines().await, ["node-1"]);
        scene.destroy().await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_unfinished_creation_that_is_untainted_is_finished_in_place() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    let failed = Fault::failed_task("NoCompatibleHost");
    scene.vcenter.fault("PowerOnVM_Task", failed).await.expect("it is set");
    scene.apply_fails().await;
    let made = scene.machine("node-1").await.id;
    done("untaint", scene.workspace.run(&["untaint", ADDRESS]).await);
    scene.apply().await;
    scene.is_settled().await;
    let machine = scene.machine("node-1").await;
    assert_eq!((machine.id, machine.guest.ip_address.as_str()), (made, "10.20.0.21"));
    assert!(!machine.extra_config.contains_key("cht.creation"));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_10_a_clone_whose_answer_was_lost_is_found_by_the_next_apply() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene
        .vcenter
        .fault("CloneVM_Task", Fault::lost_answer())
        .await
        .expect("it is set");
    let error = scene.apply_fails().await;
    assert!(error.detail.contains("what was done is found"), "{}", error.detail);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.machines().await, ["node-1"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_finished_machine_of_another_configuration_is_not_taken() {
    let mut scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    scene.is_settled().await;
    scene.forget();
    scene.write(&Text::new("node-1").hcl());
    let error = scene.apply_fails().await;
    assert_eq!(error.summary, "Virtual machine exists already");
    assert!(error.detail.contains("import"), "{}", error.detail);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn another_machine_of_the_name_is_not_made_before_the_one_that_it_replaces_is_gone() {
    let scene = Scene::new().await;
    let first = "  lifecycle {\n    create_before_destroy = true\n  }\n}\n";
    let text = |hostname: &str| {
        let text = Text::new("node-1").set("hostname", &format!("{hostname:?}")).hcl();
        text.strip_suffix("}\n").expect("a block").to_owned() + first
    };
    scene.write(&text("node-1"));
    scene.apply().await;
    scene.write(&text("worker-1"));
    let error = scene.apply_fails().await;
    assert_eq!(error.summary, "Virtual machine exists already");
    assert!(error.detail.contains("`create_before_destroy`"), "{}", error.detail);
    assert_eq!(
        scene.machine("node-1").await.guest.host_name,
        "node-1",
        "it is as it was"
    );
    scene.write(&Text::new("node-1").set("hostname", "\"worker-1\"").hcl());
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.machines().await, ["node-1"]);
    assert_eq!(scene.machine("node-1").await.guest.host_name, "worker-1");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn somebody_who_may_only_read_can_plan() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    let denied = Fault::thrown("NoPermission").with(json!({ "privilegeId": "VirtualMachine.Config.AdvancedConfig" }));
    scene
        .vcenter
        .fault("ReconfigVM_Task", denied.always())
        .await
        .expect("it is set");
    scene.is_settled().await;
    assert!(scene.machine("node-1").await.extra_config.contains_key("cht.creation"));
    scene.vcenter.clear_faults().await.expect("they are cleared");
    scene.is_settled().await;
    assert!(!scene.machine("node-1").await.extra_config.contains_key("cht.creation"));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn machines_are_not_gone_because_another_vcenter_does_not_have_them() {
    let mut scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    let other = Scene::new().await;
    let first = std::mem::replace(&mut scene.vcenter, other.vcenter);
    scene.write(&Text::new("node-1").hcl());
    let error = scene.plan_fails().await;
    assert_eq!(error.summary, "Another vCenter");
    scene.vcenter = first;
    scene.write(&Text::new("node-1").hcl());
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_01_a_session_that_ends_meanwhile_is_begun_anew() {
    let scene = Scene::new().await;
    let held = Duration::from_secs(3600);
    scene.vcenter.delay_task("CloneVM_Task", held).await.expect("it is set");
    scene.write(&Text::new("node-1").hcl());
    let running = scene.workspace.start_apply().expect("it starts");
    eventually("the machine to be cloned", async || {
        let methods = scene.vcenter.methods().await.map_err(|error| error.to_string())?;
        let is_asked = methods.iter().any(|method| method == "CloneVM_Task");
        is_asked.then_some(()).ok_or_else(|| format!("{methods:?}"))
    })
    .await;
    scene.vcenter.end_sessions().await.expect("they are ended");
    scene
        .vcenter
        .delay_task("CloneVM_Task", Duration::ZERO)
        .await
        .expect("it is set");
    let outcome = running.wait().await.expect("it ends");
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    let logins = methods.iter().filter(|method| *method == "Login").count();
    assert!(logins >= 2, "{methods:?}");
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_14_complaint_06_a_guest_that_says_nothing_is_described_when_the_time_is_over() {
    let scene = Scene::new().await;
    scene.vcenter.guests(Guest::Silent).await.expect("it is set");
    scene.write(&Text::new("node-1").set("timeouts", "{ create = \"15s\" }").hcl());
    let error = scene.apply_fails().await;
    assert_eq!(error.summary, "Timed out");
    for hint in ["VMware Tools do not run", "open-vm-tools", "timeouts.create"] {
        assert!(error.detail.contains(hint), "{hint}: {}", error.detail);
    }
    scene.write(&Text::new("node-1").set("wait_for_address", "false").hcl());
    scene.apply().await;
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_vcenter_is_trusted_by_thumbprint_and_otherwise_refused() {
    let scene = Scene::new().await;
    let resources = Text::new("node-1").hcl();
    scene.write_with("", &resources);
    let error = scene.plan_fails().await;
    assert!(error.detail.contains("is not trusted"), "{}", error.detail);
    let other = "00".repeat(32);
    scene.write_with(&format!("thumbprint = {other:?}"), &resources);
    let error = scene.plan_fails().await;
    assert!(error.detail.contains(scene.vcenter.thumbprint()), "{}", error.detail);
    scene.write_with(&format!("thumbprint = {:?}", scene.vcenter.thumbprint()), &resources);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.write_with("insecure = true", &resources);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn neither_password_nor_user_data_is_in_any_log_or_message() {
    let mut scene = Scene::new().await;
    scene.workspace.enable_trace();
    let told = Text::new("node-1").set("cloud_init", "{ user_data = \"#cloud-config s3cret-of-the-guest\" }");
    scene.write(&told.hcl());
    scene
        .vcenter
        .fault("PowerOnVM_Task", Fault::failed_task("NoCompatibleHost"))
        .await
        .expect("it is set");
    let error = failure("apply", scene.workspace.apply().await);
    let trace = scene.workspace.trace().expect("a log");
    assert!(trace.contains("vSphere call"), "calls are logged");
    let encoded = "czNjcmV0LW9mLXRoZS1ndWVzd";
    for secret in [scene.vcenter.password(), "s3cret-of-the-guest", encoded] {
        let lines: Vec<&str> = trace
            .lines()
            .filter(|line| line.contains(secret) && line.contains("provider"))
            .collect();
        assert!(lines.is_empty(), "{secret}: {lines:?}");
        assert!(!error.detail.contains(secret), "{}", error.detail);
    }
}
