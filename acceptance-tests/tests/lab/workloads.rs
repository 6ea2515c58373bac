//! Deployments, Jobs and Ingresses, and the faults that pods can ask for.

use std::time::Duration;

use acceptance_tests::cluster::wait::until;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::support::{create, deployment, namespace, pod_template, wait_for};

/// How long the lab may take.
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn deployment_rolls_out() {
    let (client, namespace) = namespace("rolls-out").await;
    let container = json!({"name": "main", "image": "example/app:1"});
    let api = create::<Deployment>(&client, &namespace, deployment("app", container, json!([]))).await;
    wait_for(&api, "app", "an available replica", |it| {
        it.status.as_ref()?.available_replicas.filter(|n| *n == 1)
    })
    .await;
    let pod = only_pod(&client, &namespace).await;
    let status = pod.status.unwrap();
    assert_eq!(status.phase.as_deref(), Some("Running"));
    assert!(status.pod_ip.is_some());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn missing_image_keeps_its_container_waiting() {
    let (client, namespace) = namespace("missing-image").await;
    let container = json!({"name": "main", "image": "example/app:0.0.0-missing"});
    create::<Deployment>(&client, &namespace, deployment("app", container, json!([]))).await;
    let status = container_status(&client, &namespace).await;
    let waiting = status.state.unwrap().waiting.unwrap();
    assert_eq!(waiting.reason.as_deref(), Some("ImagePullBackOff"));
    assert!(waiting.message.unwrap().contains("example/app:0.0.0-missing"));
    assert!(!status.ready);
    let events = Api::<Event>::namespaced(client, &namespace);
    let failed = async || {
        let list = events
            .list(&ListParams::default().fields("reason=Failed"))
            .await
            .map_err(|error| error.to_string())?;
        list.items.into_iter().next().ok_or_else(|| "no such event".to_owned())
    };
    until("a Failed event", LIMIT, failed).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn missing_image_of_an_init_container_keeps_all_waiting() {
    let (client, namespace) = namespace("missing-init-image").await;
    let mut pod = pod_template("pod", json!({"name": "main", "image": "example/app:1"}), json!([]));
    pod["metadata"]["name"] = json!("pod");
    pod["spec"]["initContainers"] = json!([{"name": "init", "image": "example/unknown-image:1"}]);
    let pods = create::<Pod>(&client, &namespace, pod).await;
    let init = |it: &Pod| it.status.clone()?.init_container_statuses?.first().cloned();
    let init = wait_for(&pods, "pod", "an init container status", init).await;
    assert_eq!(
        init.state.unwrap().waiting.unwrap().reason.as_deref(),
        Some("ImagePullBackOff")
    );
    let main = pods
        .get("pod")
        .await
        .unwrap()
        .status
        .unwrap()
        .container_statuses
        .unwrap()
        .remove(0);
    assert_eq!(
        main.state.unwrap().waiting.unwrap().reason.as_deref(),
        Some("PodInitializing")
    );
    assert!(!main.ready);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn crash_shows_its_last_end() {
    let (client, namespace) = namespace("crash").await;
    let container = json!({"name": "main", "image": "example/app:1", "env": [{"name": "LAB_FAULT", "value": "crash"}]});
    create::<Deployment>(&client, &namespace, deployment("app", container, json!([]))).await;
    let status = container_status(&client, &namespace).await;
    assert_eq!(
        status.state.unwrap().waiting.unwrap().reason.as_deref(),
        Some("CrashLoopBackOff")
    );
    assert_eq!(status.last_state.unwrap().terminated.unwrap().exit_code, 1);
    assert_eq!(status.restart_count, 3);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn job_completes() {
    let (client, namespace) = namespace("job").await;
    let mut template = pod_template("job", json!({"name": "main", "image": "example/app:1"}), json!([]));
    template["spec"]["restartPolicy"] = json!("Never");
    let job = json!({"metadata": {"name": "job"}, "spec": {"template": template}});
    let api = create::<Job>(&client, &namespace, job).await;
    wait_for(&api, "job", "the job to complete", |it| {
        it.status.as_ref()?.succeeded.filter(|n| *n == 1)
    })
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn ingress_gets_its_address_only_from_its_own_controller() {
    let (client, namespace) = namespace("ingress").await;
    let ingress = |class: &str| {
        let backend = json!({"service": {"name": "app", "port": {"number": 80}}});
        json!({"metadata": {"name": class}, "spec": {"ingressClassName": class, "defaultBackend": backend}})
    };
    create::<Ingress>(&client, &namespace, ingress("traefik")).await;
    let api = create::<Ingress>(&client, &namespace, ingress("lab")).await;
    let address = |it: &Ingress| it.status.clone()?.load_balancer?.ingress?.first()?.ip.clone();
    assert_eq!(wait_for(&api, "lab", "an address", address).await, "127.0.0.1");
    assert_eq!(address(&api.get("traefik").await.unwrap()), None);
}

/// The deployment's status may tell of a pod a moment before there is one.
async fn only_pod(client: &Client, namespace: &str) -> Pod {
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    let only = async || {
        let list = pods
            .list(&ListParams::default())
            .await
            .map_err(|error| error.to_string())?;
        let count = list.items.len();
        let [pod] = <[Pod; 1]>::try_from(list.items).map_err(|_| format!("{count} pods"))?;
        Ok(pod)
    };
    until("the only pod", LIMIT, only).await.unwrap()
}

async fn container_status(client: &Client, namespace: &str) -> ContainerStatus {
    let deployments = Api::<Deployment>::namespaced(client.clone(), namespace);
    wait_for(&deployments, "app", "a pod", |it| {
        it.status.as_ref()?.unavailable_replicas.filter(|n| *n == 1)
    })
    .await;
    let pod = only_pod(client, namespace).await;
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    wait_for(&pods, &pod.name_any(), "a container status", |it| {
        it.status.clone()?.container_statuses?.first().cloned()
    })
    .await
}
