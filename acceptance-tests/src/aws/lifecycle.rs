//! Data Lifecycle Manager, which moto cannot make policies in: they are kept and answered as they were made, and make
//! no snapshots. Parameters come as botocore reads them, and every answer is held to botocore's description of the
//! service.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::gateway::{Caller, Read};
use super::refusal::Answered;

/// How many policies a region may have.
const MOST: usize = 100;

/// The policies of all accounts and regions, by their ids.
#[derive(Debug, Default)]
pub(super) struct Policies(Mutex<BTreeMap<(String, String), BTreeMap<String, Value>>>);

/// What an operation answers.
type Outcome = Result<Value, Answered>;

impl Policies {
    /// Carries out a request: an answer, or an error in the words of DLM.
    pub(super) fn answer(&self, read: &Read, caller: &Caller) -> Outcome {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = all.entry((caller.account.clone(), read.region.clone())).or_default();
        let asked = &read.parameters;
        match read.operation.as_deref().unwrap_or_default() {
            "CreateLifecyclePolicy" => create(policies, asked, caller, &read.region),
            "GetLifecyclePolicies" => Ok(list(policies, asked)),
            "GetLifecyclePolicy" => find(policies, asked).map(|policy| json!({"Policy": policy})),
            "UpdateLifecyclePolicy" => update(find(policies, asked)?, asked),
            "DeleteLifecyclePolicy" => {
                find(policies, asked)?;
                policies.remove(asked["PolicyId"].as_str().unwrap_or_default());
                Ok(json!({}))
            }
            "TagResource" => tag(policies, asked),
            "UntagResource" => untag(policies, asked),
            other => Err(Answered::new(
                501,
                "NotPlayedByTheLab",
                &format!("the lab does not play {other}"),
            )),
        }
    }
}

fn create(policies: &mut BTreeMap<String, Value>, asked: &Value, caller: &Caller, region: &str) -> Outcome {
    if policies.len() >= MOST {
        return Err(refused(429, "LimitExceededException", "Too many policies"));
    }
    check(asked)?;
    let id = format!("policy-{:017x}", rand::random::<u64>());
    let now = now();
    let policy = json!({
        "PolicyId": id, "Description": asked["Description"], "State": asked["State"], "StatusMessage": asked["State"],
        "ExecutionRoleArn": asked["ExecutionRoleArn"], "DateCreated": now, "DateModified": now,
        "PolicyDetails": asked["PolicyDetails"], "Tags": asked.get("Tags").cloned().unwrap_or_else(|| json!({})),
        "PolicyArn": format!("arn:aws:dlm:{region}:{}:policy/{id}", caller.account), "DefaultPolicy": false,
    });
    policies.insert(id.clone(), policy);
    Ok(json!({"PolicyId": id}))
}

fn list(policies: &BTreeMap<String, Value>, asked: &Value) -> Value {
    let wanted = asked["PolicyIds"].as_array();
    let listed = policies
        .iter()
        .filter(|(id, _)| wanted.is_none_or(|wanted| wanted.iter().any(|one| one == *id)))
        .map(|(id, policy)| {
            json!({
                "PolicyId": id, "Description": policy["Description"], "State": policy["State"], "Tags": policy["Tags"],
                "PolicyType": policy["PolicyDetails"]["PolicyType"], "DefaultPolicy": false,
            })
        });
    json!({"Policies": listed.collect::<Vec<_>>()})
}

fn update(policy: &mut Value, asked: &Value) -> Outcome {
    check(asked)?;
    for name in ["Description", "State", "ExecutionRoleArn", "PolicyDetails"] {
        if let Some(value) = asked.get(name) {
            policy[name] = value.clone();
        }
    }
    policy["DateModified"] = json!(now());
    Ok(json!({}))
}

/// What botocore's description does not say, and DLM refuses.
fn check(asked: &Value) -> Result<(), Answered> {
    let details = &asked["PolicyDetails"];
    for schedule in details["Schedules"].as_array().into_iter().flatten() {
        let (create, retain) = (&schedule["CreateRule"], &schedule["RetainRule"]);
        if create["Interval"].is_null() == create["CronExpression"].is_null() {
            return Err(refused(
                400,
                "InvalidRequestException",
                "Either Interval or CronExpression is needed",
            ));
        }
        if let Some(interval) = create["Interval"]
            .as_u64()
            .filter(|hours| ![1, 2, 3, 4, 6, 8, 12, 24].contains(hours))
        {
            return Err(refused(
                400,
                "InvalidRequestException",
                &format!("The interval {interval} is invalid"),
            ));
        }
        if retain["Count"].is_null() == retain["Interval"].is_null() {
            return Err(refused(
                400,
                "InvalidRequestException",
                "Either Count or Interval is needed",
            ));
        }
    }
    match details["TargetTags"].as_array().is_none_or(Vec::is_empty) {
        true => Err(refused(400, "InvalidRequestException", "TargetTags are needed")),
        false => Ok(()),
    }
}

fn tag(policies: &mut BTreeMap<String, Value>, asked: &Value) -> Outcome {
    let tags = tags(policies, asked)?;
    tags.extend(asked["Tags"].as_object().cloned().unwrap_or_default());
    Ok(json!({}))
}

fn untag(policies: &mut BTreeMap<String, Value>, asked: &Value) -> Outcome {
    let tags = tags(policies, asked)?;
    for key in asked["TagKeys"].as_array().into_iter().flatten() {
        tags.remove(key.as_str().unwrap_or_default());
    }
    Ok(json!({}))
}

fn tags<'p>(policies: &'p mut BTreeMap<String, Value>, asked: &Value) -> Result<&'p mut Map<String, Value>, Answered> {
    let arn = &asked["ResourceArn"];
    let policy = policies.values_mut().find(|policy| policy["PolicyArn"] == *arn);
    policy
        .and_then(|policy| policy["Tags"].as_object_mut())
        .ok_or_else(no_policy)
}

fn find<'p>(policies: &'p mut BTreeMap<String, Value>, asked: &Value) -> Result<&'p mut Value, Answered> {
    let id = asked["PolicyId"].as_str().unwrap_or_default();
    policies.get_mut(id).ok_or_else(no_policy)
}

fn no_policy() -> Answered {
    refused(404, "ResourceNotFoundException", "Policy does not exist.")
}

/// An error; DLM writes its members in upper case.
fn refused(status: u16, code: &str, message: &str) -> Answered {
    let mut answered = Answered::new(status, code, message);
    answered.members.insert("Message".to_owned(), json!(message));
    answered
}

fn now() -> String {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now).unwrap_or_default().to_string()
}
