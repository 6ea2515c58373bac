//! What a policy of IAM allows, as far as calls that were made tell what it is asked.
//!
//! A policy is asked for an action, and where they can be told, for a resource and the values of conditions. What a
//! call does not tell, such as the tags of what it changes, is taken to be as the policy wants it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::Call;

/// A policy whose statements all allow something.
#[derive(Clone, Debug, Deserialize)]
pub struct Policy {
    #[serde(rename = "Statement")]
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: String,
    #[serde(rename = "Effect")]
    _effect: Effect,
    action: Texts,
    resource: Texts,
    /// Values by key by the way in which they are compared.
    #[serde(default)]
    condition: BTreeMap<Comparison, BTreeMap<String, Texts>>,
}

/// Statements that deny are not understood.
#[derive(Clone, Copy, Debug, Deserialize)]
enum Effect {
    Allow,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
enum Comparison {
    ArnEquals,
    ArnLike,
    Null,
    StringEquals,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

/// What a policy is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Such as `iam:CreateRole`.
    pub action: String,
    /// The ARN, where it can be told.
    pub resource: Option<String>,
    /// Values by the keys of conditions, such as `iam:PolicyARN`; those that are known.
    pub known: BTreeMap<String, String>,
}

impl Policy {
    /// Reads a policy from its file.
    ///
    /// # Errors
    /// If it is not there, or has something that is not understood.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("read {}", path.display()))
    }

    /// Whether it allows that.
    pub fn allows(&self, asked: &Asked) -> bool {
        self.statements.iter().any(|statement| statement.allows(asked))
    }
}

impl Statement {
    fn allows(&self, asked: &Asked) -> bool {
        let is_resource = |resource: &String| self.resource.has(|pattern| is_like(pattern, resource));
        let is_met = |(comparison, values): (&Comparison, &BTreeMap<String, Texts>)| {
            values.iter().all(|(key, wanted)| {
                let known = asked.known.get(key);
                known.is_none_or(|is| comparison.is_met(wanted, is))
            })
        };
        self.action.has(|pattern| is_like(pattern, &asked.action))
            && asked.resource.as_ref().is_none_or(is_resource)
            && self.condition.iter().all(is_met)
    }
}

impl Comparison {
    fn is_met(self, wanted: &Texts, is: &str) -> bool {
        match self {
            Self::StringEquals => wanted.has(|one| one == is),
            Self::ArnEquals | Self::ArnLike => wanted.has(|pattern| is_like(pattern, is)),
            // It is known, so it is there.
            Self::Null => wanted.has(|one| one == "false"),
        }
    }
}

impl Texts {
    fn has(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(text) => is_meant(text),
            Self::Many(texts) => texts.iter().any(|text| is_meant(text)),
        }
    }
}

impl Asked {
    /// What AWS asks a policy for at a call of an account: the action itself, and that a role may be passed where one
    /// is.
    pub fn of(call: &Call, account: &str) -> Vec<Self> {
        let parameters = &call.parameters;
        let text = |name: &str| parameters[name].as_str().map(str::to_owned);
        let mut known = BTreeMap::new();
        known.extend(text("PolicyArn").map(|arn| ("iam:PolicyARN".to_owned(), arn)));
        for tag in parameters["Tags"].as_array().into_iter().flatten() {
            if let (Some(key), Some(value)) = (tag["Key"].as_str(), tag["Value"].as_str()) {
                known.insert(format!("aws:RequestTag/{key}"), value.to_owned());
            }
        }
        let role = text("RoleName").filter(|_| call.action.starts_with("iam:"));
        let log_group = text("logGroupName");
        let resource = role
            .map(|name| format!("arn:aws:iam::{account}:role/{name}"))
            .or(log_group.map(|name| format!("arn:aws:logs:{}:{account}:log-group:{name}", call.region)));
        let itself = Self {
            action: permission(&call.action),
            resource,
            known,
        };
        let mut passed = Vec::new();
        if call.is_change() && !call.action.starts_with("iam:") {
            collect_roles(parameters, &mut passed);
        }
        let to = match call.action.as_str() {
            "eks:CreatePodIdentityAssociation" | "eks:UpdatePodIdentityAssociation" => "pods.eks.amazonaws.com",
            "dlm:CreateLifecyclePolicy" | "dlm:UpdateLifecyclePolicy" => "dlm.amazonaws.com",
            _ => "eks.amazonaws.com",
        };
        let passed = passed.into_iter().map(|arn| Self {
            action: "iam:PassRole".to_owned(),
            resource: Some(arn),
            known: BTreeMap::from([("iam:PassedToService".to_owned(), to.to_owned())]),
        });
        std::iter::once(itself).chain(passed).collect()
    }
}

/// What allows an action: some services have another name there than botocore gives them.
fn permission(action: &str) -> String {
    action
        .replace("elbv2:", "elasticloadbalancing:")
        .replace("service-quotas:", "servicequotas:")
}

/// The ARNs of roles, wherever they stand.
fn collect_roles(value: &Value, arns: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("arn:aws:iam::") && text.contains(":role/") => arns.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect_roles(value, arns)),
        Value::Object(values) => values.values().for_each(|value| collect_roles(value, arns)),
        _ => {}
    }
}

/// Whether a text is as a pattern says, in which `*` is any text and `?` any letter.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_like(rest, &text[at..]))
        }
        Some(letter) => {
            let mut others = text.chars();
            let is_same = others.next().is_some_and(|other| letter == '?' || letter == other);
            is_same && is_like(letters.as_str(), others.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> Policy {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Look", "Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"},
            {"Sid": "Give", "Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "arn:aws:iam::*:role/cht-*",
             "Condition": {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonEKS*"},
                           "StringEquals": {"aws:ResourceTag/cht:managed-by": "us"}}},
            {"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/cht-?",
             "Condition": {"StringEquals": {"iam:PassedToService": ["eks.amazonaws.com"]}}},
        ]});
        serde_json::from_value(policy).unwrap()
    }

    fn call(action: &str, parameters: Value) -> Call {
        Call {
            action: action.to_owned(),
            parameters,
            region: "eu-west-2".to_owned(),
            principal: String::new(),
            failed: false,
        }
    }

    fn is_allowed(action: &str, parameters: Value) -> Vec<bool> {
        let asked = Asked::of(&call(action, parameters), "1");
        asked.iter().map(|asked| policy().allows(asked)).collect()
    }

    #[test]
    fn what_is_known_of_a_call_is_held_to_the_policy() {
        assert_eq!(is_allowed("ec2:DescribeVpcs", json!({})), [true]);
        assert_eq!(is_allowed("ec2:CreateVpc", json!({})), [false]);
        let attach = |role: &str, policy: &str| {
            let arn = format!("arn:aws:iam::aws:policy/{policy}");
            is_allowed("iam:AttachRolePolicy", json!({"RoleName": role, "PolicyArn": arn}))
        };
        assert_eq!(attach("cht-a", "AmazonEKSClusterPolicy"), [true]);
        assert_eq!(attach("cht-a", "AdministratorAccess"), [false]);
        assert_eq!(attach("other", "AmazonEKSClusterPolicy"), [false]);
    }

    #[test]
    fn whoever_gives_a_role_to_a_service_has_to_be_allowed_to() {
        let create = |role: &str| {
            is_allowed(
                "eks:CreateCluster",
                json!({"roleArn": format!("arn:aws:iam::1:role/{role}")}),
            )
        };
        assert_eq!(create("cht-a"), [false, true]);
        assert_eq!(create("admin"), [false, false]);
        let role = json!({"roleArn": "arn:aws:iam::1:role/cht-a"});
        assert_eq!(is_allowed("eks:CreatePodIdentityAssociation", role), [false, false]);
    }
}
