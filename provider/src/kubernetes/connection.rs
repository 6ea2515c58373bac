//! The way to a cluster, in the words of the `kubernetes` attribute (and of hashicorp/kubernetes).
//!
//! A [`Kubernetes`] value holds everything itself (`host`, `cluster_ca_certificate`, credentials), names a kubeconfig
//! (`config_path`), or an EKS cluster ([`super::eks`]). Nothing is run to get credentials. [`super::client`] is what
//! comes out.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, Uri};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use secrecy::{ExposeSecret as _, SecretString};
use tower::BoxError;

use super::attribute::Kubernetes;
use super::client::Cluster;
use super::eks::EksLogin;
use super::error::Error;
use crate::home;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Something that does not fit in a [`Kubernetes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The attribute to blame.
    pub attribute: &'static str,
    /// What is wrong with it, as a phrase.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.attribute, self.message)
    }
}

impl Problem {
    /// The problem as a sentence.
    pub fn sentence(&self) -> String {
        format!("`{}` {}.", self.attribute, self.message)
    }
}

impl Kubernetes {
    /// Lists everything that is wrong with the description, without any I/O.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        match (&self.eks, &self.host, &self.config_path) {
            (Some(_), _, _) => self.validate_only_eks(&mut problems),
            (None, None, None) => problems.add("host", "or config_path or eks must say where the cluster is"),
            (None, Some(_), Some(_)) => problems.add("host", "and config_path exclude each other"),
            (None, Some(host), None) => {
                validate_host(host, &mut problems);
                self.validate_credentials(&mut problems);
            }
            (None, None, Some(_)) => self.validate_only_config(&mut problems),
        }
        if self.config_path.is_none() && self.eks.is_none() && self.config_context.is_some() {
            problems.add("config_context", "needs config_path");
        }
        self.validate_tls(&mut problems);
        problems.0
    }

    /// Makes a client. No request is sent: [`Cluster::probe`] tells whether the cluster answers.
    ///
    /// One default TLS provider (aws-lc-rs) is expected to be installed by `main`; `kube` installs the same one if none
    /// is.
    ///
    /// # Errors
    /// The description has problems, or the kubeconfig cannot be used.
    pub async fn connect(&self) -> Result<Cluster, Error> {
        self.connect_as(None).await
    }

    /// The same, where requests may say who we are by a token that is made for each.
    ///
    /// # Errors
    /// As [`Kubernetes::connect`].
    pub(super) async fn connect_as(&self, login: Option<EksLogin>) -> Result<Cluster, Error> {
        let problems = self.validate();
        if !problems.is_empty() {
            return Err(Error::InvalidConnection(problems));
        }
        let mut config = match &self.config_path {
            Some(path) => self.load(&home::expand(path)).await?,
            None => self.assemble()?,
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.write_timeout = Some(CONNECT_TIMEOUT);
        // Retries are ours (see `retry`): kube's would not honor Retry-After.
        config.default_retry = false;
        let host = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        match kube::Client::try_from(config) {
            Ok(client) => Ok(match login {
                Some(login) => Cluster::new(with_tokens(client, login.clone()), host).with_login(login),
                None => Cluster::new(client, host),
            }),
            Err(source) => Err(Error::BuildClient {
                host,
                source: Box::new(source),
            }),
        }
    }

    /// What the kubeconfig says, if the way is one and it can be read.
    pub(super) fn kubeconfig_text(&self) -> Option<SecretString> {
        let path = home::expand(self.config_path.as_ref()?);
        std::fs::read_to_string(path).ok().map(SecretString::from)
    }

    fn validate_credentials(&self, problems: &mut Problems) {
        match (&self.client_certificate, &self.client_key) {
            (Some(_), None) => problems.add("client_certificate", "needs client_key"),
            (None, Some(_)) => problems.add("client_key", "needs client_certificate"),
            (None, None) if self.token.is_none() => {
                problems.add("token", "or client_certificate and client_key must say who we are");
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    fn validate_only_config(&self, problems: &mut Problems) {
        for (attribute, is_set) in [
            ("cluster_ca_certificate", self.cluster_ca_certificate.is_some()),
            ("client_certificate", self.client_certificate.is_some()),
            ("client_key", self.client_key.is_some()),
            ("token", self.token.is_some()),
            ("insecure", self.insecure.is_some()),
            ("tls_server_name", self.tls_server_name.is_some()),
        ] {
            if is_set {
                problems.add(
                    attribute,
                    "and config_path exclude each other: the kubeconfig says it already",
                );
            }
        }
    }

    fn validate_only_eks(&self, problems: &mut Problems) {
        if let Some(host) = &self.host {
            validate_host(host, problems);
        }
        for (attribute, is_set) in [
            ("config_path", self.config_path.is_some()),
            ("config_context", self.config_context.is_some()),
            ("client_certificate", self.client_certificate.is_some()),
            ("client_key", self.client_key.is_some()),
            ("token", self.token.is_some()),
        ] {
            if is_set {
                problems.add(attribute, "and eks exclude each other: tokens are made by the provider");
            }
        }
    }

    fn validate_tls(&self, problems: &mut Problems) {
        if let Some(pem) = &self.cluster_ca_certificate {
            let mut roots = RootCertStore::empty();
            let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            match parsed {
                Ok(certificates) if certificates.is_empty() => problems.add(
                    "cluster_ca_certificate",
                    "holds no PEM certificate (base64 as in a kubeconfig must be decoded first)",
                ),
                Ok(certificates) if certificates.iter().any(|one| roots.add(one.clone()).is_err()) => {
                    problems.add("cluster_ca_certificate", "holds a certificate that cannot be read");
                }
                Ok(_) => {}
                Err(_) => problems.add("cluster_ca_certificate", "is not well-formed PEM"),
            }
            if self.insecure == Some(true) {
                problems.add("insecure", "and cluster_ca_certificate exclude each other");
            }
        }
        let certificate = self.client_certificate.as_ref();
        if certificate.is_some_and(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).is_err()) {
            problems.add("client_certificate", "holds no PEM certificate");
        }
        let key = self.client_key.as_ref();
        if key.is_some_and(|pem| PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).is_err()) {
            problems.add("client_key", "holds no PEM private key");
        }
        let name = self.tls_server_name.as_ref();
        if name.is_some_and(|name| ServerName::try_from(name.as_str()).is_err()) {
            problems.add("tls_server_name", "is neither a DNS name nor an IP address");
        }
    }

    /// Makes the configuration from the attributes, which `validate` found to fit.
    fn assemble(&self) -> Result<kube::Config, Error> {
        let host = self.host.clone().unwrap_or_default();
        let url = host.parse::<Uri>().map_err(|source| Error::BuildClient {
            host,
            source: Box::new(kube::Error::HttpError(source.into())),
        })?;
        let mut config = kube::Config::new(url);
        config.root_cert = self.cluster_ca_certificate.as_ref().map(|pem| {
            CertificateDer::pem_slice_iter(pem.as_bytes())
                .flatten()
                .map(|one| one.as_ref().to_vec())
                .collect()
        });
        config.accept_invalid_certs = self.insecure.unwrap_or_default();
        config.tls_server_name.clone_from(&self.tls_server_name);
        config.auth_info = self.auth_info();
        Ok(config)
    }

    async fn load(&self, path: &Path) -> Result<kube::Config, Error> {
        let failed = |source: KubeconfigError| Error::ReadKubeconfig {
            path: path.into(),
            source: Box::new(source),
        };
        let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
        let context = self.find_context(path, &kubeconfig)?;
        refuse_credential_helper(path, &kubeconfig, &context)?;
        let options = KubeConfigOptions {
            context: Some(context),
            ..KubeConfigOptions::default()
        };
        kube::Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(failed)
    }

    fn find_context(&self, path: &Path, kubeconfig: &Kubeconfig) -> Result<String, Error> {
        let contexts: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
        let current = kubeconfig.current_context.clone().filter(|name| !name.is_empty());
        let Some(context) = self.config_context.clone().or(current) else {
            return Err(Error::NoCurrentContext {
                path: path.into(),
                contexts,
            });
        };
        if contexts.contains(&context) {
            Ok(context)
        } else {
            Err(Error::UnknownContext {
                path: path.into(),
                context,
                contexts,
            })
        }
    }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, attribute: &'static str, message: &str) {
        self.0.push(Problem {
            attribute,
            message: message.to_owned(),
        });
    }
}

fn validate_host(host: &str, problems: &mut Problems) {
    let is_https = host
        .parse::<Uri>()
        .is_ok_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some());
    if !is_https {
        problems.add("host", "must be an https URL, such as https://10.0.0.1:6443");
    }
}

/// A client whose requests, those that become streams too, have a token of their own.
fn with_tokens(client: kube::Client, login: EksLogin) -> kube::Client {
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |mut request: Request<kube::client::Body>| {
        let (client, login) = (client.clone(), login.clone());
        async move {
            request.headers_mut().insert(AUTHORIZATION, login.header().await?);
            Ok::<_, BoxError>(client.send(request).await?)
        }
    });
    kube::Client::new(service, namespace)
}

/// `kube` would run the program that the kubeconfig names. The user's machine need not have it, and a plan should not
/// depend on it.
fn refuse_credential_helper(path: &Path, kubeconfig: &Kubeconfig, context: &str) -> Result<(), Error> {
    let context = kubeconfig.contexts.iter().find(|named| named.name == context);
    let user = context
        .and_then(|named| named.context.as_ref()?.user.clone())
        .unwrap_or_default();
    let credentials = kubeconfig
        .auth_infos
        .iter()
        .find(|named| named.name == user)
        .and_then(|n| n.auth_info.as_ref());
    let helper = credentials.and_then(|credentials| match (&credentials.exec, &credentials.auth_provider) {
        (Some(exec), _) => Some(format!(
            "the program \"{}\"",
            exec.command.as_deref().unwrap_or_default()
        )),
        (None, Some(provider)) => Some(format!("the auth provider \"{}\"", provider.name)),
        (None, None) => None,
    });
    match helper {
        Some(helper) => Err(Error::CredentialHelper {
            path: path.into(),
            user,
            helper,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
