//! The calls of Data Lifecycle Manager.
//!
//! API: [CreateLifecyclePolicy](https://docs.aws.amazon.com/dlm/latest/APIReference/API_CreateLifecyclePolicy.html),
//! GetLifecyclePolicies, UpdateLifecyclePolicy, DeleteLifecyclePolicy and those about tags.

use aws_config::retry::RetryConfig;
use aws_sdk_dlm::config::Builder;
use aws_sdk_dlm::types::{LifecyclePolicy, LifecyclePolicySummary, PolicyDetails, SettablePolicyStateValues};

use super::account::Account;
use super::error::{Error, found, gone};
use super::tags::{self, Tags};

const SERVICE: &str = "dlm";

/// What a policy is.
#[derive(Clone, Debug)]
pub(super) struct PolicySpec {
    pub(super) description: String,
    /// ARN of the role by which it makes and deletes snapshots.
    pub(super) role: String,
    pub(super) enabled: bool,
    pub(super) details: PolicyDetails,
}

impl PolicySpec {
    fn state(&self) -> SettablePolicyStateValues {
        match self.enabled {
            true => SettablePolicyStateValues::Enabled,
            false => SettablePolicyStateValues::Disabled,
        }
    }
}

impl Account {
    /// Makes a policy, and answers its id. It is tried once: a second call would make a second one.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn create_lifecycle_policy(&self, spec: &PolicySpec, tags: Tags) -> Result<String, Error> {
        let call = self.call(SERVICE, "CreateLifecyclePolicy");
        let sent = self
            .services()
            .dlm
            .create_lifecycle_policy()
            .description(&spec.description)
            .execution_role_arn(&spec.role)
            .state(spec.state())
            .policy_details(spec.details.clone())
            .set_tags(Some(tags.into_iter().collect()))
            .customize()
            .config_override(Builder::new().retry_config(RetryConfig::disabled()))
            .send();
        let answer = self.run(&call, sent).await?;
        answer.policy_id.ok_or(Error::Lacks { call, what: "the id" })
    }

    /// A policy; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn lifecycle_policy(&self, id: &str) -> Result<Option<LifecyclePolicy>, Error> {
        let sent = self.services().dlm.get_lifecycle_policy().policy_id(id).send();
        let answer = found(self.run(&self.call(SERVICE, "GetLifecyclePolicy"), sent).await)?;
        Ok(answer.and_then(|answer| answer.policy))
    }

    /// The policies of the region, in short.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn lifecycle_policies(&self) -> Result<Vec<LifecyclePolicySummary>, Error> {
        let sent = self.services().dlm.get_lifecycle_policies().send();
        let answer = self.run(&self.call(SERVICE, "GetLifecyclePolicies"), sent).await?;
        Ok(answer.policies.unwrap_or_default())
    }

    /// Changes a policy.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn update_lifecycle_policy(&self, id: &str, spec: &PolicySpec) -> Result<(), Error> {
        let sent = self
            .services()
            .dlm
            .update_lifecycle_policy()
            .policy_id(id)
            .description(&spec.description)
            .execution_role_arn(&spec.role)
            .state(spec.state())
            .policy_details(spec.details.clone())
            .send();
        let updated = self.run(&self.call(SERVICE, "UpdateLifecyclePolicy"), sent).await;
        updated.map(drop)
    }

    /// Deletes a policy, if it is there. The snapshots that it has made stay.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn delete_lifecycle_policy(&self, id: &str) -> Result<(), Error> {
        let sent = self.services().dlm.delete_lifecycle_policy().policy_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteLifecyclePolicy"), sent).await)
    }

    /// Brings the tags of a policy to what is wanted. Of the others, only those are taken away that were ours.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn set_policy_tags(
        &self,
        arn: &str,
        is: &Tags,
        wanted: &Tags,
        ours: &[String],
    ) -> Result<(), Error> {
        let missing = tags::missing(wanted, is);
        if !missing.is_empty() {
            let sent = self.services().dlm.tag_resource().resource_arn(arn);
            let sent = sent.set_tags(Some(missing.into_iter().collect())).send();
            self.run(&self.call(SERVICE, "TagResource"), sent).await?;
        }
        let surplus = tags::surplus(wanted, is, ours);
        if !surplus.is_empty() {
            let sent = self.services().dlm.untag_resource().resource_arn(arn);
            let sent = sent.set_tag_keys(Some(surplus)).send();
            self.run(&self.call(SERVICE, "UntagResource"), sent).await?;
        }
        Ok(())
    }
}
