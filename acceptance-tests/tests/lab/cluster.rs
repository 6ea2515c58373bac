//! Access to the API server, its absence, and what is left of a cluster when it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use acceptance_tests::cluster::{Cluster, ClusterOptions, wait};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::Api;
use kube::api::{ListParams, PostParams};

use crate::support::{cluster, namespace};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn restricted_user_may_do_what_the_rules_say_and_no_more() {
    let (_, namespace) = namespace("restricted").await;
    let rule = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["configmaps".to_owned()]),
        verbs: vec!["list".to_owned()],
        ..PolicyRule::default()
    };
    let cluster = cluster().await;
    let token = cluster.user("reader", vec![rule]).await.unwrap();
    let maps = Api::<ConfigMap>::namespaced(cluster.client_with_token(&token).unwrap(), &namespace);
    // The API server learns of new rules by a watch, a moment later.
    let limit = Duration::from_secs(20);
    let list = async || {
        maps.list(&ListParams::default())
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    };
    wait::until("the rules to hold", limit, list).await.unwrap();
    let error = maps
        .create(&PostParams::default(), &ConfigMap::default())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, kube::Error::Api(status) if status.code == 403),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn unknown_token_is_refused() {
    let client = cluster().await.client_with_token("nobody").unwrap();
    let error = Api::<Namespace>::all(client)
        .list(&ListParams::default())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, kube::Error::Api(status) if status.code == 401),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn api_server_comes_back_with_what_it_stored() {
    // A cluster of its own: the others' tests would miss the API server.
    let cluster = Cluster::start(ClusterOptions::default()).await.unwrap();
    let namespaces = Api::<Namespace>::all(cluster.client().unwrap());
    let before = namespaces.get("default").await.unwrap();
    cluster.stop_api_server().await.unwrap();
    let error = namespaces.get("default").await.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error}");
    cluster.start_api_server().await.unwrap();
    assert_eq!(
        namespaces.get("default").await.unwrap().metadata.uid,
        before.metadata.uid
    );

    let directory = cluster.kubeconfig().parent().unwrap().to_owned();
    drop(cluster);
    assert!(!directory.exists(), "a dropped cluster leaves no files");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn killed_program_leaves_nothing_behind() {
    let program = env!("CARGO_BIN_EXE_xtask");
    let mut xtask = Command::new(program)
        .args(["lab", "up"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(xtask.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.take_while(|line| !line.contains("Ctrl-C")).collect();
    let after = |mark: &str| {
        said.iter()
            .find_map(|line| Some(line.split_once(mark)?.1.to_owned()))
            .unwrap()
    };
    let kubeconfig = after("export KUBECONFIG=");
    let address = after("https://").split(". ").next().unwrap().to_owned();
    assert!(Path::new(&kubeconfig).is_file());

    xtask.kill().unwrap();
    xtask.wait().unwrap();
    let gone = async || match (
        Path::new(&kubeconfig).exists(),
        tokio::net::TcpStream::connect(&address).await.is_ok(),
    ) {
        (false, false) => Ok(()),
        (files, server) => Err(format!("files: {files}, server: {server}")),
    };
    wait::until("the cluster to be gone", Duration::from_secs(20), gone)
        .await
        .unwrap();
}
