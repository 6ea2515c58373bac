//! AWS: the account that the provider works in, and what is made and found there.
//!
//! The value `aws` of the provider block ([`attribute`]) says which account and region it is. From the wire up:
//!
//! - [`account`] has the credentials as AWS's own tools find them, and `services` the clients that use them; `keys` are
//!   for what is signed here; `region` says where services are;
//! - [`accounts`] sets up an account when it is first needed: who uses nothing of AWS needs no login to it;
//! - `refusal` is what a service says when it refuses, `failure` makes an [`error`] of that and of all else that goes
//!   wrong, and [`diagnostics`] says it in a user's words;
//! - `query` has the forms and answers of services without a client in the SDK, and `http` sends them;
//! - `eks` asks EKS about clusters; `eks_token` makes tokens for them, and [`eks_logins`] keeps those for everything
//!   that lives in a cluster;
//! - `iam` makes the roles that other things need;
//! - [`eks_cluster`] makes clusters, with `iam` for their roles and `logs` for what they write;
//! - `ec2` has the calls about networks, of which [`vpc`] makes one; `tags` are how we know what we have made;
//!   `which_account` refuses to look in the wrong place;
//! - data sources are files such as [`eks_cluster_data`], and [`eks_token_ephemeral`] gives a token to other providers.
//!
//! Nothing of what a request or an answer says is logged, only which call it was.

pub mod access_entry;
pub mod account;
pub mod accounts;
pub mod attribute;
pub mod caller_identity_data;
pub mod diagnostics;
mod ec2;
mod eks;
pub mod eks_cluster;
pub mod eks_cluster_data;
pub mod eks_cluster_versions_data;
pub mod eks_logins;
mod eks_token;
pub mod eks_token_ephemeral;
pub mod error;
mod failure;
mod http;
mod iam;
mod keys;
mod logs;
mod query;
pub mod refusal;
mod region;
mod rules;
mod services;
mod tags;
mod time;
pub mod vpc;
mod which_account;

pub use self::account::Account;
pub use self::accounts::Accounts;
pub use self::attribute::{Aws, AwsDraft};
pub use self::eks_logins::EksLogins;
pub use self::error::Error;
