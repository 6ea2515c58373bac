//! Calls and tasks that go wrong or take long.

use std::time::Duration;

use acceptance_tests::vcenter::Fault;
use serde_json::json;
use tokio::time::timeout;

use super::soap::CURRENT_TIME;
use super::vcenter;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_fault_meets_the_calls_that_it_was_meant_for() {
    let (vcenter, soap) = vcenter().await;
    let id = soap.find("DC0/vm/ubuntu").await;
    let denied = Fault::thrown("NoPermission")
        .with(json!({"privilegeId": "VirtualMachine.Config.Rename"}))
        .message("Permission to perform this operation was denied.");
    let rename =
        format!("<Rename_Task><_this type='VirtualMachine'>{id}</_this><newName>other</newName></Rename_Task>");
    vcenter
        .fault("Rename_Task", denied.on("ubuntu").skip(1).times(2))
        .await
        .unwrap();
    vcenter
        .fault("Rename_Task", Fault::thrown("InvalidName").on("another").always())
        .await
        .unwrap();
    soap.call(&rename.replace("other", "ubuntu")).await.done();
    for _ in 0..2 {
        let answer = soap.call(&rename).await;
        assert_eq!(answer.fault(), "NoPermission");
        assert_eq!(answer.between("privilegeId"), "VirtualMachine.Config.Rename");
        assert_eq!(answer.between("object"), id);
        assert_eq!(
            answer.between("faultstring"),
            "Permission to perform this operation was denied."
        );
    }
    soap.call(&rename).await.done();
    assert_eq!(vcenter.clear_faults().await.unwrap(), 2);
    let faults: Vec<_> = vcenter
        .requests()
        .await
        .unwrap()
        .into_iter()
        .map(|request| request.fault)
        .collect();
    assert_eq!(faults, ["", "", "", "NoPermission", "NoPermission", ""]);
    let wrong = vcenter.fault("*", Fault::thrown("NoSuchThing")).await.unwrap_err();
    assert!(wrong.to_string().contains("there is no class NoSuchThing"));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn connections_end_hang_and_are_refused() {
    let (vcenter, soap) = vcenter().await;
    vcenter.fault("*", Fault::unavailable()).await.unwrap();
    assert_eq!(soap.call(CURRENT_TIME).await.status, 503);
    for (fault, carried_out) in [(Fault::cut(), false), (Fault::lost_answer(), true)] {
        vcenter.fault("CreateFolder", fault).await.unwrap();
        let folder = soap.find("DC0/vm").await;
        let body = format!("<CreateFolder><_this type='Folder'>{folder}</_this><name>nodes</name></CreateFolder>");
        assert!(soap.request(&body).send().await.is_err());
        let folders = vcenter.folders().await.unwrap();
        assert_eq!(folders.contains(&"/DC0/vm/nodes".to_owned()), carried_out);
    }
    vcenter.fault("CurrentTime", Fault::hang()).await.unwrap();
    let hangs = timeout(Duration::from_millis(300), soap.request(CURRENT_TIME).send()).await;
    assert!(hangs.is_err());
    soap.call(CURRENT_TIME).await.done();
    assert_eq!(vcenter.clear_faults().await.unwrap(), 4);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_task_fails_and_nothing_was_carried_out() {
    let (vcenter, soap) = vcenter().await;
    let template = soap.find("DC0/vm/ubuntu").await;
    let arguments = soap.clone_arguments("node", "", false).await;
    let full = Fault::failed_task("NoDiskSpace").with(json!({"datastore": "LocalDS_1"}));
    vcenter.fault("CloneVM_Task", full.on("node")).await.unwrap();
    let task = soap.task("CloneVM_Task", &template, &arguments).await;
    assert_eq!(task.fault, "NoDiskSpace");
    assert_eq!(vcenter.machines().await.unwrap().len(), 1);
    assert_eq!(soap.task("CloneVM_Task", &template, &arguments).await.fault, "");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_task_runs_for_as_long_as_it_is_held_also_when_who_asked_has_gone() {
    let (vcenter, soap) = vcenter().await;
    let template = soap.find("DC0/vm/ubuntu").await;
    let arguments = soap.clone_arguments("node", "", true).await;
    vcenter
        .delay_task("CloneVM_Task", Duration::from_secs(3600))
        .await
        .unwrap();
    let task = soap.start_task("CloneVM_Task", &template, &arguments).await;
    let info = soap.state_of(&task).await;
    assert_eq!(
        (info.between("state"), info.between("entityName")),
        ("running".to_owned(), "ubuntu".to_owned())
    );
    assert_eq!(
        vcenter.machines().await.unwrap().len(),
        1,
        "nothing was carried out yet"
    );
    // The template can be read meanwhile.
    let name = soap.property("VirtualMachine", &template, "name").await;
    assert_eq!(name.between("val"), "ubuntu");
    vcenter.end_sessions().await.unwrap();
    vcenter.delay_task("CloneVM_Task", Duration::ZERO).await.unwrap();
    let soap = super::Soap::login(&vcenter).await;
    assert_eq!(
        soap.end_of(&task).await.result,
        vcenter.machine("node").await.unwrap().id
    );
    assert_eq!(vcenter.sessions().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_task_that_is_held_can_be_canceled() {
    let (vcenter, soap) = vcenter().await;
    let template = soap.find("DC0/vm/ubuntu").await;
    let arguments = soap.clone_arguments("node", "", false).await;
    vcenter
        .delay_task("CloneVM_Task", Duration::from_secs(3600))
        .await
        .unwrap();
    let task = soap.start_task("CloneVM_Task", &template, &arguments).await;
    soap.call(&format!("<CancelTask><_this type='Task'>{task}</_this></CancelTask>"))
        .await
        .done();
    vcenter.delay_task("CloneVM_Task", Duration::ZERO).await.unwrap();
    assert_eq!(soap.end_of(&task).await.fault, "RequestCanceled");
    assert_eq!(vcenter.machines().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_call_waits_for_as_long_as_it_is_delayed() {
    let (vcenter, soap) = vcenter().await;
    vcenter.delay("CurrentTime", Duration::from_secs(3600)).await.unwrap();
    let mut call = Box::pin(soap.call(CURRENT_TIME));
    assert!(timeout(Duration::from_millis(300), &mut call).await.is_err());
    vcenter.delay("CurrentTime", Duration::ZERO).await.unwrap();
    call.await.done();
}
