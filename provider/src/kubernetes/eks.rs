//! EKS clusters as a way to a cluster: by their names, with tokens that are made for each use.
//!
//! AWS gives no lasting credentials for the API servers of EKS. What is taken instead is a token that proves who its
//! bearer is in AWS, and it is good for minutes. So a client asks for one at each request, and nothing of it is kept in
//! a state. Who makes tokens is a platform ([`EksClusters`]): this layer knows no cloud.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use tf_framework::Model;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::schema::Validator;

use super::error::Source;

/// An EKS cluster, by its name.
#[derive(Clone, Debug, Model)]
pub struct Eks {
    /// Name of the cluster.
    #[tf(validate(Validator::matches(
        "^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$",
        "a name of 1 to 100 letters, digits, `-` or `_`, which begins with a letter or digit"
    )))]
    pub cluster_name: String,
    /// Region of the cluster. Default: that of the provider's `aws`.
    #[tf(validate(Validator::not_empty()))]
    pub region: Option<String>,
    /// ARN of a role to assume for the cluster. Its access entry has to be for this role. Default: whoever the
    /// provider's `aws` is.
    pub role_arn: Option<Text<Arn>>,
}

/// Where the API server of an EKS cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EksEndpoint {
    /// Its address.
    pub host: String,
    /// The certificate of its authority, in PEM.
    pub cluster_ca_certificate: String,
    /// What the cluster is called by everywhere in AWS.
    pub arn: String,
}

/// Who knows the EKS clusters of an account.
pub trait EksClusters: fmt::Debug + Send + Sync {
    /// Looks up where the API server of a cluster is.
    fn endpoint<'a>(&'a self, eks: &'a Eks) -> BoxFuture<'a, Result<EksEndpoint, EksError>>;

    /// A token that is good for some minutes yet.
    fn token<'a>(&'a self, eks: &'a Eks) -> BoxFuture<'a, Result<SecretString, EksError>>;

    /// Whether a cluster does not exist any more. It has this ARN: where another account or region is asked, nothing is
    /// known of it.
    fn is_gone<'a>(&'a self, eks: &'a Eks, arn: &'a str) -> BoxFuture<'a, bool>;

    /// Makes another token at the next use: the API server has refused this one.
    fn forget<'a>(&'a self, eks: &'a Eks) -> BoxFuture<'a, ()>;
}

/// Why an EKS cluster cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the EKS cluster {cluster} cannot be used")]
pub struct EksError {
    /// Name of the cluster.
    pub cluster: String,
    /// What to do next.
    pub advice: &'static str,
    /// The cause.
    #[source]
    pub source: Source,
}

/// How requests to one EKS cluster say who we are.
#[derive(Clone, Debug)]
pub(super) struct EksLogin {
    pub(super) clusters: Arc<dyn EksClusters>,
    pub(super) eks: Eks,
    /// What the cluster is called by everywhere, if it was looked up.
    pub(super) arn: Option<String>,
}

impl EksLogin {
    /// The header of a request.
    ///
    /// # Errors
    /// No token can be made.
    pub(super) async fn header(&self) -> Result<HeaderValue, EksError> {
        let token = self.clusters.token(&self.eks).await?;
        let text = format!("Bearer {}", token.expose_secret());
        let mut header = HeaderValue::try_from(text).map_err(|source| EksError {
            cluster: self.eks.cluster_name.clone(),
            advice: "This is a bug in the cht provider; please report it.",
            source: Box::new(source),
        })?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Makes another token at the next request.
    pub(super) async fn forget(&self) {
        self.clusters.forget(&self.eks).await;
    }
}

impl Eks {
    /// Everything that makes it what it is, to be compared.
    pub(super) fn parts(&self) -> [Option<&str>; 3] {
        let role = self.role_arn.as_ref().map(Text::as_str);
        [Some(&self.cluster_name), self.region.as_deref(), role]
    }
}
