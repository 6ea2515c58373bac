//! What EKS reads of subnets, roles, launch templates and instance types; `errands` has what it makes. moto plays all
//! of these, and knows nothing of clusters.

mod errands;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::account::ServiceError;
use super::super::gateway::Caller;
use super::super::moto::Moto;

pub(super) use errands::{Done, Errand, Nodes, run};

/// What is there, as far as an operation asks for it.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// The subnets that are named, or why there are none.
    pub(super) subnets: Option<Result<Vec<Value>, ServiceError>>,
    /// The role that is named: nothing if there is none.
    pub(super) role: Option<Role>,
    /// The data of the launch template that is named, or why there are none.
    pub(super) template: Option<Result<Value, ServiceError>>,
    /// The architectures of the instance types that are named.
    pub(super) architectures: BTreeMap<String, Vec<String>>,
}

/// A role as far as EKS looks at it.
#[derive(Debug)]
pub(super) struct Role {
    /// The trust policy, as text.
    pub(super) trust: String,
    /// The ARNs of the managed policies.
    pub(super) policies: Vec<String>,
}

/// Calls of moto in one account and region.
#[derive(Clone, Copy)]
struct Here<'a> {
    moto: &'a Moto,
    account: &'a str,
    region: &'a str,
}

#[derive(Deserialize)]
struct Called {
    answer: Option<Value>,
    error: Option<ServiceError>,
}

impl Surroundings {
    /// Looks at what an operation names.
    pub(super) async fn look(
        moto: &Moto,
        operation: &str,
        parameters: &Map<String, Value>,
        caller: &Caller,
        region: &str,
    ) -> Result<Self> {
        let here = Here {
            moto,
            account: &caller.account,
            region,
        };
        let empty = Value::Null;
        let get = |name: &str| parameters.get(name).unwrap_or(&empty);
        let mut found = Self::default();
        let (subnets, role) = match operation {
            "CreateCluster" => (&get("resourcesVpcConfig")["subnetIds"], get("roleArn")),
            "UpdateClusterConfig" => (&get("resourcesVpcConfig")["subnetIds"], &empty),
            "CreateNodegroup" => (get("subnets"), get("nodeRole")),
            "UpdateNodegroupVersion" => (&empty, &empty),
            _ => return Ok(found),
        };
        if let Some(ids) = subnets.as_array() {
            found.subnets = Some(here.subnets(ids).await?);
        }
        if let Some(arn) = role.as_str() {
            found.role = here.role(arn).await?;
        }
        if get("launchTemplate").is_object() {
            found.template = Some(here.template(get("launchTemplate")).await?);
        }
        for name in list(get("instanceTypes").clone()) {
            let asked = json!({"InstanceTypes": [name]});
            let described = here.call("ec2", "DescribeInstanceTypes", asked).await?;
            let supported = described.map(|mut answer| {
                let mut types = list(answer["InstanceTypes"].take());
                types
                    .first_mut()
                    .map(|kind| list(kind["ProcessorInfo"]["SupportedArchitectures"].take()))
            });
            if let (Ok(Some(supported)), Some(name)) = (supported, name.as_str()) {
                found.architectures.insert(name.to_owned(), texts(&supported));
            }
        }
        Ok(found)
    }
}

/// A list of values.
pub(super) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// The texts of a list.
pub(super) fn texts(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Here<'_> {
    /// What moto answers.
    async fn call(self, service: &str, operation: &str, parameters: Value) -> Result<Result<Value, ServiceError>> {
        let connection = json!({
            "endpoint": self.moto.url(), "region": self.region, "access_key": "lab", "secret_key": "lab",
            "session_token": null, "account": self.account,
        });
        let asked = json!({
            "service": service, "operation": operation, "parameters": parameters, "connection": connection,
        });
        let called: Called = self.moto.ask("call", &asked).await?;
        Ok(match called.error {
            Some(error) => Err(error),
            None => Ok(called.answer.unwrap_or_default()),
        })
    }

    /// All of these subnets, or the first that is missing: moto would name any of them.
    async fn subnets(self, ids: &[Value]) -> Result<Result<Vec<Value>, ServiceError>> {
        let asked = json!({"Filters": [{"Name": "subnet-id", "Values": ids}]});
        let known = list(self.call("ec2", "DescribeSubnets", asked).await??["Subnets"].take());
        let missing = ids
            .iter()
            .find(|id| !known.iter().any(|subnet| subnet["SubnetId"] == **id));
        Ok(match missing.and_then(Value::as_str) {
            None => Ok(known),
            Some(id) => Err(ServiceError {
                code: "InvalidSubnetID.NotFound".to_owned(),
                message: format!("The subnet ID '{id}' does not exist"),
                status: 400,
            }),
        })
    }

    /// Nothing if there is no such role in the account.
    async fn role(self, arn: &str) -> Result<Option<Role>> {
        let name = arn.rsplit('/').next().unwrap_or_default();
        let asked = json!({"RoleName": name});
        let Ok(answer) = self.call("iam", "GetRole", asked.clone()).await? else {
            return Ok(None);
        };
        if answer["Role"]["Arn"] != arn {
            return Ok(None);
        }
        let policies = self.call("iam", "ListAttachedRolePolicies", asked).await??;
        let policies = list(policies["AttachedPolicies"].clone());
        Ok(Some(Role {
            trust: answer["Role"]["AssumeRolePolicyDocument"].to_string(),
            policies: policies
                .iter()
                .filter_map(|policy| policy["PolicyArn"].as_str().map(str::to_owned))
                .collect(),
        }))
    }

    async fn template(self, named: &Value) -> Result<Result<Value, ServiceError>> {
        let version = named["version"].as_str().unwrap_or("$Default");
        let mut asked = json!({"Versions": [version]});
        if named["id"].is_string() {
            asked["LaunchTemplateId"] = named["id"].clone();
        } else {
            asked["LaunchTemplateName"] = named["name"].clone();
        }
        let described = self.call("ec2", "DescribeLaunchTemplateVersions", asked).await?;
        Ok(described.map(|mut answer| answer["LaunchTemplateVersions"][0].take()))
    }
}
