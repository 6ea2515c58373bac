//! The administrator's kubeconfig that k3s writes on its servers, as a way to the cluster.
//!
//! It names the server's own loopback address, so it says with whom one speaks and as whom, but not where.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::Kubeconfig;
use secrecy::{ExposeSecret as _, SecretString};

use crate::kubernetes::Kubernetes;

/// A kubeconfig that k3s has not written. It says no more, as what is wrong with it may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KubeconfigError {
    /// It is none.
    #[error("the kubeconfig of k3s cannot be read")]
    Unreadable,
    /// A part is not there.
    #[error("the kubeconfig of k3s has no {0}")]
    Missing(&'static str),
    /// A part is no text in base 64.
    #[error("the {0} in the kubeconfig of k3s cannot be decoded")]
    Encoding(&'static str),
}

/// The way to the cluster at an address, such as `https://10.20.0.10:6443`, with the rights of the administrator.
///
/// # Errors
/// k3s has not written it.
pub fn kubernetes(kubeconfig: &SecretString, address: &str) -> Result<Kubernetes, KubeconfigError> {
    let config = Kubeconfig::from_yaml(kubeconfig.expose_secret()).map_err(|_| KubeconfigError::Unreadable)?;
    let cluster = config.clusters.into_iter().find_map(|named| named.cluster);
    let user = config.auth_infos.into_iter().find_map(|named| named.auth_info);
    let authority = cluster.and_then(|cluster| cluster.certificate_authority_data);
    let (certificate, key) = user.map_or((None, None), |user| {
        (user.client_certificate_data, user.client_key_data)
    });
    let key = key.as_ref().map(|key| key.expose_secret().to_owned());
    Ok(Kubernetes {
        host: Some(address.to_owned()),
        cluster_ca_certificate: Some(decoded("certificate of the authority", authority)?),
        client_certificate: Some(decoded("certificate of the client", certificate)?),
        client_key: Some(decoded("key of the client", key)?.into()),
        ..Kubernetes::default()
    })
}

fn decoded(what: &'static str, encoded: Option<String>) -> Result<String, KubeconfigError> {
    let encoded = encoded.ok_or(KubeconfigError::Missing(what))?;
    let bytes = STANDARD.decode(encoded.trim()).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or(KubeconfigError::Encoding(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECONFIG: &str = "apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    certificate-authority-data: Q0E=
    server: https://127.0.0.1:6443
users:
- name: default
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
contexts: []
current-context: default
";

    #[test]
    fn a_way_has_the_address_that_it_is_given_and_the_credentials_of_the_file() {
        let kubernetes = kubernetes(&KUBECONFIG.into(), "https://10.0.0.1:6443").unwrap();
        assert_eq!(kubernetes.host.as_deref(), Some("https://10.0.0.1:6443"));
        assert_eq!(kubernetes.cluster_ca_certificate.as_deref(), Some("CA"));
        assert_eq!(kubernetes.client_certificate.as_deref(), Some("CERT"));
        assert_eq!(kubernetes.client_key.unwrap().expose_secret(), "KEY");
    }

    #[test]
    fn what_is_not_there_is_named_and_nothing_is_shown() {
        let without = KUBECONFIG.replace("    client-key-data: S0VZ\n", "");
        assert_eq!(
            kubernetes(&without.into(), "").err(),
            Some(KubeconfigError::Missing("key of the client"))
        );
        let broken = KUBECONFIG.replace("S0VZ", "S0VZ%");
        assert_eq!(
            kubernetes(&broken.into(), "").err(),
            Some(KubeconfigError::Encoding("key of the client"))
        );
        assert_eq!(kubernetes(&"[".into(), "").err(), Some(KubeconfigError::Unreadable));
    }
}
