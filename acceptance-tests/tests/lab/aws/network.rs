//! What moto alone would let pass or be done with at once, in EC2 and of certificates.

use std::time::Duration;

use acceptance_tests::aws::{Account, Fault};
use serde_json::{Value, json};

use super::{account, create_vpc, refused};

/// A VPC with a way out: its id, its subnet's, its gateway's and its address's.
async fn network(account: &Account) -> [Value; 4] {
    let vpc = create_vpc(account).await.unwrap()["Vpc"]["VpcId"].take();
    let call = async |operation: &str, parameters: Value| account.call("ec2", operation, parameters).await.unwrap();
    let subnet = json!({"VpcId": vpc, "CidrBlock": "10.0.0.0/24"});
    let subnet = call("CreateSubnet", subnet).await["Subnet"]["SubnetId"].take();
    let gateway = call("CreateInternetGateway", json!({})).await["InternetGateway"]["InternetGatewayId"].take();
    call(
        "AttachInternetGateway",
        json!({"InternetGatewayId": gateway, "VpcId": vpc}),
    )
    .await;
    let address = call("AllocateAddress", json!({"Domain": "vpc"})).await["AllocationId"].take();
    [vpc, subnet, gateway, address]
}

async fn nat_state(account: &Account, id: &Value) -> String {
    let asked = json!({"NatGatewayIds": [id]});
    let answer = account.call("ec2", "DescribeNatGateways", asked).await.unwrap();
    answer["NatGateways"][0]["State"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_others_depend_on_is_deleted_last() {
    let Some(account) = account().await else { return };
    let [vpc, subnet, gateway, address] = network(&account).await;
    let nat = json!({"SubnetId": subnet, "AllocationId": address, "ClientToken": "t"});
    let nat = account.call("ec2", "CreateNatGateway", nat).await.unwrap()["NatGateway"]["NatGatewayId"].take();
    assert_eq!(nat_state(&account, &nat).await, "available");
    account.nat_gateways_take(Duration::from_secs(600)).await.unwrap();
    account
        .call("ec2", "DeleteNatGateway", json!({"NatGatewayId": nat}))
        .await
        .unwrap();
    assert_eq!(nat_state(&account, &nat).await, "deleting");
    let deletions = [
        ("DeleteSubnet", json!({"SubnetId": subnet}), "DependencyViolation"),
        (
            "ReleaseAddress",
            json!({"AllocationId": address}),
            "InvalidIPAddress.InUse",
        ),
        (
            "DetachInternetGateway",
            json!({"InternetGatewayId": gateway, "VpcId": vpc}),
            "DependencyViolation",
        ),
    ];
    for (operation, parameters, code) in &deletions {
        assert_eq!(
            refused(account.call("ec2", operation, parameters.clone()).await).code,
            *code
        );
    }
    account.nat_gateways_take(Duration::ZERO).await.unwrap();
    assert_eq!(nat_state(&account, &nat).await, "deleted");
    for (operation, parameters, _) in deletions {
        account.call("ec2", operation, parameters).await.unwrap();
    }
    account
        .call("ec2", "DeleteInternetGateway", json!({"InternetGatewayId": gateway}))
        .await
        .unwrap();
    account.call("ec2", "DeleteVpc", json!({"VpcId": vpc})).await.unwrap();
    assert_eq!(account.left().await.unwrap().len(), 0);
    let stranger = json!({"NatGatewayId": "nat-0123456789abcdef0"});
    assert_eq!(
        refused(account.call("ec2", "DeleteNatGateway", stranger).await).code,
        "NatGatewayNotFound"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_request_with_a_token_is_carried_out_once() {
    let Some(account) = account().await else { return };
    let [_, subnet, _, address] = network(&account).await;
    let mut nat = json!({"SubnetId": subnet, "AllocationId": address, "ClientToken": "t"});
    account.fault("ec2:CreateNatGateway", Fault::lost_answer());
    assert!(account.call("ec2", "CreateNatGateway", nat.clone()).await.is_err());
    account.call("ec2", "CreateNatGateway", nat.clone()).await.unwrap();
    assert_eq!(account.left().await.unwrap()["nat_gateway"].len(), 1);
    nat["ConnectivityType"] = json!("private");
    let mismatch = refused(account.call("ec2", "CreateNatGateway", nat).await);
    assert_eq!(mismatch.code, "IdempotentParameterMismatch");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_certificate_is_issued_when_its_record_is_there() {
    let Some(account) = account().await else { return };
    let zone = json!({"Name": "example.org", "CallerReference": "test"});
    let zone = account.call("route53", "CreateHostedZone", zone).await.unwrap()["HostedZone"]["Id"].take();
    let asked = json!({"DomainName": "cht.example.org", "ValidationMethod": "DNS"});
    let certificate = account.call("acm", "RequestCertificate", asked).await.unwrap();
    let describe = async || {
        let asked = json!({"CertificateArn": certificate["CertificateArn"]});
        account.call("acm", "DescribeCertificate", asked).await.unwrap()["Certificate"].take()
    };
    assert!(describe().await["DomainValidationOptions"][0]["ResourceRecord"].is_null());
    let pending = describe().await;
    assert_eq!(pending["Status"], "PENDING_VALIDATION");
    let record = &pending["DomainValidationOptions"][0]["ResourceRecord"];
    let set = json!({
        "Name": record["Name"], "Type": record["Type"], "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}],
    });
    let change = json!({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": set}]});
    let change = json!({"HostedZoneId": zone, "ChangeBatch": change});
    account
        .call("route53", "ChangeResourceRecordSets", change)
        .await
        .unwrap();
    assert_eq!(describe().await["Status"], "ISSUED");
    let left = account.left().await.unwrap();
    assert_eq!(
        (
            left["certificate"].len(),
            left["record"].len(),
            left["hosted_zone"].len()
        ),
        (1, 1, 1)
    );
}
