//! Service Quotas, which moto knows only for networks: the quotas of EC2 for machines. Parameters come as botocore
//! reads them, and every answer is held to botocore's description of the service. Nobody is held to a quota by it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::gateway::{Caller, Read};
use super::refusal::Answered;

/// What each is where a test does not say otherwise: more than any test has machines for.
const ENOUGH: u32 = 10_000;

/// The quotas of EC2 in vCPUs, as AWS's page of quotas has them.
const OF_EC2: [(&str, &str); 10] = [
    (
        "L-1216C47A",
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    ),
    ("L-1945791B", "Running On-Demand Inf instances"),
    ("L-2C3B7624", "Running On-Demand Trn instances"),
    (
        "L-34B43A08",
        "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    ),
    ("L-3819A6DF", "All G and VT Spot Instance Requests"),
    ("L-417A185B", "Running On-Demand P instances"),
    ("L-6E869C2A", "Running On-Demand DL instances"),
    ("L-7295265B", "Running On-Demand X instances"),
    ("L-74FC7D96", "Running On-Demand F instances"),
    ("L-DB2E81BA", "Running On-Demand G and VT instances"),
];

/// The values of an account, by the codes of quotas.
#[derive(Debug, Default)]
pub(super) struct Quotas(BTreeMap<String, u32>);

impl Quotas {
    /// Gives one another value.
    pub(super) fn set(&mut self, code: &str, value: u32) {
        self.0.insert(code.to_owned(), value);
    }

    /// Carries out a request: an answer, or an error in the words of Service Quotas.
    pub(super) fn answer(&self, read: &Read, caller: &Caller) -> Result<Value, Answered> {
        let text = |name: &str| read.parameters[name].as_str().unwrap_or_default();
        let (service, code) = (text("ServiceCode"), text("QuotaCode"));
        let account = match read.operation.as_deref().unwrap_or_default() {
            "GetServiceQuota" => caller.account.as_str(),
            // The values that AWS gives to all are nobody's.
            "GetAWSDefaultServiceQuota" => "",
            other => return Err(refused("ServiceException", &format!("the lab does not play {other}"))),
        };
        let known = OF_EC2.iter().find(|(known, _)| service == "ec2" && *known == code);
        let Some((_, name)) = known else {
            let message = "The request failed because the specified service quota does not exist.";
            return Err(refused("NoSuchResourceException", message));
        };
        Ok(json!({"Quota": {
            "ServiceCode": service, "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": format!("arn:aws:servicequotas:{}:{account}:ec2/{code}", read.region),
            "QuotaCode": code, "QuotaName": name, "Value": f64::from(*self.0.get(code).unwrap_or(&ENOUGH)),
            "Unit": "None", "Adjustable": true, "GlobalQuota": false, "QuotaAppliedAtLevel": "ACCOUNT",
        }}))
    }
}

/// An error; Service Quotas writes its members in upper case.
fn refused(code: &str, message: &str) -> Answered {
    let mut answered = Answered::new(400, code, message);
    answered.members.insert("Message".to_owned(), json!(message));
    answered
}
