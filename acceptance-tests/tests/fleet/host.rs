//! One host: what is written there, and who may work on it.

use acceptance_tests::cluster::wait;
use std::time::Duration;
use terraform_provider_cht::k3s::config::Role;
use terraform_provider_cht::k3s::host::HostError;
use terraform_provider_cht::k3s::marker::{Marker, Phase};

use crate::support::Lab;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_locked_host_names_who_works_on_it_and_is_free_when_that_is_gone() {
    let Some(lab) = Lab::start(1).await else { return };
    let (ours, theirs) = (lab.host(1), lab.host(1));
    let lock = ours.lock().await.unwrap();
    assert!(lock.is_held());
    let error = theirs.lock().await.unwrap_err();
    assert!(
        matches!(&error, HostError::Locked { holder, .. } if holder.contains("terraform-provider-cht")),
        "{error}"
    );
    drop(lock);
    theirs.lock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_lock_goes_with_its_connection() {
    let Some(lab) = Lab::start(1).await else { return };
    let ours = lab.host(1);
    let lock = ours.lock().await.unwrap();
    ours.access().session.disconnect().await;
    lab.hosts[0].exec("pkill -KILL -f '[s]shd: root@notty'").await.unwrap();
    let let_go = async || match lock.is_held() {
        false => Ok(()),
        true => Err("held".to_owned()),
    };
    wait::until("the lock to be known as lost", Duration::from_secs(30), let_go)
        .await
        .unwrap();
    lab.host(1).lock().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_bare_host_is_seen_as_such_and_tells_what_is_noted_on_it() {
    let Some(lab) = Lab::start(1).await else { return };
    let host = lab.host(1);
    let bare = host.probe().await.unwrap().state;
    assert!(!bare.has_k3s() && bare.marker.is_none());
    assert_eq!(host.tokens().await.unwrap().server.map(|token| token.sha256()), None);
    assert!(host.kubeconfig().await.unwrap().is_none());
    host.stop(Role::Server).await.unwrap();
    let marker = Marker::new("c1", "h1", Role::Server, Phase::Joining);
    host.mark(&marker).await.unwrap();
    assert_eq!(host.probe().await.unwrap().state.marker, Some(marker));
    let error = host.start(Role::Server).await.unwrap_err();
    assert_eq!(error.to_string(), "unable to start k3s on h1");
    host.clean_up(false).await.unwrap();
    assert_eq!(host.probe().await.unwrap().state.marker, None);
}
