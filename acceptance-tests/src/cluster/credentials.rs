//! Who may talk to whom: the lab's certificate authority, the server's certificate, the administrator's token, the key
//! that signs service account tokens, and a kubeconfig that holds what a client needs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::json;

use crate::aws;

/// The files that the components are started with, and what clients need of them.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) ca_pem: String,
    pub(super) admin_token: String,
    pub(super) ca_file: PathBuf,
    pub(super) certificate_file: PathBuf,
    pub(super) key_file: PathBuf,
    pub(super) service_account_key_file: PathBuf,
    pub(super) service_account_public_key_file: PathBuf,
    pub(super) token_file: PathBuf,
}

impl Credentials {
    /// Makes everything anew in `directory`.
    pub(super) fn create(directory: &Path) -> Result<Self> {
        let write = |name: &str, text: &str| -> Result<PathBuf> {
            let path = directory.join(name);
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
            Ok(path)
        };
        let (ca_pem, certificate_pem, key_pem) = certificates()?;
        let service_account_key = KeyPair::generate()?;
        let admin_token = uuid::Uuid::new_v4().simple().to_string();
        Ok(Self {
            ca_file: write("ca.pem", &ca_pem)?,
            certificate_file: write("server.pem", &certificate_pem)?,
            key_file: write("server-key.pem", &key_pem)?,
            service_account_key_file: write("service-account-key.pem", &service_account_key.serialize_pem())?,
            service_account_public_key_file: write("service-account.pem", &service_account_key.public_key_pem())?,
            token_file: write(
                "tokens.csv",
                &format!("{admin_token},lab-admin,lab-admin,system:masters\n"),
            )?,
            ca_pem,
            admin_token,
        })
    }
}

/// A kubeconfig, as JSON, which is YAML too.
pub(super) fn kubeconfig(host: &str, ca_file: &Path, token: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": host, "certificate-authority": ca_file}}],
        "users": [{"name": "lab", "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    })
    .to_string()
}

/// A kubeconfig that names the webhook for tokens.
pub(super) fn token_webhook(address: SocketAddr) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "webhook",
        "clusters": [{"name": "webhook", "cluster": {"server": format!("http://{address}{}", aws::TOKEN_REVIEW)}}],
        "users": [{"name": "api-server", "user": {}}],
        "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "api-server"}}],
    })
    .to_string()
}

/// The authority's certificate, the server's certificate and its key.
fn certificates() -> Result<(String, String, String)> {
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "lab authority");
    let ca_key = KeyPair::generate()?;
    let ca_pem = ca.self_signed(&ca_key)?.pem();

    let mut server = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, "lab server");
    let server_key = KeyPair::generate()?;
    let server_pem = server.signed_by(&server_key, &Issuer::new(ca, ca_key))?.pem();
    Ok((ca_pem, server_pem, server_key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubeconfig_names_host_authority_and_token() {
        let config: serde_json::Value =
            serde_json::from_str(&kubeconfig("https://127.0.0.1:1", Path::new("/ca.pem"), "secret")).unwrap();
        assert_eq!(config["clusters"][0]["cluster"]["server"], "https://127.0.0.1:1");
        assert_eq!(config["clusters"][0]["cluster"]["certificate-authority"], "/ca.pem");
        assert_eq!(config["users"][0]["user"]["token"], "secret");
    }
}
