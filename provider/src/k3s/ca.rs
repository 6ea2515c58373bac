//! Authorities of one's own, in place of those that k3s would make: what is wrong with them, where their files are, and the hash
//! by which the cluster is then known.
//!
//! k3s takes [them](https://docs.k3s.io/cli/certificate) when the first server starts for the first time, and never again; other
//! servers get them from it. Each is a certificate, followed by those that signed it up to the root, and a key. What is not given,
//! k3s makes itself.

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

/// The hash that secure tokens have of a cluster with these certificates: of the text, if there is one alone; of the root, the
/// last one, if there are several, so that the others can be renewed. The probe tells the same of what is on a host.
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
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn params(name: &str, is_ca: bool) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params
    }

    struct Given {
        root: String,
        authority: Authority,
    }

    /// An authority that a root has signed.
    fn given(is_ca: bool) -> Given {
        let root = CertifiedIssuer::self_signed(params("root", true), KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params("k3s", is_ca).signed_by(&key, &root).unwrap();
        Given {
            root: root.pem(),
            authority: Authority {
                certificates: format!("{}{}", certificate.pem(), root.pem()),
                key: key.serialize_pem().into(),
            },
        }
    }

    fn with(certificates: &str) -> Authority {
        Authority {
            certificates: certificates.to_owned(),
            ..given(true).authority
        }
    }

    #[test]
    fn an_authority_with_its_root_and_its_key_is_taken() {
        let Given { root, authority } = given(true);
        assert_eq!(authority.check_certificates(NOW), Ok(()));
        assert_eq!(authority.check_key(), Ok(()));
        assert_eq!(with(&root).check_certificates(NOW), Ok(()), "a root alone");
    }

    #[test]
    fn what_k3s_could_not_work_with_is_refused() {
        let Given { root, authority } = given(true);
        let chain = &authority.certificates;
        let alone =
            chain.split_once("-----END CERTIFICATE-----\n").unwrap().0.to_owned() + "-----END CERTIFICATE-----\n";
        let wrong_way = format!("{root}{alone}");
        for (certificates, error) in [
            (alone.as_str(), CaError::NoRoot),
            (wrong_way.as_str(), CaError::Chain { position: 1 }),
            (
                given(false).authority.certificates.as_str(),
                CaError::NoAuthority { position: 1 },
            ),
            ("", CaError::Certificate),
            ("nothing", CaError::Certificate),
        ] {
            assert_eq!(with(certificates).check_certificates(NOW), Err(error), "{certificates}");
        }
        assert_eq!(authority.check_certificates(0), Err(CaError::Lifetime { position: 1 }));
        assert_eq!(with(chain).check_key(), Err(CaError::OtherKey));
        let no_key = Authority {
            key: "nothing".into(),
            ..authority
        };
        assert_eq!(no_key.check_key(), Err(CaError::Key));
    }

    #[test]
    fn the_cluster_is_known_by_the_root_or_by_the_one_certificate() {
        let Given { root, authority } = given(true);
        assert_eq!(token_hash(&root), Some(digest::sha256(root.as_bytes())));
        let der = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
        let custom = CustomCa {
            authorities: vec![(Purpose::Server, authority)],
            service_account_key: None,
        };
        assert_eq!(custom.token_hash(), Some(digest::sha256(&der)));
        assert_eq!(CustomCa::default().token_hash(), None);
        assert_eq!(token_hash(""), None);
    }

    #[test]
    fn files_are_where_k3s_looks_for_them_and_keys_are_roots_alone() {
        let all = [
            Purpose::Server,
            Purpose::Client,
            Purpose::RequestHeader,
            Purpose::EtcdServer,
            Purpose::EtcdPeer,
        ];
        let custom = CustomCa {
            authorities: all.map(|purpose| (purpose, given(true).authority)).into(),
            service_account_key: Some("key".into()),
        };
        let files = custom.files();
        assert_eq!(files.len(), 11);
        assert!(
            files
                .iter()
                .all(|file| (file.mode == 0o600) == file.path.ends_with(".key"))
        );
        assert!(files.iter().any(|file| file.path == "server/tls/etcd/peer-ca.crt"));
        assert!(!format!("{files:?}").contains("PRIVATE"));
    }
}
