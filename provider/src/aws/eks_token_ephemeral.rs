//! `ephemeral.cht_eks_token`: a token for an EKS cluster, for other providers.
//!
//! No call of AWS makes it: see [`super::eks_token`].

use std::time::SystemTime;

use aws_smithy_types::DateTime;
use secrecy::SecretString;
use tf_framework::context::Scope;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::ephemeral::{EphemeralResource, Opened};
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model};

use super::diagnostics::explained;
use super::eks_token::LIFETIME;
use super::{rules, time};
use crate::kubernetes::Eks;
use crate::provider::Clients;

/// Makes a token for an EKS cluster, for other providers that take one.
///
/// A token is good for 15 minutes, and the core asks for it once in a run: what is configured with it cannot work for
/// longer. Resources of this provider need none of it; they take `kubernetes = { eks = { … } }`, or what a cluster
/// exports as `kubernetes`.
#[derive(Clone, Model)]
pub struct EksTokenModel {
    /// Name of the cluster.
    #[tf(validate(rules::cluster_name()))]
    pub cluster_name: String,
    /// Region of the cluster. Default: that of the provider's `aws`.
    #[tf(validate(Validator::not_empty()))]
    pub region: Option<String>,
    /// ARN of a role to assume for the cluster. Default: whoever the provider's `aws` is.
    pub role_arn: Option<Text<Arn>>,
    /// The token.
    pub token: Attr<SecretString>,
    /// When it ends, in RFC 3339.
    pub expires_at: Attr<String>,
}

/// Makes tokens.
#[derive(Debug)]
pub struct EksTokenResource;

impl EphemeralResource for EksTokenResource {
    type Model = EksTokenModel;
    type Clients = Clients;
    type Private = ();

    const TYPE_NAME: &'static str = "cht_eks_token";

    async fn open(&self, scope: &Scope<Clients>, mut config: EksTokenModel) -> Result<Opened<Self>, Diagnostics> {
        let eks = Eks {
            cluster_name: config.cluster_name.clone(),
            region: config.region.clone(),
            role_arn: config.role_arn.clone(),
        };
        let now = SystemTime::now();
        let made = scope.clients().eks_logins().mint(&eks, now).await;
        config.token = Attr::Known(made.map_err(explained("Unable to make a token for the EKS cluster"))?);
        config.expires_at = time::rfc3339(&DateTime::from(now + LIFETIME)).map_or(Attr::Null, Attr::Known);
        Ok(Opened {
            result: config,
            // Renewing does not change the value, so it would be of no use.
            renew_at: None,
            private: (),
        })
    }
}
