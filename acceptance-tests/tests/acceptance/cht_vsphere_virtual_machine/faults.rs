//! Every kind of fault that a vCenter answers with: what the user is told, and that the next apply goes on with the
//! same machine. The guide on problems with vSphere lists these tests by their names.

use std::time::Duration;

use acceptance_tests::vcenter::Fault;
use serde_json::json;

use crate::support::eventually;
use crate::vsphere::{Scene, Text};

/// A creation in which a fault meets a method fails and says all of this, and the next apply makes one machine.
async fn is_told(method: &str, fault: Fault, said: &[&str]) {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene.vcenter.fault(method, fault).await.expect("it is set");
    let error = scene.apply_fails().await;
    let flat = error.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in said {
        assert!(flat.contains(words), "{method}: {words:?} is not in {flat}");
    }
    assert_eq!(scene.vcenter.clear_faults().await.expect("an answer"), 1, "it was met");
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.machines().await, ["node-1"]);
}

/// A creation goes on by itself although a fault meets calls of a method so often.
async fn is_borne(method: &str, fault: Fault, times: u32) {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene
        .vcenter
        .fault(method, fault.times(times))
        .await
        .expect("it is set");
    scene.apply().await;
    assert_eq!(scene.vcenter.clear_faults().await.expect("an answer"), times);
    scene.is_settled().await;
    assert_eq!(scene.machines().await, ["node-1"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_03_an_argument_that_a_vcenter_refuses_is_told_with_its_name() {
    let refused = Fault::thrown("InvalidArgument").with(json!({ "invalidProperty": "spec.memoryMB" }));
    is_told(
        "ReconfigVM_Task",
        refused.message("A specified parameter was not correct: spec.memoryMB"),
        &["ReconfigVM_Task", "spec.memoryMB"],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_04_a_method_that_a_vcenter_does_not_have_is_told() {
    is_told(
        "PowerOnVM_Task",
        Fault::thrown("MethodNotFound"),
        &["PowerOnVM_Task", "MethodNotFound"],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_05_what_somebody_removes_meanwhile_is_told_and_made_again() {
    is_told(
        "ReconfigVM_Task",
        Fault::thrown("ManagedObjectNotFound"),
        &["not there any more", "Plan again"],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_06_a_state_that_does_not_allow_it_is_told_with_both_states() {
    let refused = Fault::thrown("InvalidPowerState")
        .with(json!({ "requestedState": "poweredOn", "existingState": "suspended" }))
        .message("The attempted operation cannot be performed in the current state (Suspended).");
    let both = "it is `suspended`, and `poweredOn` is asked for";
    is_told("PowerOnVM_Task", refused, &["current state (Suspended)", both]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_what_is_in_use_is_waited_for_or_told() {
    is_borne("ReconfigVM_Task", Fault::thrown("TaskInProgress"), 2).await;
    is_borne("PowerOnVM_Task", Fault::failed_task("ConcurrentAccess"), 2).await;
    is_told(
        "CloneVM_Task",
        Fault::failed_task("ResourceInUse"),
        &["works on the object at the moment", "Apply again"],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_08_a_cluster_that_is_full_is_told() {
    is_told(
        "PowerOnVM_Task",
        Fault::failed_task("InsufficientMemoryResourcesFault"),
        &["too little room", "Make room"],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_09_a_fault_that_nobody_expects_is_told_in_the_words_of_the_vcenter() {
    let custom = Fault::thrown("VmConfigFault").message("Module 'Disk' power on failed.");
    is_told("PowerOnVM_Task", custom, &["Module 'Disk' power on failed", "events"]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_10_connections_that_end_are_begun_anew_where_nothing_is_done_twice() {
    is_borne("RetrievePropertiesEx", Fault::cut(), 2).await;
    is_told("ReconfigVM_Task", Fault::cut(), &["is not known", "Apply again"]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_12_a_proxy_that_has_no_vcenter_behind_it_for_a_moment_is_asked_again() {
    is_borne("CloneVM_Task", Fault::unavailable(), 2).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_11_complaint_09_a_clone_that_takes_longer_than_the_time_is_gone_on_with_by_the_next_apply() {
    let scene = Scene::new().await;
    let vcenter = &scene.vcenter;
    let held = Duration::from_secs(3600);
    vcenter.delay_task("CloneVM_Task", held).await.expect("it is set");
    scene.write(&Text::new("node-1").set("timeouts", "{ create = \"5s\" }").hcl());
    let error = scene.apply_fails().await;
    assert_eq!(error.summary, "Timed out");
    assert!(error.detail.contains("node-1 to be cloned"), "{}", error.detail);
    vcenter
        .delay_task("CloneVM_Task", Duration::ZERO)
        .await
        .expect("it is set");
    eventually("the clone to be there", async || {
        let machines = vcenter.machines().await.map_err(|error| error.to_string())?;
        let is_there = machines.iter().any(|machine| machine.name == "node-1");
        is_there.then_some(()).ok_or_else(|| "it is not".to_owned())
    })
    .await;
    let cloned = scene.machine("node-1").await.id;
    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(
        (scene.machines().await.len(), scene.machine("node-1").await.id),
        (1, cloned)
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_13_a_wrong_password_is_told_before_anything_is_done() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    let wrong = Fault::thrown("InvalidLogin").always();
    scene.vcenter.fault("Login", wrong).await.expect("it is set");
    let error = scene.plan_fails().await;
    for words in ["vsphere.password", "locks the user"] {
        assert!(error.detail.contains(words), "{words}: {}", error.detail);
    }
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    let logins = methods.iter().filter(|method| *method == "Login").count();
    assert_eq!(logins, 1, "a vCenter locks users that try again: {methods:?}");
}
