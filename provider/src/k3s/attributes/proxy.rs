//! How hosts reach what is outside.

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::schema::Validator;

use crate::k3s::unit;

/// Proxy through which k3s and its containers' images reach what is outside.
#[derive(Clone, Model)]
#[tf(at_least_one_of(http, https))]
pub struct Proxy {
    /// Address of the proxy for `http`, such as `http://proxy.example:3128`, with the login of a proxy that asks for
    /// one: `http://user:password@proxy.example:3128`. On the hosts, only root can read it.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub http: Option<SecretString>,
    /// Address of the proxy for `https`, in the same form.
    #[tf(validate(Validator::url(["http", "https"])))]
    pub https: Option<SecretString>,
    /// Names and networks that are reached without it. k3s adds those of the cluster itself; add those of the hosts.
    #[tf(validate(Validator::each(Validator::no_whitespace())))]
    pub no_proxy: Option<Vec<String>>,
}

impl Proxy {
    /// What the unit of k3s is told.
    #[must_use]
    pub fn settings(&self) -> unit::Proxy {
        unit::Proxy {
            http: self.http.clone(),
            https: self.https.clone(),
            no_proxy: self.no_proxy.clone().unwrap_or_default(),
        }
    }
}
