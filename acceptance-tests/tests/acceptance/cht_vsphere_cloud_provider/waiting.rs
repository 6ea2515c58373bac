//! Nodes that the cloud provider never knows, and pods that crash: what an apply says of the cause.

use acceptance_tests::tofu::Diagnostic;
use acceptance_tests::vcenter::{Machine, Options, VCenter};
use serde_json::json;

use super::{NAME, PASSWORD, USER, configuration, login, way};
use crate::support::{DAEMON_SET, NODE, POD, Scene, blames, eventually, lab};
use crate::vsphere::{grants, provider_block};

/// An apply that has little time, so that it looks for the cause soon.
const HASTY: &str = "timeouts = { create = \"30s\" }";

/// A vCenter, in which the user may see the data center, and a machine of it.
async fn vcenter(scene: &Scene) -> (VCenter, Machine) {
    let options = Options {
        machines: 1,
        ..Options::default()
    };
    let vcenter = VCenter::start(&options).await.expect("the vCenter starts");
    vcenter.add_user(USER, PASSWORD).await.expect("a user");
    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let block = provider_block(&vcenter, vcenter.user(), vcenter.password(), &trust);
    let administrator = scene.elsewhere().await;
    administrator.write(&(block + &grants(USER, &[("read-only", "datacenter", "/DC0")])));
    administrator.apply().await;
    let mut machines = vcenter.machines().await.expect("machines").into_iter();
    let machine = machines.find(|one| !one.template).expect("a machine");
    (vcenter, machine)
}

/// Applies anew; as soon as the pods run, somebody does something, and the apply fails.
async fn fails_after(scene: &Scene, something: impl Future<Output = ()>) -> Diagnostic {
    scene.destroy().await;
    let meanwhile = async {
        let rolled_out = async || match scene.object(&DAEMON_SET, NAME).await {
            Some(set) if set.data["status"]["numberReady"].as_u64() >= Some(1) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        eventually("the pods to run", rolled_out).await;
        something.await;
    };
    tokio::join!(scene.apply_fails(), meanwhile).0
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_apply_says_which_of_password_and_uuid_keeps_nodes_waiting() {
    let _turn = crate::support::turn_with_nodes().await;
    let mut scene = Scene::new("vsphere-waiting").await;
    "kube-system".clone_into(&mut scene.namespace);
    let (vcenter, machine) = vcenter(&scene).await;
    let written = configuration(&vcenter, &way().await, &login(PASSWORD, 1, "DC0"), HASTY);
    let provider_id = |uuid: &str| format!("vsphere://{uuid}");
    scene.add_node("waiting-1", &provider_id(&machine.uuid)).await;

    scene.write(&written);
    let error = fails_after(&scene, async {}).await;
    assert_eq!(error.summary, "Nodes are not known to the cloud provider", "{error:#?}");
    assert!(error.detail.contains("cloud provider: waiting-1."), "{error:#?}");

    let changed = async { vcenter.add_user(USER, "another").await.expect("it is changed") };
    let error = fails_after(&scene, changed).await;
    blames(
        &error,
        "Unable to check the vCenter",
        "does not let k8s@vsphere.local in",
        "user",
    );
    vcenter.add_user(USER, PASSWORD).await.expect("it is changed back");

    // In this vCenter a machine is found in any datacenter, so that none is in another.
    let error = fails_after(
        &scene,
        scene.add_node("waiting-2", &provider_id(&machine.instance_uuid)),
    )
    .await;
    assert_eq!(error.summary, "Wrong provider ID", "{error:#?}");
    assert!(error.detail.contains(&machine.uuid), "{error:#?}");
    scene.delete(&NODE, "waiting-2").await;
    scene.destroy().await;
    scene.delete(&NODE, "waiting-1").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_apply_says_what_the_log_of_a_pod_that_crashes_means() {
    let _turn = crate::support::turn_with_nodes().await;
    let mut scene = Scene::new("vsphere-crashing").await;
    "kube-system".clone_into(&mut scene.namespace);
    let (vcenter, machine) = vcenter(&scene).await;
    let words = "ServerFaultCode: Cannot complete login due to an incorrect user name or password.";
    lab().await.cluster.set_last_words(words).expect("it is written");
    scene
        .add_node("crashing-1", &format!("vsphere://{}", machine.uuid))
        .await;
    // Pods wait for their image until the test lets them crash.
    let rest = "image_registry = \"registry.example/missing\"";
    scene.write(&configuration(&vcenter, &way().await, &login(PASSWORD, 1, "DC0"), rest));
    let (error, ()) = tokio::join!(scene.apply_fails(), crash(&scene));
    blames(&error, "vSphere cloud provider does not start", words, "vcenter");
    let flat = error.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("does not let the user in: check `vcenter.user` and its password"),
        "{flat}"
    );
    scene.destroy().await;
    scene.delete(&NODE, "crashing-1").await;
}

/// Lets the pod crash again and again.
async fn crash(scene: &Scene) {
    let pods = scene.api(&POD);
    let waits = async || {
        let all = pods
            .list(&Default::default())
            .await
            .map_err(|error| error.to_string())?;
        let mut ours = all
            .items
            .into_iter()
            .filter(|pod| pod.metadata.name.as_ref().is_some_and(|name| name.starts_with(NAME)));
        ours.find(|pod| pod.data["status"]["containerStatuses"].is_array())
            .ok_or_else(|| "no pod waits for its image".to_owned())
    };
    let pod = eventually("a pod to wait for its image", waits).await;
    let mut container = pod.data["status"]["containerStatuses"][0].clone();
    container["restartCount"] = json!(3);
    container["state"] = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } });
    container["lastState"] = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
    let status = json!({ "status": { "phase": "Running", "containerStatuses": [container] } });
    let name = pod.metadata.name.expect("a name");
    let patch = kube::api::Patch::Merge(status);
    let patched = pods.patch_status(&name, &Default::default(), &patch).await;
    patched.expect("it crashes");
}
