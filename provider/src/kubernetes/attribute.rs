//! The `kubernetes` attribute: the way to a cluster as a value.
//!
//! Every resource that makes a cluster exports it, every resource that lives in a cluster takes it. It may be unknown
//! at plan time, because the cluster may be made in the same apply. The names are those of hashicorp/kubernetes.

use std::fmt;

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::eks::Eks;

/// The way to a Kubernetes cluster: an address with credentials, a kubeconfig file, or the name of an EKS cluster.
#[derive(Clone, Default, Model)]
pub struct Kubernetes {
    /// Address of the API server, such as `https://10.20.0.10:6443`.
    pub host: Option<String>,
    /// Certificate of the authority that signed the API server's certificate, in PEM. Without it, the authorities that
    /// the operating system trusts count.
    pub cluster_ca_certificate: Option<String>,
    /// Client certificate to authenticate with, in PEM; needs `client_key`.
    pub client_certificate: Option<String>,
    /// Private key of `client_certificate`, in PEM.
    pub client_key: Option<SecretString>,
    /// Bearer token to authenticate with.
    pub token: Option<SecretString>,
    /// Path of a kubeconfig file, instead of `host`; a leading `~` means the home directory.
    pub config_path: Option<String>,
    /// Context of the kubeconfig file to use, instead of its current one.
    pub config_context: Option<String>,
    /// Do not verify the API server's certificate. Whoever can intercept the connection can then read every secret:
    /// only for experiments.
    pub insecure: Option<bool>,
    /// Name to verify the API server's certificate against, where it differs from the host name in `host`.
    pub tls_server_name: Option<String>,
    /// An EKS cluster, instead of credentials: the provider makes tokens by itself, as whoever its `aws` is. `host` and
    /// `cluster_ca_certificate` are looked up where they are not given.
    pub eks: Option<Eks>,
}

impl fmt::Debug for Kubernetes {
    /// Tells which cluster, and nothing that gives access to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubernetes")
            .field("host", &self.host)
            .field("config_path", &self.config_path)
            .field("config_context", &self.config_context)
            .field("eks", &self.eks)
            .finish_non_exhaustive()
    }
}

impl KubernetesDraft {
    /// Reports everything that is wrong with the value, as far as it is known.
    pub fn validate(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let Some(kubernetes) = self.known() else { return };
        for problem in kubernetes.validate() {
            diagnostics.push(
                Diagnostic::error("Invalid way to the cluster", problem.sentence())
                    .at(path.clone().attribute(problem.attribute)),
            );
        }
        if kubernetes.insecure == Some(true) {
            diagnostics.push(
                Diagnostic::warning(
                    "API server is not verified",
                    "With `insecure`, whoever can intercept the connection can read and change everything in the cluster. \
                     Give `cluster_ca_certificate` instead.",
                )
                .at(path.clone().attribute(Kubernetes::INSECURE)),
            );
        }
    }
}
