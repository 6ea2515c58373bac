//! go-plugin's mutual TLS: each side makes a certificate for this process only and learns the other's out of band, ours
//! through the handshake line, the client's through the environment. Trust is therefore equality with that certificate.
//!
//! The client's certificate is a CA's with a P-521 key. webpki refuses a CA as a leaf, hence `PinnedClient`; ring has
//! no P-521, hence aws-lc-rs. How connections get here is in `connections`.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use tokio_rustls::TlsAcceptor;

/// The server's side of TLS.
pub(super) struct ServerTls {
    /// Lets in nobody but the client.
    pub(super) acceptor: TlsAcceptor,
    /// What the client must be told to trust.
    pub(super) certificate: CertificateDer<'static>,
}

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `PLUGIN_CLIENT_CERT` is no certificate.
    #[error("unable to read the client's certificate from PLUGIN_CLIENT_CERT")]
    ReadClientCertificate(#[source] rustls::pki_types::pem::Error),
    /// The server's own certificate could not be made.
    #[error("unable to generate a certificate")]
    GenerateCertificate(#[source] rcgen::Error),
    /// The library refused the settings.
    #[error("unable to configure TLS")]
    Configure(#[source] rustls::Error),
}

/// Makes aws-lc-rs the provider of every TLS configuration in the process that names none. Libraries that bring ring
/// would otherwise make rustls panic for want of a choice.
pub(super) fn install_default_provider() {
    // An error means that the program chose one before.
    let _ = aws_lc_rs::default_provider().install_default();
}

impl ServerTls {
    /// A fresh certificate, and TLS for the client with the certificate `client_pem`.
    pub(super) fn for_client(client_pem: &str) -> Result<Self, TlsError> {
        let client = CertificateDer::from_pem_slice(client_pem.as_bytes()).map_err(TlsError::ReadClientCertificate)?;
        let (certificate, key) = generate_certificate().map_err(TlsError::GenerateCertificate)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedClient {
            certificate: client,
            provider: Arc::clone(&provider),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Configure)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], key)
            .map_err(TlsError::Configure)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // Nothing is resumed: each connection proves anew that it has the client's key.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
        })
    }
}

/// Verifies that the peer is the one client whose certificate is known, and has its key.
#[derive(Debug)]
struct PinnedClient {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate for `localhost`, the name that the client expects, and its key. Both live as long as the process.
fn generate_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key)?;
    Ok((
        certificate.der().clone(),
        PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    ))
}
