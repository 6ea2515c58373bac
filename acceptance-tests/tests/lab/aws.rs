//! AWS: accounts, what becomes of the process, and how calls go wrong. In `contract` what AWS would not understand, in
//! `eks` what is the lab's own, in `token` who gets into clusters.

mod contract;
mod eks;
mod network;
mod token;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use acceptance_tests::aws::{self, Account, Aws, Fault, ServiceError};
use acceptance_tests::cluster::wait;
use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// How long the process may take to end.
const LIMIT: Duration = Duration::from_secs(30);

static AWS: OnceCell<Aws> = OnceCell::const_new();

/// An account in the AWS that all tests share; none where AWS cannot be played.
async fn account() -> Option<Account> {
    if !aws::available() {
        return None;
    }
    let shared = AWS.get_or_init(async || Aws::start().await.unwrap()).await;
    Some(shared.account().await.unwrap())
}

/// The error that a service answered.
fn refused(answer: Result<Value>) -> ServiceError {
    answer.unwrap_err().downcast().unwrap()
}

async fn create_vpc(account: &Account) -> Result<Value> {
    account
        .call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))
        .await
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn accounts_do_not_see_each_other() {
    let (Some(one), Some(other)) = (account().await, account().await) else {
        return;
    };
    let identity = one.call("sts", "GetCallerIdentity", json!({})).await.unwrap();
    assert_eq!(identity["Account"], one.id());
    assert_eq!(identity["Arn"], one.user_arn());
    let created = create_vpc(&one).await.unwrap();
    assert_eq!(other.left().await.unwrap().len(), 0);
    let left = one.left().await.unwrap();
    assert_eq!(left["vpc"], [created["Vpc"]["VpcId"].as_str().unwrap()]);
    // A table and a group come with it.
    assert_eq!(
        left.keys().collect::<Vec<_>>(),
        ["route_table", "security_group", "vpc"]
    );
    assert_eq!(one.actions(), ["sts:GetCallerIdentity", "ec2:CreateVpc"]);
    assert_eq!(one.calls()[1].parameters, json!({"CidrBlock": "10.0.0.0/16"}));
    assert_eq!(other.calls(), []);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn quotas_of_machines_are_what_a_test_says() {
    let Some(account) = account().await else { return };
    let asked = |code: &str| json!({"ServiceCode": "ec2", "QuotaCode": code});
    let ask = async |operation: &str, code: &str| account.call("service-quotas", operation, asked(code)).await;
    let value = async |operation: &str| ask(operation, "L-1216C47A").await.unwrap()["Quota"]["Value"].as_f64();
    assert!(value("GetServiceQuota").await.unwrap() > 1000.0);
    account.quota("L-1216C47A", 5);
    for operation in ["GetServiceQuota", "GetAWSDefaultServiceQuota"] {
        assert_eq!(value(operation).await, Some(5.0));
        let unknown = ask(operation, "L-00000000").await;
        assert_eq!(refused(unknown).code, "NoSuchResourceException");
    }
    account.check().unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_deleted_is_not_left() {
    let Some(account) = account().await else { return };
    let created = create_vpc(&account).await.unwrap();
    let vpc = json!({"VpcId": created["Vpc"]["VpcId"]});
    account.call("ec2", "DeleteVpc", vpc.clone()).await.unwrap();
    assert_eq!(account.left().await.unwrap().len(), 0);
    assert_eq!(
        refused(account.call("ec2", "DeleteVpc", vpc).await).code,
        "InvalidVpcID.NotFound"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn policies_of_aws_can_be_attached() {
    let Some(account) = account().await else { return };
    let trust = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let role = json!({"RoleName": "nodes", "AssumeRolePolicyDocument": trust});
    account.call("iam", "CreateRole", role).await.unwrap();
    let policy = json!({"RoleName": "nodes", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"});
    account.call("iam", "AttachRolePolicy", policy).await.unwrap();
    assert_eq!(account.left().await.unwrap()["role"], ["nodes"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn faults_speak_the_language_of_each_service() {
    let Some(account) = account().await else { return };
    let services = [
        (
            "ec2",
            "DescribeVpcs",
            "UnauthorizedOperation",
            "RequestLimitExceeded",
            "RequestExpired",
        ),
        ("iam", "ListRoles", "AccessDenied", "Throttling", "ExpiredToken"),
        (
            "route53",
            "ListHostedZones",
            "AccessDenied",
            "Throttling",
            "ExpiredToken",
        ),
        (
            "acm",
            "ListCertificates",
            "AccessDeniedException",
            "ThrottlingException",
            "ExpiredTokenException",
        ),
        (
            "eks",
            "ListClusters",
            "AccessDeniedException",
            "ThrottlingException",
            "ExpiredTokenException",
        ),
    ];
    for (service, operation, denied, throttled, expired) in services {
        let faults = [
            (Fault::access_denied(), denied),
            (Fault::throttled(), throttled),
            (Fault::expired(), expired),
            (Fault::error(418, "Teapot", "no <coffee> & no tea"), "Teapot"),
        ];
        for (fault, code) in faults {
            account.fault(&format!("{service}:*"), fault);
            let error = refused(account.call(service, operation, json!({})).await);
            assert_eq!(error.code, code, "{service}");
            if code == denied {
                let action = format!("{service}:{operation}");
                assert!(error.message.contains(&action), "{error}");
                assert!(error.message.contains(&account.user_arn()), "{error}");
            }
            if code == "Teapot" {
                assert_eq!((error.status, error.message.as_str()), (418, "no <coffee> & no tea"));
            }
        }
        assert_eq!(account.clear_faults(), 4);
        account.call(service, operation, json!({})).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn lost_answers_are_carried_out_and_cut_connections_are_not() {
    let Some(account) = account().await else { return };
    account.fault("ec2:CreateVpc", Fault::cut());
    assert!(create_vpc(&account).await.is_err());
    assert_eq!(account.left().await.unwrap().len(), 0);
    account.fault("ec2:CreateVpc", Fault::lost_answer());
    assert!(create_vpc(&account).await.is_err());
    assert_eq!(account.left().await.unwrap()["vpc"].len(), 1);
    assert_eq!(account.clear_faults(), 2);
    assert!(account.calls().iter().all(|call| call.failed));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn delayed_calls_take_their_time() {
    let Some(account) = account().await else { return };
    let delay = Duration::from_millis(700);
    account.delay("ec2:CreateVpc", delay);
    let start = Instant::now();
    create_vpc(&account).await.unwrap();
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_is_somebody_else_in_the_same_account() {
    let Some(account) = account().await else { return };
    let role = format!("arn:aws:iam::{}:role/deployer", account.id());
    let asked = json!({"RoleArn": role, "RoleSessionName": "test"});
    let answer = account.call("sts", "AssumeRole", asked).await.unwrap();
    let session = account.acting_as(&answer["Credentials"]).unwrap();
    let identity = session.call("sts", "GetCallerIdentity", json!({})).await.unwrap();
    assert_eq!(
        identity["Arn"],
        format!("arn:aws:sts::{}:assumed-role/deployer/test", account.id())
    );
    assert_eq!(account.calls().last().unwrap().principal, role);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_aws_that_was_dropped_leaves_neither_a_process_nor_files() {
    if !aws::available() {
        return;
    }
    let aws = Aws::start().await.unwrap();
    let process = Pid::from_raw(i32::try_from(aws.pid()).unwrap());
    let directory = aws.directory().to_owned();
    assert!(kill(process, None).is_ok() && directory.is_dir());
    drop(aws);
    // Its threads still end.
    let ended = wait::until("the end", LIMIT, async || {
        match kill(process, None).is_err() && !directory.exists() {
            true => Ok(()),
            false => Err("it is there".to_owned()),
        }
    });
    ended.await.unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_moto_that_ended_is_no_fault_of_the_provider_and_fails_its_test() {
    if !aws::available() {
        return;
    }
    let aws = Aws::start().await.unwrap();
    let account = aws.account().await.unwrap();
    kill(Pid::from_raw(i32::try_from(aws.pid()).unwrap()), Signal::SIGKILL).unwrap();
    let noticed = wait::until("the end", LIMIT, async || match aws.check() {
        Ok(()) => Err("it runs".to_owned()),
        Err(error) => Ok(error.to_string()),
    });
    assert!(noticed.await.unwrap().contains("no fault of the provider"));
    let error = format!("{:#}", create_vpc(&account).await.unwrap_err());
    assert!(
        error.contains("moto ended") && error.contains("no fault of the provider"),
        "{error}"
    );
    assert!(catch_unwind(AssertUnwindSafe(|| drop(aws))).is_err());
}
