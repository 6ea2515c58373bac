//! The `instance` attribute: which CHT application something belongs to, and how it is reached.

use secrecy::SecretString;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;
use tf_framework::schema::Validator;
use tf_framework::value::Value;
use tf_framework::{Attr, Model};

use super::{ATTRIBUTE, needs_login};
use crate::kubernetes::Kubernetes;

/// The CHT instance: either its namespace, where it is reached through the cluster and the login is found there, or its
/// public address with a login.
#[derive(Clone, Default, Model)]
#[tf(exactly_one_of(namespace, url))]
pub struct InstanceAddress {
    /// The way to the cluster; the provider's `kubernetes` where it is not given.
    #[tf(requires(namespace))]
    pub kubernetes: Option<Kubernetes>,
    /// Namespace of the instance. The instance is reached through the API server, before there is a public address, and
    /// the administrator's login is read from the cluster. Changing it replaces what belongs to the instance.
    #[tf(replace, validate(Validator::dns_label()))]
    pub namespace: Option<String>,
    /// DNS domain of the cluster. Default: `cluster.local`.
    #[tf(requires(namespace), validate(Validator::host_name()))]
    pub cluster_domain: Option<String>,
    /// Public address of the instance, such as `https://kisumu.health.example`. Changing it replaces what belongs to
    /// the instance.
    #[tf(replace, equal = same_url, validate(https_url()))]
    pub url: Option<String>,
    /// Name of a CHT user who may do what is configured; needs `url`.
    #[tf(requires(url, password), validate(Validator::not_empty()))]
    pub user: Option<String>,
    /// Password of `user`.
    #[tf(requires(url, user), validate(Validator::not_empty()))]
    pub password: Option<SecretString>,
    /// Certificates of the authorities that signed the certificate of `url`, in PEM. Without it, the authorities that
    /// the operating system trusts count.
    #[tf(requires(url), validate(Validator::pem_certificates()))]
    pub ca_certificate: Option<String>,
}

impl InstanceAddress {
    /// What names the instance in an identity: its namespace or its address.
    pub fn name(&self) -> Option<String> {
        let url = self.url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        self.namespace.clone().or(url)
    }
}

/// Reports what is wrong with an address beyond its relations, for what needs a login.
pub(in crate::cht) fn validate(address: &Attr<InstanceAddressDraft>, diagnostics: &mut Diagnostics) {
    validate_visit(address, diagnostics);
    if let Attr::Known(address) = address {
        needs_login(address, diagnostics);
    }
}

/// The same for what needs none.
pub(in crate::cht) fn validate_visit(address: &Attr<InstanceAddressDraft>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(address) = address
        && let Attr::Known(kubernetes) = &address.kubernetes
    {
        kubernetes.validate(&path(InstanceAddress::KUBERNETES), diagnostics);
    }
}

/// The path of a part of the attribute.
pub(in crate::cht) fn path(attribute: &str) -> Path {
    Path::new(ATTRIBUTE).attribute(attribute)
}

/// A password must not be readable in state and logs, nor on the way.
fn https_url() -> Validator {
    Validator::all_of([
        Validator::url(["https"]),
        Validator::string("without user, query and fragment", |text| {
            if text.contains(['@', '?', '#']) {
                return Err(
                    "It must be the address alone: give the login in `user` and `password`, and leave query and fragment \
                     away."
                        .to_owned(),
                );
            }
            Ok(())
        }),
    ])
}

fn same_url(one: &Value, other: &Value) -> bool {
    let trimmed = |value: &Value| value.as_str().map(|url| url.trim_end_matches('/').to_owned());
    trimmed(one) == trimmed(other)
}
