//! The vCenter: who gets in, how sessions end, what becomes of the process, and of machines that are hosts.

mod data_center;
mod faults;
mod guests;
mod machines;
mod permissions;
mod schema;
mod soap;
mod tags;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use acceptance_tests::cluster::wait;
use acceptance_tests::vcenter::{Options, VCenter};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use soap::Soap;

/// How long anything in a vCenter may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A vCenter with a template, and an administrator's session.
async fn vcenter() -> (VCenter, Soap) {
    let vcenter = VCenter::start(&Options::default()).await.unwrap();
    let soap = Soap::login(&vcenter).await;
    (vcenter, soap)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn who_knows_its_authority_and_a_password_gets_in_and_out() {
    let vcenter = VCenter::start(&Options::default()).await.unwrap();
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(stranger.post(vcenter.url()).send().await.unwrap_err().is_connect());
    assert_eq!(vcenter.thumbprint().len(), 32 * 3 - 1);

    let mut soap = Soap::new(&vcenter);
    assert_eq!(
        soap.call(&soap::login(vcenter.user(), "wrong")).await.fault(),
        "InvalidLogin"
    );
    assert_eq!(vcenter.sessions().await.unwrap(), []);
    soap = Soap::login(&vcenter).await;
    assert_eq!(vcenter.sessions().await.unwrap()[0].user_name, vcenter.user());
    soap.call("<Logout><_this type='SessionManager'>SessionManager</_this></Logout>")
        .await
        .done();
    assert_eq!(vcenter.sessions().await.unwrap(), []);

    vcenter.add_user("reader@vsphere.local", "secret").await.unwrap();
    soap.call(&soap::login("reader@vsphere.local", "secret")).await.done();
    assert_eq!(vcenter.methods().await.unwrap(), ["Login", "Login", "Logout", "Login"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn sessions_end_when_they_are_ended_and_when_nothing_is_asked() {
    let options = Options {
        session_timeout: Some(Duration::from_millis(500)),
        ..Options::default()
    };
    let vcenter = VCenter::start(&options).await.unwrap();
    let soap = Soap::login(&vcenter).await;
    soap.call(soap::CURRENT_TIME).await.done();
    vcenter.end_sessions().await.unwrap();
    assert_eq!(soap.call(soap::CURRENT_TIME).await.fault(), "NotAuthenticated");

    let soap = Soap::login(&vcenter).await;
    let ended = wait::until("the session to end", LIMIT, async || match vcenter.sessions().await {
        Ok(sessions) if sessions.is_empty() => Ok(()),
        other => Err(format!("{other:?}")),
    });
    ended.await.unwrap();
    assert_eq!(soap.call(soap::CURRENT_TIME).await.fault(), "NotAuthenticated");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_vcenter_that_was_dropped_leaves_neither_a_process_nor_files() {
    let vcenter = VCenter::start(&Options::default()).await.unwrap();
    let process = Pid::from_raw(i32::try_from(vcenter.pid()).unwrap());
    let directory = vcenter.directory().to_owned();
    assert!(kill(process, None).is_ok() && directory.is_dir());
    drop(vcenter);
    assert!(kill(process, None).is_err() && !directory.exists());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_simulator_that_panicked_is_no_fault_of_the_provider_and_fails_its_test() {
    let (vcenter, soap) = vcenter().await;
    vcenter.check().unwrap();
    // The simulator puts the text in the place of this element, which is none, and panics.
    let panics = soap::extra("SET.guest.net", "text");
    let template = soap.find("DC0/vm/ubuntu").await;
    let arguments = soap.clone_arguments("node", &panics, false).await;
    let body = format!("<CloneVM_Task><_this type='VirtualMachine'>{template}</_this>{arguments}</CloneVM_Task>");
    // The answer may come before the end.
    let _ = soap.request(&body).send().await;
    let noticed = wait::until("the end", LIMIT, async || match vcenter.check() {
        Ok(()) => Err("it runs".to_owned()),
        Err(error) => Ok(error.to_string()),
    });
    let noticed = noticed.await.unwrap();
    assert!(
        noticed.contains("no fault of the provider:") && noticed.contains("panic:"),
        "{noticed}"
    );
    let asked = format!("{:#}", vcenter.machines().await.unwrap_err());
    assert!(asked.contains("no fault of the provider"), "{asked}");
    assert!(catch_unwind(AssertUnwindSafe(|| drop(vcenter))).is_err());
}
