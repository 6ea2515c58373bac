//! Authorities of one's own, in place of those that k3s would make: what is wrong with them, where their files are, and
//! the hash by which the cluster is then known.
//!
//! k3s takes [them](https://docs.k3s.io/cli/certificate) when the first server starts for the first time, and never
//! again; other servers get them from it. Each is a certificate, followed by those that signed it up to the root, and a
//! key. What is not given, k3s makes itself.

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretString};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::digest;

/// What an authority signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// The API servers, and what the cluster is known by.
    Server,
    /// Clients of the API.
    Client,
    /// What passes requests on to extensions of the API.
    RequestHeader,
    /// The members of etcd, for their clients.
    EtcdServer,
    /// The members of etcd, for each other.
    EtcdPeer,
}

/// One authority.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The certificate, and those that signed it, up to the root, in PEM.
    pub certificates: String,
    /// The key of the first certificate, in PEM.
    pub key: SecretString,
}

/// The authorities of a cluster, as far as they are given.
#[derive(Clone, Debug, Default)]
pub struct CustomCa {
    /// By what they sign.
    pub authorities: Vec<(Purpose, Authority)>,
    /// The key with which tokens of service accounts are signed, in PEM.
    pub service_account_key: Option<SecretString>,
}

/// A file of them on the first server.
#[derive(Clone, Debug)]
pub struct CaFile {
    /// Where it is, below the data folder.
    pub path: &'static str,
    /// Who may read it.
    pub mode: u32,
    /// What it says.
    pub text: SecretString,
}

/// What is wrong with an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// There is no certificate.
    #[error("it is not a certificate in PEM")]
    Certificate,
    /// One is not an authority's.
    #[error("certificate {position} in it is not that of an authority: it may sign no others")]
    NoAuthority {
        /// Which one, from 1 on.
        position: usize,
    },
    /// One was not signed by the next.
    #[error("certificate {position} in it was not signed by the one after it")]
    Chain {
        /// Which one, from 1 on.
        position: usize,
    },
    /// The root is missing.
    #[error(
        "the last certificate in it did not sign itself: append the ones up to the root, by which hosts know the cluster"
    )]
    NoRoot,
    /// One does not count now.
    #[error("certificate {position} in it has expired, or is not valid yet")]
    Lifetime {
        /// Which one, from 1 on.
        position: usize,
    },
    /// The key cannot be read; whatever reads it may quote it.
    #[error("it is not a private key in PEM without a passphrase")]
    Key,
    /// The key is another's.
    #[error("it is not the key of the first certificate")]
    OtherKey,
}

impl Purpose {
    /// The files of the certificates and of the key, below the data folder.
    fn paths(self) -> (&'static str, &'static str) {
        match self {
            Self::Server => ("server/tls/server-ca.crt", "server/tls/server-ca.key"),
            Self::Client => ("server/tls/client-ca.crt", "server/tls/client-ca.key"),
            Self::RequestHeader => ("server/tls/request-header-ca.crt", "server/tls/request-header-ca.key"),
            Self::EtcdServer => ("server/tls/etcd/server-ca.crt", "server/tls/etcd/server-ca.key"),
            Self::EtcdPeer => ("server/tls/etcd/peer-ca.crt", "server/tls/etcd/peer-ca.key"),
        }
    }
}

impl Authority {
    /// Checks the certificates at a time, in seconds since 1970.
    ///
    /// # Errors
    /// k3s could not work with them.
    pub fn check_certificates(&self, now: i64) -> Result<(), CaError> {
        let chain = self.chain()?;
        let read: Vec<X509Certificate<'_>> = chain
            .iter()
            .map(|der| X509Certificate::from_der(der).map(|(_, read)| read))
            .collect::<Result<_, _>>()
            .map_err(|_| CaError::Certificate)?;
        for (index, one) in read.iter().enumerate() {
            let position = index + 1;
            if !one.is_ca() {
                return Err(CaError::NoAuthority { position });
            }
            let validity = one.validity();
            if now < validity.not_before.timestamp() || now > validity.not_after.timestamp() {
                return Err(CaError::Lifetime { position });
            }
            match read.get(position) {
                Some(next) if !is_signed_by(one, next) => return Err(CaError::Chain { position }),
                None if !is_signed_by(one, one) => return Err(CaError::NoRoot),
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Checks that the key is that of the first certificate.
    ///
    /// # Errors
    /// It is another's, or none.
    pub fn check_key(&self) -> Result<(), CaError> {
        let der = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes()).map_err(|_| CaError::Key)?;
        let key = any_supported_type(&der).map_err(|_| CaError::Key)?;
        let pair = CertifiedKey::new(self.chain()?, key);
        pair.keys_match().map_err(|_| CaError::OtherKey)
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, CaError> {
        let read = CertificateDer::pem_slice_iter(self.certificates.as_bytes()).collect::<Result<Vec<_>, _>>();
        read.ok().filter(|chain| !chain.is_empty()).ok_or(CaError::Certificate)
    }
}

impl CustomCa {
    /// The files, for the first server, before k3s starts there for the first time.
    #[must_use]
    pub fn files(&self) -> Vec<CaFile> {
        let mut files = Vec::new();
        for (purpose, authority) in &self.authorities {
            let (certificates, key) = purpose.paths();
            files.push(CaFile {
                path: certificates,
                mode: 0o644,
                text: authority.certificates.clone().into(),
            });
            files.push(CaFile {
                path: key,
                mode: 0o600,
                text: authority.key.clone(),
            });
        }
        files.extend(self.service_account_key.iter().map(|key| CaFile {
            path: "server/tls/service.key",
            mode: 0o600,
            text: key.clone(),
        }));
        files
    }

    /// The hash by which the cluster is known, if its authority is given.
    #[must_use]
    pub fn token_hash(&self) -> Option<String> {
        let server = self.authorities.iter().find(|(purpose, _)| *purpose == Purpose::Server);
        token_hash(&server?.1.certificates)
    }
}

/// The hash that secure tokens have of a cluster with these certificates: of the text, if there is one alone; of the
/// root, the last one, if there are several, so that the others can be renewed. The probe tells the same of what is on
/// a host.
#[must_use]
pub fn token_hash(certificates: &str) -> Option<String> {
    let chain: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(certificates.as_bytes())
        .collect::<Result<_, _>>()
        .ok()?;
    match chain.as_slice() {
        [] => None,
        [_] => Some(digest::sha256(certificates.as_bytes())),
        [.., root] => Some(digest::sha256(root)),
    }
}

/// Whether a certificate was signed by the owner of another.
fn is_signed_by(certificate: &X509Certificate<'_>, by: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == by.subject().as_raw()
        && certificate.verify_signature(Some(by.public_key())).is_ok()
}

#[cfg(test)]
mod tests;
