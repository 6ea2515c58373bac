//! Port-forwards go through the API server and the node's kubelet to an address of the test's.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{cluster, create, namespace, pod_template, wait_for};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn port_forward_reaches_the_target() {
    let (client, namespace) = namespace("port-forward").await;
    let mut pod = pod_template("pod", json!({"name": "main", "image": "example/app:1"}), json!([]));
    pod["metadata"]["name"] = json!("pod");
    let pods = create::<Pod>(&client, &namespace, pod).await;
    wait_for(&pods, "pod", "the pod to run", |it| {
        it.status.clone()?.phase.filter(|phase| phase == "Running")
    })
    .await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    cluster().await.set_port_forward_target(listener.local_addr().unwrap());
    let target = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut question = [0; 4];
        connection.read_exact(&mut question).await.unwrap();
        connection.write_all(b"pong").await.unwrap();
        question
    });

    let mut forward = pods.portforward("pod", &[5988]).await.unwrap();
    let mut stream = forward.take_stream(5988).unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut answer = [0; 4];
    let read = stream.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("an answer in time")
        .unwrap();
    assert_eq!(&answer, b"pong");
    assert_eq!(&target.await.unwrap(), b"ping");
}
