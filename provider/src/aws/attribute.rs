//! The `aws` attribute of the provider block: whose account it is, in which region, and how its services are called.
//!
//! What it does not say, the environment and the files of AWS's own tools say ([`super::account`]), so that no key need
//! stand in a configuration. It has no place for one.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Model;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::schema::Validator;

use super::rules;

/// How often a call is tried again where nothing else is said.
const MAX_RETRIES: u16 = 10;

/// The account and the region in AWS.
#[derive(Clone, Debug, Default, Model)]
pub struct Aws {
    /// Region, such as `af-south-1`. Default: the environment variable `AWS_REGION`, or the region of the profile.
    #[tf(validate(rules::region()))]
    pub region: Option<String>,
    /// Name of a profile in the files of AWS's tools. Default: the environment variable `AWS_PROFILE`, or `default`.
    #[tf(validate(Validator::not_empty()))]
    pub profile: Option<String>,
    /// A role to assume, with the credentials that were found.
    pub assume_role: Option<AssumeRole>,
    /// Ids of the accounts that may be worked in: with credentials of any other one, nothing is done at all.
    #[tf(validate(Validator::not_empty(), Validator::each(rules::account_id())))]
    pub allowed_account_ids: Option<BTreeSet<String>>,
    /// Tags of everything that is made, beside those that a resource has itself.
    #[tf(validate(rules::tags()))]
    pub default_tags: Option<BTreeMap<String, String>>,
    /// How often a call is tried again after throttling and failures that pass. Default: 10.
    #[tf(validate(Validator::between(0..=50)))]
    pub max_retries: Option<u16>,
    /// Addresses of services, where they are not those that follow from the region.
    pub endpoints: Option<Endpoints>,
}

/// A role to assume.
#[derive(Clone, Debug, Model)]
pub struct AssumeRole {
    /// ARN of the role.
    pub role_arn: Text<Arn>,
    /// What the owner of the role has agreed on with whoever assumes it.
    #[tf(validate(Validator::not_empty()))]
    pub external_id: Option<String>,
    /// What the session is called in the logs of the account. Default: `terraform-provider-cht`.
    #[tf(validate(rules::session_name()))]
    pub session_name: Option<String>,
}

/// Addresses of services.
#[derive(Clone, Debug, Default, Model)]
pub struct Endpoints {
    /// Address of Certificate Manager. Default: the environment variable `AWS_ENDPOINT_URL_ACM`, and so on for the
    /// others.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub acm: Option<String>,
    /// Address of Auto Scaling.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub autoscaling: Option<String>,
    /// Address of Data Lifecycle Manager.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub dlm: Option<String>,
    /// Address of EC2.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub ec2: Option<String>,
    /// Address of EKS.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub eks: Option<String>,
    /// Address of Elastic Load Balancing.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub elasticloadbalancing: Option<String>,
    /// Address of IAM.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub iam: Option<String>,
    /// Address of CloudWatch Logs.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub logs: Option<String>,
    /// Address of Route 53.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub route53: Option<String>,
    /// Address of Service Quotas. Default: the environment variable `AWS_ENDPOINT_URL_SERVICE_QUOTAS`.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub servicequotas: Option<String>,
    /// Address of STS. Tokens for clusters name that of AWS all the same, as their API servers demand.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub sts: Option<String>,
}

impl Aws {
    /// How often a call is tried at most.
    pub(super) fn attempts(&self) -> u32 {
        u32::from(self.max_retries.unwrap_or(MAX_RETRIES)) + 1
    }

    /// The addresses that are given.
    pub(super) fn endpoints(&self) -> Endpoints {
        self.endpoints.clone().unwrap_or_default()
    }
}
