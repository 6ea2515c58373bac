//! AWS: the account that the provider works in, and what is made and found there.
//!
//! The value `aws` of the provider block ([`attribute`]) says which account and region it is. From the wire up:
//!
//! - [`account`] has the credentials as AWS's own tools find them, and `services` the clients that use them; `keys` are
//!   what they sign with; `retries` says which calls are made again; `region` says where services are; `login_end`
//!   warns where keys end too early, which `environment` may know of;
//! - [`accounts`] sets up an account when it is first needed: who uses nothing of AWS needs no login to it;
//! - `refusal` is what a service says when it refuses, `failure` makes an [`error`] of that and of all else that goes
//!   wrong, and [`diagnostics`] says it in a user's words;
//! - a file for each service has the calls of it: `acm`, `autoscaling`, `dlm`, `ec2`, `eks`, `iam`, `load_balancing`,
//!   `logs`, `route53`, `service_quotas`;
//! - `eks_token` makes tokens for clusters of EKS, and [`eks_logins`] keeps those for everything that lives in one;
//! - resources are files with folders, such as [`vpc`], which makes a network, and [`eks_cluster`]; `tags` are how we
//!   know what we have made, `creation` how what a killed one has left is known, [`kept`] what is kept beside a state;
//!   `which_account` refuses to look in the wrong place;
//! - [`load_balancer_controller`] is in a cluster and in IAM: objects there, and who they are here;
//! - data sources are files such as [`eks_cluster_data`], and [`eks_token_ephemeral`] gives a token to other providers.
//!
//! Nothing of what a request or an answer says is logged, only which call it was.

pub mod access_entry;
pub mod account;
pub mod accounts;
mod acm;
pub mod addon;
pub mod attribute;
mod autoscaling;
mod blocks;
pub mod caller_identity_data;
pub mod certificate;
mod creation;
pub mod diagnostics;
mod dlm;
pub mod dns_alias;
mod ec2;
mod eks;
pub mod eks_cluster;
pub mod eks_cluster_data;
pub mod eks_cluster_versions_data;
pub mod eks_logins;
mod eks_token;
pub mod eks_token_ephemeral;
mod environment;
pub mod error;
mod failure;
mod iam;
mod import;
pub mod kept;
mod keys;
pub mod load_balancer_controller;
mod load_balancing;
mod login_end;
mod logs;
mod names;
pub mod node_group;
pub mod refusal;
mod region;
mod retries;
mod route53;
mod rules;
mod service_quotas;
mod services;
mod short_name;
pub mod snapshot;
pub mod snapshot_data;
pub mod snapshot_policy;
mod tags;
#[cfg(test)]
mod testing;
mod time;
pub mod volume;
pub mod vpc;
mod which_account;
mod zone;

pub use self::account::Account;
pub use self::accounts::Accounts;
pub use self::attribute::{Aws, AwsDraft};
pub use self::eks_logins::EksLogins;
pub use self::error::Error;
