//! Registries of images: the attribute that becomes `registries.yaml`, with the words of that file.

use std::collections::BTreeMap;

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::schema::Validator;

use super::rules;
use crate::k3s::config::registries as file;

/// Mirrors of registries of images, and how registries are reached. A change restarts k3s on one host after another;
/// pods go on meanwhile.
#[derive(Clone, Model)]
#[tf(at_least_one_of(mirrors, configs))]
pub struct Registries {
    /// Mirrors by the name of the registry that they stand for, such as `docker.io`; `*` stands for all.
    #[tf(validate(Validator::not_empty(), Validator::keys(Validator::no_whitespace())))]
    pub mirrors: Option<BTreeMap<String, Mirror>>,
    /// How registries and mirrors are reached, by host, with the port if there is one: `registry.example:5000`.
    #[tf(validate(Validator::not_empty(), Validator::keys(rules::registry_host())))]
    pub configs: Option<BTreeMap<String, RegistryHost>>,
}

/// Where images of a registry are pulled from instead.
#[derive(Clone, Model)]
pub struct Mirror {
    /// Addresses of the mirrors, tried in this order; the registry itself is the last resort. Leave it out for images
    /// that nodes pass to each other with `embedded_registry`.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::url(["https", "http"]))))]
    pub endpoints: Option<Vec<String>>,
    /// Names of images that are others there: regular expressions, and what stands in their place, such as
    /// `"^rancher/(.*)" = "mirror/rancher/$1"`.
    #[tf(validate(Validator::not_empty()))]
    pub rewrites: Option<BTreeMap<String, String>>,
}

/// How a registry is reached.
#[derive(Clone, Model)]
pub struct RegistryHost {
    /// How to log in there.
    pub auth: Option<RegistryAuth>,
    /// How its certificate is verified, and what to show it.
    pub tls: Option<RegistryTls>,
}

/// How to log in to a registry.
#[derive(Clone, Model)]
#[tf(required_together(username, password), exactly_one_of(password, identity_token))]
pub struct RegistryAuth {
    /// Name of the user.
    pub username: Option<String>,
    /// Password of the user.
    pub password: Option<SecretString>,
    /// Token, in place of name and password.
    pub identity_token: Option<SecretString>,
}

/// How the certificate of a registry is verified, and what to show it.
#[derive(Clone, Model)]
#[tf(required_together(cert_file, key_file))]
pub struct RegistryTls {
    /// File on the hosts with the certificate of the authority that signed the registry's.
    #[tf(validate(rules::absolute_path()))]
    pub ca_file: Option<String>,
    /// File on the hosts with a client certificate.
    #[tf(validate(rules::absolute_path()))]
    pub cert_file: Option<String>,
    /// File on the hosts with the key of the client certificate.
    #[tf(validate(rules::absolute_path()))]
    pub key_file: Option<String>,
    /// Do not verify the registry's certificate. Whoever can intercept the connection can then put any program into
    /// images.
    pub insecure_skip_verify: Option<bool>,
}

impl Registries {
    /// What `registries.yaml` says.
    #[must_use]
    pub fn settings(&self) -> file::Registries {
        let mirrors = self.mirrors.iter().flatten();
        let hosts = self.configs.iter().flatten();
        file::Registries {
            mirrors: mirrors
                .map(|(name, mirror)| (name.clone(), mirror.settings()))
                .collect(),
            hosts: hosts.map(|(name, host)| (name.clone(), host.settings())).collect(),
        }
    }
}

impl Mirror {
    fn settings(&self) -> file::Mirror {
        file::Mirror {
            endpoints: self.endpoints.clone().unwrap_or_default(),
            rewrites: self.rewrites.clone().unwrap_or_default(),
        }
    }
}

impl RegistryHost {
    fn settings(&self) -> file::RegistryHost {
        let auth = self.auth.as_ref();
        let tls = self.tls.as_ref();
        file::RegistryHost {
            username: auth.and_then(|auth| auth.username.clone()),
            password: auth.and_then(|auth| auth.password.clone()),
            identity_token: auth.and_then(|auth| auth.identity_token.clone()),
            ca_file: tls.and_then(|tls| tls.ca_file.clone()),
            cert_file: tls.and_then(|tls| tls.cert_file.clone()),
            key_file: tls.and_then(|tls| tls.key_file.clone()),
            insecure_skip_verify: tls.and_then(|tls| tls.insecure_skip_verify).unwrap_or_default(),
        }
    }
}
