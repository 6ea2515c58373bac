//! What Elastic Load Balancing is asked and told: a method of [`Account`] for each kind of call.
//!
//! API: [Elastic Load Balancing](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html).
//! Lists are read to their end. To remove what is not there is success.

use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, TagDescription, TargetGroup};

use super::account::Account;
use super::error::{Error, gone};
use super::route53::is_same_name;

const SERVICE: &str = "elasticloadbalancing";

/// How many things can be asked about at once.
const PER_CALL: usize = 20;

impl Account {
    /// The load balancers of the region.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn load_balancers(&self) -> Result<Vec<LoadBalancer>, Error> {
        let asked = self.services().load_balancing.describe_load_balancers();
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeLoadBalancers");
        self.run(&call, pages.collect()).await
    }

    /// The load balancer with this host name; nothing if there is none in the region.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn load_balancer_at(&self, host: &str) -> Result<Option<LoadBalancer>, Error> {
        let has_name = |balancer: &LoadBalancer| balancer.dns_name().is_some_and(|name| is_same_name(name, host));
        Ok(self.load_balancers().await?.into_iter().find(has_name))
    }

    /// Removes a load balancer.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn delete_load_balancer(&self, arn: &str) -> Result<(), Error> {
        let change = self.services().load_balancing.delete_load_balancer();
        let sent = change.load_balancer_arn(arn).send();
        gone(self.run(&self.call(SERVICE, "DeleteLoadBalancer"), sent).await)
    }

    /// The target groups of the region.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn target_groups(&self) -> Result<Vec<TargetGroup>, Error> {
        let asked = self.services().load_balancing.describe_target_groups();
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeTargetGroups");
        self.run(&call, pages.collect()).await
    }

    /// Removes a target group.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn delete_target_group(&self, arn: &str) -> Result<(), Error> {
        let change = self.services().load_balancing.delete_target_group();
        let sent = change.target_group_arn(arn).send();
        gone(self.run(&self.call(SERVICE, "DeleteTargetGroup"), sent).await)
    }

    /// The tags of load balancers and target groups.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn load_balancing_tags(&self, arns: &[String]) -> Result<Vec<TagDescription>, Error> {
        let call = self.call(SERVICE, "DescribeTags");
        let mut all = Vec::new();
        for some in arns.chunks(PER_CALL) {
            let asked = self.services().load_balancing.describe_tags();
            let sent = asked.set_resource_arns(Some(some.to_vec())).send();
            let answer = self.run(&call, sent).await?;
            all.extend(answer.tag_descriptions.unwrap_or_default());
        }
        Ok(all)
    }
}
