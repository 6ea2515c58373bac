//! The way to the API server on which calls go wrong: what a client sees of each fault, and what the server has done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use acceptance_tests::cluster::faults::{Call, Fault, FaultyServer};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{cluster, namespace};

fn call() -> Call {
    Call {
        what: "PATCH namespaces/*/configmaps/one".to_owned(),
        nth: 1,
    }
}

async fn apply(api: &Api<ConfigMap>) -> Result<ConfigMap, kube::Error> {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}});
    api.patch("one", &PatchParams::apply("lab"), &Patch::Apply(object))
        .await
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn one_call_fails_as_it_was_told_to_and_the_others_pass() {
    let (client, namespace) = namespace("faults").await;
    let direct = Api::<ConfigMap>::namespaced(client, &namespace);
    let server = FaultyServer::start(cluster().await).await.unwrap();
    let faulty = Api::namespaced(server.client(cluster().await.admin_token()).unwrap(), &namespace);
    for (fault, code, carried_out) in [
        (Fault::ServerError, Some(500), false),
        (Fault::Throttled, Some(429), false),
        (Fault::Forbidden, Some(403), false),
        (Fault::Cut, None, false),
        (Fault::LostAnswer, None, true),
    ] {
        server.fail(call(), fault);
        let error = apply(&faulty).await.unwrap_err();
        let seen = match &error {
            kube::Error::Api(status) => Some(status.code),
            _ => None,
        };
        assert_eq!(seen, code, "{fault:?}: {error}");
        assert!(server.heal(), "{fault:?} was played");
        assert_eq!(direct.get_opt("one").await.unwrap().is_some(), carried_out, "{fault:?}");
    }
    apply(&faulty).await.unwrap();
    let calls: Vec<_> = server.calls().iter().map(ToString::to_string).collect();
    assert_eq!(
        calls,
        [
            "PATCH namespaces/*/configmaps/one #1",
            "PATCH namespaces/*/configmaps/one #2"
        ]
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_outage_ends_and_what_hangs_is_held_no_longer_than_its_client_waits() {
    let (_, namespace) = namespace("outage").await;
    let server = FaultyServer::start(cluster().await).await.unwrap();
    let faulty = Api::namespaced(server.client(cluster().await.admin_token()).unwrap(), &namespace);
    server.fail(call(), Fault::Outage);
    let mut failures = 0;
    while apply(&faulty).await.is_err() {
        failures += 1;
    }
    assert!(failures > 6, "only {failures} calls failed");
    assert!(server.heal());

    server.fail(call(), Fault::Hang);
    assert!(timeout(Duration::from_millis(200), apply(&faulty)).await.is_err());
    apply(&faulty).await.unwrap();

    server.hold(0);
    let held = tokio::join!(timeout(Duration::from_secs(5), apply(&faulty)), async {
        server.held().await;
        server.heal()
    });
    held.0.expect("it goes on").unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_fault_that_is_never_played_fails_its_test() {
    let server = FaultyServer::start(cluster().await).await.unwrap();
    server.fail(call(), Fault::Cut);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(server))).is_err());
}
