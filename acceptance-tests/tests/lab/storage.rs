//! Claims and volumes.

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::support::{create, namespace, pod_template, wait_for, wait_until_gone};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn claim_of_the_default_class_binds_grows_and_goes_with_its_volume() {
    let (client, namespace) = namespace("claim-binds").await;
    let api = create::<PersistentVolumeClaim>(&client, &namespace, claim(None)).await;
    let volume = wait_for(&api, "data", "the claim to be bound", bound).await;
    assert_eq!(
        api.get("data")
            .await
            .unwrap()
            .spec
            .unwrap()
            .storage_class_name
            .as_deref(),
        Some("lab")
    );

    let patch = grown();
    api.patch("data", &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .unwrap();
    wait_for(&api, "data", "the claim to grow", |it| {
        capacity(it).filter(|size| size == "2Gi")
    })
    .await;

    api.delete("data", &DeleteParams::default()).await.unwrap();
    wait_until_gone(&Api::<PersistentVolume>::all(client), &volume).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn claim_of_a_waiting_class_binds_when_a_pod_needs_it() {
    let (client, namespace) = namespace("claim-waits").await;
    let api = create::<PersistentVolumeClaim>(&client, &namespace, claim(Some("lab-wait"))).await;
    create::<Pod>(&client, &namespace, pod_with_claim()).await;
    wait_for(&api, "data", "the claim to be bound", bound).await;
    let pods = Api::<Pod>::namespaced(client, &namespace);
    wait_for(&pods, "pod", "the pod to run", |it| {
        it.status.clone()?.phase.filter(|phase| phase == "Running")
    })
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn unbound_claim_keeps_its_pod_pending() {
    let (client, namespace) = namespace("claim-stuck").await;
    let api = create::<PersistentVolumeClaim>(&client, &namespace, claim(Some("lab-stuck"))).await;
    let pods = create::<Pod>(&client, &namespace, pod_with_claim()).await;
    // Its first verdict may be that there is no claim, until it has heard of it.
    let unbound = |it: &Pod| {
        let conditions = it.status.clone()?.conditions?;
        conditions
            .into_iter()
            .find(|it| it.type_ == "PodScheduled" && it.status == "False")?
            .message
            .filter(|message| message.contains("unbound"))
    };
    wait_for(&pods, "pod", "the scheduler's verdict", unbound).await;
    assert_eq!(
        api.get("data").await.unwrap().status.unwrap().phase.as_deref(),
        Some("Pending")
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn class_without_expansion_refuses_growth() {
    let (client, namespace) = namespace("claim-fixed").await;
    let api = create::<PersistentVolumeClaim>(&client, &namespace, claim(Some("lab-no-expand"))).await;
    wait_for(&api, "data", "the claim to be bound", bound).await;
    let error = api
        .patch("data", &PatchParams::default(), &Patch::Merge(&grown()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, kube::Error::Api(status) if status.is_forbidden()),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn retained_volume_outlives_its_claim() {
    let (client, namespace) = namespace("claim-retained").await;
    let api = create::<PersistentVolumeClaim>(&client, &namespace, claim(Some("lab-retain"))).await;
    let volume = wait_for(&api, "data", "the claim to be bound", bound).await;
    api.delete("data", &DeleteParams::default()).await.unwrap();
    released(client, &volume).await;
}

async fn released(client: Client, volume: &str) {
    let volumes = Api::<PersistentVolume>::all(client);
    wait_for(&volumes, volume, "the volume to be released", |it| {
        it.status.clone()?.phase.filter(|it| it == "Released")
    })
    .await;
}

fn claim(class: Option<&str>) -> Value {
    let mut claim = json!({
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    if let Some(class) = class {
        claim["spec"]["storageClassName"] = json!(class);
    }
    claim
}

fn grown() -> Value {
    json!({"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
}

fn pod_with_claim() -> Value {
    let container =
        json!({"name": "main", "image": "example/app:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]});
    let mut pod = pod_template(
        "pod",
        container,
        json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]),
    );
    pod["metadata"]["name"] = json!("pod");
    pod
}

fn bound(claim: &PersistentVolumeClaim) -> Option<String> {
    claim
        .status
        .as_ref()?
        .phase
        .as_deref()
        .filter(|phase| *phase == "Bound")?;
    claim.spec.as_ref()?.volume_name.clone()
}

fn capacity(claim: &PersistentVolumeClaim) -> Option<String> {
    Some(claim.status.as_ref()?.capacity.as_ref()?.get("storage")?.0.clone())
}
