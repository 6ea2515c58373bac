//! Whether a server is the vCenter that is meant: by an authority, by the thumbprint of its certificate, or not at all.

use std::cell::Cell;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};

use crate::causes;

/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thumbprint([u8; 32]);

/// Trusts one certificate, whoever signed it and whatever name it bears.
#[derive(Debug)]
struct Pinned {
    expected: Thumbprint,
    provider: Arc<CryptoProvider>,
}

impl Thumbprint {
    /// Reads 64 hexadecimal digits, with colons or without.
    ///
    /// # Errors
    /// Says what the text is instead.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let digits: String = text.chars().filter(|character| *character != ':').collect();
        if digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(
                "It is a thumbprint of SHA-1, which can be forged. Give that of SHA-256, which has 64 digits."
                    .to_owned(),
            );
        }
        let pairs = digits.as_bytes().chunks(2).map(|pair| {
            let pair = str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16)
                .ok()
                .filter(|_| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
        });
        let bytes: Option<Vec<u8>> = pairs.collect();
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes
            .map(Thumbprint)
            .ok_or_else(|| "It must have 64 hexadecimal digits, with or without colons.".to_owned())
    }

    fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Thumbprint(bytes)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// TLS that trusts the certificate with this thumbprint only.
///
/// # Errors
/// The process has no provider of cryptography.
pub(super) fn pinned(expected: Thumbprint) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Pinned {
        expected,
        provider: Arc::clone(&provider),
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let verified = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(verified.with_no_client_auth())
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let shown = Thumbprint::of(end_entity);
        if shown == self.expected {
            return Ok(ServerCertVerified::assertion());
        }
        let other = Other { shown };
        Err(CertificateError::Other(rustls::OtherError(Arc::new(other))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The thumbprint that a server has shown instead of the one that is trusted, if that is why a connection failed.
pub(super) fn shown(error: &(dyn StdError + 'static)) -> Option<Thumbprint> {
    let found = Cell::new(None);
    causes::any(error, &|cause| {
        if let Some(TlsError::InvalidCertificate(CertificateError::Other(other))) = cause.downcast_ref() {
            found.set(other.0.downcast_ref::<Other>().map(|other| other.shown));
        }
        found.get().is_some()
    });
    found.get()
}

/// Another certificate than the one that is trusted.
#[derive(Debug, thiserror::Error)]
#[error("the thumbprint of the certificate is {shown}")]
struct Other {
    shown: Thumbprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_is_read_with_colons_or_without_and_written_with_them() {
        let bare = "0123456789abcdef".repeat(4);
        let thumbprint = Thumbprint::parse(&bare).unwrap();
        assert!(thumbprint.to_string().starts_with("01:23:45:67:89:AB:CD:EF:01"));
        assert_eq!(Thumbprint::parse(&thumbprint.to_string()), Ok(thumbprint));
    }

    #[test]
    fn what_is_no_thumbprint_of_sha_256_is_refused() {
        for (text, hint) in [
            ("0123456789abcdef0123456789abcdef01234567", "SHA-1"),
            ("", "64"),
            ("xy", "64"),
            (&"+1".repeat(32), "64"),
            (&"é".repeat(32), "64"),
        ] {
            assert!(Thumbprint::parse(text).unwrap_err().contains(hint), "{text}");
        }
    }
}
