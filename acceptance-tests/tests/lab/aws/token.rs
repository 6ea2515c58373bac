//! Tokens of EKS on a real API server: who gets in, and as whom. Botocore makes the tokens.

use std::time::Duration;

use acceptance_tests::aws::{self, Account, Aws};
use acceptance_tests::cluster::{Cluster, ClusterOptions, wait};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::{Value, json};

use super::eks::Scene;

/// Who the API server says that a token belongs to: user name and groups, or nothing.
async fn who(cluster: &Cluster, token: &str) -> Option<(String, Vec<String>)> {
    let reviews = Api::<SelfSubjectReview>::all(cluster.client_with_token(token).unwrap());
    let review = reviews
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await;
    let user = review.ok()?.status?.user_info?;
    Some((user.username?, user.groups.unwrap_or_default()))
}

async fn entry(scene: &Scene, principal: &str, groups: &[&str]) {
    let asked = json!({"clusterName": "c", "principalArn": principal, "kubernetesGroups": groups});
    scene.done("CreateAccessEntry", asked).await;
}

async fn assume(account: &Account, role: &str) -> acceptance_tests::aws::Session {
    let asked = json!({"RoleArn": role, "RoleSessionName": "ann@example.org"});
    let answer = account.call("sts", "AssumeRole", asked).await.unwrap();
    account.acting_as(&answer["Credentials"]).unwrap()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn access_entries_decide_who_gets_in() {
    if !aws::available() {
        return;
    }
    let aws = Aws::start().await.unwrap();
    let options = ClusterOptions {
        token_webhook: Some(aws.token_webhook()),
        ..ClusterOptions::default()
    };
    let cluster = Cluster::start(options).await.unwrap();
    aws.serve(&cluster.host(), cluster.ca_pem());
    let scene = Scene::in_account(aws.account().await.unwrap()).await;
    scene.done("CreateCluster", scene.cluster()).await;
    let described = scene.describe().await;
    assert_eq!(described["endpoint"], cluster.host());

    let user = scene.account.session();
    let token = user.eks_token("c").await.unwrap();
    assert_eq!(who(&cluster, &token).await, None);
    assert!(aws.take_refused_tokens()[0].contains("has no access entry"));

    entry(&scene, &scene.account.user_arn(), &["people"]).await;
    let (name, groups) = who(&cluster, &token).await.unwrap();
    assert_eq!(name, scene.account.user_arn());
    assert_eq!(groups, ["people", "system:authenticated"]);
    let namespaces = Api::<Namespace>::all(cluster.client_with_token(&token).unwrap());
    assert!(namespaces.list(&ListParams::default()).await.is_err());
    let administrator = json!({
        "clusterName": "c", "principalArn": scene.account.user_arn(), "accessScope": {"type": "cluster"},
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    });
    scene.done("AssociateAccessPolicy", administrator).await;
    // The API server remembers for some seconds whom a token belongs to.
    let admitted = wait::until("the policy to count", Duration::from_secs(60), async || {
        let listed = namespaces.list(&ListParams::default()).await;
        listed.map(drop).map_err(|error| error.to_string())
    });
    admitted.await.unwrap();

    let role = scene.role_arn("team/deployer");
    entry(&scene, &role, &[]).await;
    let session = assume(&scene.account, &role).await;
    let (name, _) = who(&cluster, &session.eks_token("c").await.unwrap()).await.unwrap();
    let id = scene.account.id();
    assert_eq!(name, format!("arn:aws:sts::{id}:assumed-role/deployer/ann-example.org"));

    refusals(&aws, &cluster, &scene, &token).await;
}

/// Tokens that are nobody's.
async fn refusals(aws: &Aws, cluster: &Cluster, scene: &Scene, good: &str) {
    let stranger = aws.account().await.unwrap();
    let forged = json!({
        "AccessKeyId": scene.account.access_key(), "SecretAccessKey": "guessed", "SessionToken": Value::Null,
    });
    let forged = scene.account.acting_as(&forged).unwrap();
    let cases = [
        (
            scene.account.session().eks_token("d").await.unwrap(),
            "SignatureDoesNotMatch",
        ),
        (forged.eks_token("c").await.unwrap(), "SignatureDoesNotMatch"),
        (
            stranger.session().eks_token("c").await.unwrap(),
            "no cluster c in the account",
        ),
        (good.replace("k8s-aws-v1.", "k8s-aws-v2."), "does not begin with"),
    ];
    for (token, reason) in cases {
        aws.take_refused_tokens();
        assert_eq!(who(cluster, &token).await, None, "{reason}");
        let refused = aws.take_refused_tokens();
        assert!(refused[0].contains(reason), "{reason}: {refused:?}");
    }
}
