//! Roles of IAM that this provider makes for what it makes: who a cluster, its nodes and its pods are towards AWS.
//!
//! API: [CreateRole](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html) and what belongs to it. A
//! role says by a tag what it is for, and one that says otherwise is neither changed nor removed. Its `policies` say
//! what it may do.

mod policies;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Role;
use serde_json::{Value, json};

use self::policies::decoded;
use super::account::Account;
use super::error::{Error, found, gone};
use super::tags::{self, Tags};

const SERVICE: &str = "iam";

/// How often a role that was just made may be unknown to the service that is to have it.
pub(super) const TRIES_OF_NEW_ROLE: u32 = 30;

/// What a role is for, on the role.
const FOR: &str = "cht:for";

/// What IAM refuses to make twice.
const EXISTS: &str = "EntityAlreadyExists";

/// Who may assume a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// A service, by the first part of its name: `eks`, `ec2`, `dlm`.
    Service(&'static str),
    /// A service that sets tags on its sessions, as EKS does in Auto Mode.
    TaggingService(&'static str),
    /// Pods, by [pod identity](https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html).
    Pods,
}

/// A role as it should be.
#[derive(Clone, Debug)]
pub(super) struct RoleSpec {
    /// The name, of at most 64 characters.
    pub(super) name: String,
    /// What it is for, such as `eks-cluster/moh`: only whoever asks with the same words may change or remove it.
    pub(super) purpose: String,
    /// What people read of it.
    pub(super) description: String,
    /// Who may assume it.
    pub(super) trust: Trust,
    /// Policies of AWS, such as `AmazonEKSClusterPolicy` or `service-role/AmazonEBSCSIDriverPolicy`, and policies of
    /// users by their ARNs. It has these, and no others.
    pub(super) managed: BTreeSet<String>,
    /// Policies of its own: documents by name.
    pub(super) inline: BTreeMap<String, Value>,
    /// The tags of users.
    pub(super) tags: Tags,
}

impl Account {
    /// Makes a role, or brings the one that is there to what it should be, and answers its ARN. IAM tells its parts
    /// later what it has been told: whoever uses the role at once may have to wait.
    ///
    /// # Errors
    /// There is one of this name for something else, or a call failed.
    pub(super) async fn ensure_role(&self, spec: &RoleSpec) -> Result<String, Error> {
        let found = match self.role(&spec.name).await? {
            Some(role) => Some(role),
            None => self.create_role(spec).await?,
        };
        let role = found.ok_or_else(|| Error::Lacks {
            call: self.call(SERVICE, "GetRole"),
            what: "the role that was made",
        })?;
        if !is_for(&role, &spec.purpose) {
            return Err(foreign(&spec.name));
        }
        if document(&role) != Some(trusting(spec.trust)) {
            self.set_trust(spec).await?;
        }
        self.set_role_tags(spec, &tags_of(&role)).await?;
        self.set_managed_policies(&spec.name, &self.arns(&spec.managed)).await?;
        self.set_inline_policies(&spec.name, &spec.inline).await?;
        Ok(role.arn)
    }

    /// A role by its name; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn role(&self, name: &str) -> Result<Option<Role>, Error> {
        let sent = self.services().iam.get_role().role_name(name).send();
        let answer = found(self.run(&self.call(SERVICE, "GetRole"), sent).await)?;
        Ok(answer.and_then(|answer| answer.role))
    }

    /// Whether a role is there, and for this.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn has_role(&self, name: &str, purpose: &str) -> Result<bool, Error> {
        Ok(self.role(name).await?.is_some_and(|role| is_for(&role, purpose)))
    }

    /// Removes a role with all its policies, if it is there and for this.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn delete_role(&self, name: &str, purpose: &str) -> Result<(), Error> {
        if !self.has_role(name, purpose).await? {
            return Ok(());
        }
        self.set_managed_policies(name, &BTreeSet::new()).await?;
        self.set_inline_policies(name, &BTreeMap::new()).await?;
        let sent = self.services().iam.delete_role().role_name(name).send();
        gone(self.run(&self.call(SERVICE, "DeleteRole"), sent).await)
    }

    /// Makes a role; one that is there all the same is read.
    async fn create_role(&self, spec: &RoleSpec) -> Result<Option<Role>, Error> {
        let sent = self
            .services()
            .iam
            .create_role()
            .role_name(&spec.name)
            .description(&spec.description)
            .assume_role_policy_document(trusting(spec.trust).to_string())
            .set_tags(Some(as_list(&wanted_tags(spec))))
            .send();
        match self.run(&self.call(SERVICE, "CreateRole"), sent).await {
            Ok(answer) => Ok(answer.role),
            Err(error) if error.is_refused_with(EXISTS) || error.is_unanswered() => {
                match self.role(&spec.name).await? {
                    Some(role) => Ok(Some(role)),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn set_trust(&self, spec: &RoleSpec) -> Result<(), Error> {
        let sent = self
            .services()
            .iam
            .update_assume_role_policy()
            .role_name(&spec.name)
            .policy_document(trusting(spec.trust).to_string())
            .send();
        let call = self.call(SERVICE, "UpdateAssumeRolePolicy");
        self.run(&call, sent).await.map(drop)
    }

    async fn set_role_tags(&self, spec: &RoleSpec, is: &Tags) -> Result<(), Error> {
        let missing = tags::missing(&wanted_tags(spec), is);
        if missing.is_empty() {
            return Ok(());
        }
        let iam = &self.services().iam;
        let sent = iam.tag_role().role_name(&spec.name).set_tags(Some(as_list(&missing)));
        self.run(&self.call(SERVICE, "TagRole"), sent.send()).await.map(drop)
    }
}

/// Who may assume a role, as a policy says it.
fn trusting(trust: Trust) -> Value {
    let (service, actions) = match trust {
        Trust::Service(service) => (service, json!("sts:AssumeRole")),
        Trust::TaggingService(service) => (service, json!(["sts:AssumeRole", "sts:TagSession"])),
        Trust::Pods => ("pods.eks", json!(["sts:AssumeRole", "sts:TagSession"])),
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": format!("{service}.amazonaws.com")},
            "Action": actions,
        }],
    })
}

fn document(role: &Role) -> Option<Value> {
    decoded(role.assume_role_policy_document()?)
}

fn wanted_tags(spec: &RoleSpec) -> Tags {
    let mut tags = tags::wanted(Some(&spec.tags), &Tags::new());
    tags.insert(FOR.to_owned(), spec.purpose.clone());
    tags
}

fn tags_of(role: &Role) -> Tags {
    let tags = role.tags().iter();
    tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn as_list(tags: &Tags) -> Vec<aws_sdk_iam::types::Tag> {
    let tag = |(key, value): (&String, &String)| aws_sdk_iam::types::Tag::builder().key(key).value(value).build().ok();
    tags.iter().filter_map(tag).collect()
}

fn is_for(role: &Role, purpose: &str) -> bool {
    let tags = tags_of(role);
    tags::are_ours(&tags) && tags.get(FOR).is_some_and(|of| of == purpose)
}

/// Whether this is the ARN of the role of that name.
pub(super) fn is_named(arn: &str, name: &str) -> bool {
    arn.rsplit('/').next() == Some(name)
}

fn foreign(name: &str) -> Error {
    Error::Foreign {
        what: format!("a role `{name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(tags: &Tags, document: &str) -> Role {
        Role::builder()
            .path("/")
            .role_name("moh-cluster")
            .role_id("AROA")
            .arn("arn:aws:iam::123456789012:role/moh-cluster")
            .create_date(aws_smithy_types::DateTime::from_secs(0))
            .assume_role_policy_document(document)
            .set_tags(Some(as_list(tags)))
            .build()
            .unwrap()
    }

    #[test]
    fn a_role_for_something_else_is_left_alone() {
        let spec = RoleSpec {
            name: "moh-cluster".to_owned(),
            purpose: "eks-cluster/moh".to_owned(),
            description: String::new(),
            trust: Trust::Service("eks"),
            managed: BTreeSet::new(),
            inline: BTreeMap::new(),
            tags: Tags::new(),
        };
        let ours = role(&wanted_tags(&spec), "");
        assert!(is_for(&ours, "eks-cluster/moh"));
        assert!(!is_for(&ours, "eks-cluster/other"));
        let only_named = Tags::from([(FOR.to_owned(), spec.purpose.clone())]);
        assert!(!is_for(&role(&only_named, ""), &spec.purpose));
    }

    #[test]
    fn documents_are_compared_by_what_they_say() {
        let said = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Action%22%3A%22sts%3AAssumeRole%22%2C\
                    %22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22eks.amazonaws.com%22%7D%7D%5D%7D";
        let role = role(&Tags::new(), said);
        assert_eq!(document(&role), Some(trusting(Trust::Service("eks"))));
        assert_ne!(document(&role), Some(trusting(Trust::TaggingService("eks"))));
    }
}
