//! What AWS would not understand, moto takes or not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::{account, create_vpc};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_breaks_the_description_of_a_service_is_told() {
    let Some(account) = account().await else { return };
    let calls = [
        // An enum.
        (
            "ec2",
            "CreateVolume",
            json!({"AvailabilityZone": "eu-west-2a", "Size": 1, "VolumeType": "gp9"}),
        ),
        // A pattern.
        (
            "iam",
            "CreateRole",
            json!({"RoleName": "no blanks", "AssumeRolePolicyDocument": "{}"}),
        ),
        // A required member.
        ("acm", "DescribeCertificate", json!({})),
        // A length.
        (
            "route53",
            "CreateHostedZone",
            json!({"Name": "example.org", "CallerReference": ""}),
        ),
        // An enum, deep inside.
        (
            "eks",
            "CreateCluster",
            json!({
                "name": "c", "roleArn": "arn:aws:iam::1:role/r", "resourcesVpcConfig": {},
                "accessConfig": {"authenticationMode": "CONFIG"},
            }),
        ),
    ];
    for (service, operation, parameters) in calls {
        let _ = account.call(service, operation, parameters).await;
    }
    let expected = [
        "ec2:CreateVolume: VolumeType is 'gp9', which is none of standard, ",
        "iam:CreateRole: RoleName is 'no blanks', which does not match",
        "acm:DescribeCertificate: CertificateArn is required",
        "route53:CreateHostedZone: CallerReference is 0, below 1",
        "eks:CreateCluster: accessConfig.authenticationMode is 'CONFIG', which is none of ",
    ];
    let violations = account.take_violations().join("\n");
    for text in expected {
        assert!(violations.contains(text), "{text}: {violations}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn parameters_that_a_service_does_not_know_are_told() {
    let Some(account) = account().await else { return };
    let scope = |service: &str| {
        let key = account.access_key();
        let scope = format!("{key}/20261122/eu-west-2/{service}/aws4_request");
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let query = "Action=DescribeVpcs&Version=2016-11-15&VpcIdd.1=vpc-1";
    let url = account.environment()[2].1.clone();
    let requests = [
        http.post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", scope("ec2"))
            .body(query),
        http.get(format!("{url}/clusters?maxResult=1"))
            .header("authorization", scope("eks")),
        http.post(format!("{url}/clusters/c/update-config"))
            .header("authorization", scope("eks"))
            .body(r#"{"loging": {}}"#),
        http.get(format!("{url}/cluster")).header("authorization", scope("eks")),
    ];
    for request in requests {
        request.send().await.unwrap();
    }
    assert_eq!(
        account.take_violations(),
        [
            "ec2:DescribeVpcs: the request has VpcIdd.1='vpc-1'",
            "eks:ListClusters: the request has ?maxResult=['1']",
            "eks:UpdateClusterConfig: the request has body.loging={}",
            "eks has nothing at GET /cluster",
        ]
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_broken_contract_fails_its_test() {
    let Some(account) = account().await else { return };
    create_vpc(&account).await.unwrap();
    assert_eq!(account.take_violations(), [""; 0]);
    let _ = account.call("iam", "GetRole", json!({})).await;
    assert!(catch_unwind(AssertUnwindSafe(|| drop(account))).is_err());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn secrets_are_not_in_the_log() {
    let Some(account) = account().await else { return };
    account
        .call("iam", "CreateUser", json!({"UserName": "somebody"}))
        .await
        .unwrap();
    let login = json!({"UserName": "somebody", "Password": "hunter2hunter2"});
    account.call("iam", "CreateLoginProfile", login).await.unwrap();
    let logged = format!("{:?}", account.calls());
    assert!(
        logged.contains("(sensitive)") && !logged.contains("hunter2"),
        "{logged}"
    );
}
