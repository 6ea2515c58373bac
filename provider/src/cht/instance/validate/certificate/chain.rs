//! A certificate that is given for the ingress: whether it is for the host, whether its key is given with it, whether
//! its chain is in order, and how long it lasts. What is wrong with it would only be seen by phones that refuse to
//! synchronize.
//!
//! Nothing here asks for the time: callers say when it is. [`super`] turns what is found into diagnostics.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretString};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// What is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The text is no PEM.
    #[error("it is not in PEM")]
    Pem(#[source] pem::Error),
    /// The text is PEM, of something else.
    #[error("there is no certificate in it")]
    Empty,
    /// The text has a secret that would be stored openly.
    #[error("it holds a private key, which belongs into an attribute of its own")]
    HoldsKey,
    /// A certificate cannot be read.
    #[error("certificate {position} in it cannot be read")]
    Parse {
        /// Which one, from 1 on.
        position: usize,
        /// The parser's words.
        #[source]
        source: x509_parser::nom::Err<X509Error>,
    },
    /// The certificate is of a kind that no client takes.
    #[error("it is not a certificate for a server")]
    Unusable(#[source] rustls::Error),
    /// The certificate is for other names.
    #[error("it is for {names}, not for {host}")]
    OtherHost {
        /// The host.
        host: String,
        /// The names that it is for.
        names: String,
    },
    /// A certificate is not followed by the authority that signed it.
    #[error("certificate {next} in it, of {authority}, did not sign certificate {before}, which is signed by {issuer}")]
    Chain {
        /// The one that should be signed by the next one.
        before: usize,
        /// The next one.
        next: usize,
        /// Whose the next one is.
        authority: String,
        /// Who signed.
        issuer: String,
    },
    /// The key cannot be read; whatever reads it may quote it.
    #[error("it is not a private key in PEM without a passphrase")]
    Key,
    /// The key belongs to another certificate.
    #[error("it does not belong to the certificate")]
    OtherKey,
}

/// A certificate and the authorities after it.
#[derive(Debug)]
pub(super) struct Chain(Vec<CertificateDer<'static>>);

/// How a chain stands in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// It is not valid before then.
    NotYet(Timestamp),
    /// It was valid until then.
    Expired(Timestamp),
    /// It is valid, until then.
    Until(Timestamp),
}

impl Chain {
    /// Reads a certificate with its chain.
    ///
    /// # Errors
    /// Fails if the text is no row of certificates in PEM, each signed by the next one.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if text.contains("PRIVATE KEY-----") {
            return Err(Error::HoldsKey);
        }
        let certificates = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = Chain(certificates.map_err(Error::Pem)?);
        if chain.0.is_empty() {
            return Err(Error::Empty);
        }
        let read = chain.read()?;
        for (index, pair) in read.windows(2).enumerate() {
            if let [before, next] = pair
                && !is_signed_by(before, next)
            {
                return Err(Error::Chain {
                    before: index + 1,
                    next: index + 2,
                    authority: next.subject().to_string(),
                    issuer: before.issuer().to_string(),
                });
            }
        }
        drop(read);
        Ok(chain)
    }

    /// Checks that clients that look for the host take the certificate.
    ///
    /// # Errors
    /// Fails if the certificate is for other names, or none.
    pub(super) fn check_host(&self, host: &str) -> Result<(), Error> {
        let read = self.read()?;
        let (Some(der), Some(certificate)) = (self.0.first(), read.first()) else {
            return Err(Error::Empty);
        };
        let parsed = ParsedCertificate::try_from(der).map_err(Error::Unusable)?;
        let matches = ServerName::try_from(host).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
        if matches {
            return Ok(());
        }
        Err(Error::OtherHost {
            host: host.to_owned(),
            names: names(certificate),
        })
    }

    /// Checks that the key is that of the certificate.
    ///
    /// # Errors
    /// Fails if the key cannot be read, or is another one's.
    pub(super) fn check_key(&self, key: &SecretString) -> Result<(), Error> {
        let der = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(|_| Error::Key)?;
        let key = any_supported_type(&der).map_err(|_| Error::Key)?;
        CertifiedKey::new(self.0.clone(), Arc::clone(&key))
            .keys_match()
            .map_err(|_| Error::OtherKey)
    }

    /// How the chain stands in time: it is valid as long as all of its certificates are.
    ///
    /// # Errors
    /// Fails if a certificate cannot be read, which [`Chain::parse`] has ruled out.
    pub(super) fn lifetime(&self, now: Timestamp) -> Result<Lifetime, Error> {
        let read = self.read()?;
        let time = |seconds: i64| Timestamp::from_second(seconds).ok();
        let ends = read.iter().filter_map(|one| time(one.validity().not_after.timestamp()));
        let begins = read
            .iter()
            .filter_map(|one| time(one.validity().not_before.timestamp()));
        let (begin, end) = (
            begins.max().unwrap_or(Timestamp::MIN),
            ends.min().unwrap_or(Timestamp::MAX),
        );
        Ok(if end < now {
            Lifetime::Expired(end)
        } else if begin > now {
            Lifetime::NotYet(begin)
        } else {
            Lifetime::Until(end)
        })
    }

    fn read(&self) -> Result<Vec<X509Certificate<'_>>, Error> {
        let certificates = self.0.iter().enumerate();
        certificates
            .map(|(index, der)| match X509Certificate::from_der(der) {
                Ok((_, certificate)) => Ok(certificate),
                Err(source) => Err(Error::Parse {
                    position: index + 1,
                    source,
                }),
            })
            .collect()
    }
}

/// Whether a certificate was signed by the owner of the next one. What a signature of a kind that is not known here
/// says is left to the clients.
fn is_signed_by(certificate: &X509Certificate<'_>, next: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == next.subject().as_raw()
        && matches!(
            certificate.verify_signature(Some(next.public_key())),
            Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm)
        )
}

/// The names that a certificate is for, as a phrase.
fn names(certificate: &X509Certificate<'_>) -> String {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names: Vec<String> = extension
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(_) => Some("an IP address".to_owned()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return "no name (the common name does not count any more)".to_owned();
    }
    names.join(", ")
}

#[cfg(test)]
mod tests;
