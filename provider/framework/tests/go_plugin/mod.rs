//! go-plugin's client, as far as the tests of the transport need it: what it puts into the environment, how it reads
//! the handshake line, and the certificate by which it proves who it is.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P521_SHA512,
};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

/// Any byte stream.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What the client puts into the environment of a plugin.
pub(crate) fn environment(
    temporary_directory: &Path,
    certificate: Option<&ClientCertificate>,
) -> BTreeMap<&'static str, String> {
    let mut environment = BTreeMap::from([
        (
            "TF_PLUGIN_MAGIC_COOKIE",
            "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2".to_owned(),
        ),
        ("PLUGIN_PROTOCOL_VERSIONS", "6,5".to_owned()),
        ("PLUGIN_MIN_PORT", "10000".to_owned()),
        ("PLUGIN_MAX_PORT", "25000".to_owned()),
        ("TMPDIR", temporary_directory.to_str().unwrap().to_owned()),
    ]);
    if let Some(certificate) = certificate {
        environment.insert("PLUGIN_CLIENT_CERT", certificate.pem.clone());
    }
    environment
}

/// The handshake line in its parts.
#[derive(Debug)]
pub(crate) struct Handshake {
    pub(crate) network: String,
    pub(crate) address: String,
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

impl Handshake {
    pub(crate) fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.strip_suffix('\n').expect("the line ends").split('|').collect();
        let [core, protocol, network, address, kind, certificate] = fields[..] else {
            panic!("not six parts: {line}");
        };
        assert_eq!((core, protocol, kind), ("1", "6", "grpc"));
        let certificate = (!certificate.is_empty())
            .then(|| CertificateDer::from(STANDARD_NO_PAD.decode(certificate).expect("base64 without padding")));
        Self {
            network: network.to_owned(),
            address: address.to_owned(),
            certificate,
        }
    }

    /// A connection to the socket, nothing sent.
    pub(crate) async fn open(&self) -> io::Result<Box<dyn Io>> {
        match self.network.as_str() {
            "unix" => Ok(Box::new(UnixStream::connect(&self.address).await?)),
            "tcp" => Ok(Box::new(TcpStream::connect(&self.address).await?)),
            other => panic!("unknown network {other}"),
        }
    }

    /// A connection with TLS, as the client whose `identity` this is.
    pub(crate) async fn open_tls(&self, identity: Option<Arc<CertifiedKey>>) -> io::Result<Box<dyn Io>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = PinnedServer {
            certificate: self.certificate.clone().expect("the server has a certificate"),
            algorithms: provider.signature_verification_algorithms,
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(server))
            .with_client_cert_resolver(Arc::new(Identity(identity)));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, self.open().await?)
            .await?;
        assert_eq!(
            stream.get_ref().1.alpn_protocol(),
            Some(&b"h2"[..]),
            "gRPC in Go insists on ALPN"
        );
        Ok(Box::new(stream))
    }

    /// A gRPC channel over one connection: with TLS if the server has a certificate.
    pub(crate) async fn channel(&self, identity: Option<Arc<CertifiedKey>>) -> Channel {
        let stream = match self.certificate {
            Some(_) => self.open_tls(identity).await.unwrap(),
            None => self.open().await.unwrap(),
        };
        let mut stream = Some(stream);
        let connector = tower::service_fn(move |_| {
            let stream = stream
                .take()
                .ok_or_else(|| io::Error::other("the connection is used up"));
            std::future::ready(stream.map(TokioIo::new))
        });
        Endpoint::from_static("http://localhost")
            .connect_with_connector(connector)
            .await
            .unwrap()
    }
}

/// A certificate as the client makes one for each plugin process: a P-521 key and, oddly, a CA.
pub(crate) struct ClientCertificate {
    der: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl ClientCertificate {
    pub(crate) fn generate() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    /// The certificate together with its key.
    pub(crate) fn identity(&self) -> Option<Arc<CertifiedKey>> {
        self.identity_with_key_of(self)
    }

    /// The certificate together with another one's key.
    pub(crate) fn identity_with_key_of(&self, other: &Self) -> Option<Arc<CertifiedKey>> {
        let key = PrivatePkcs8KeyDer::from(other.key.serialize_der());
        let key = aws_lc_rs::sign::any_ecdsa_type(&key.into()).unwrap();
        Some(Arc::new(CertifiedKey::new(vec![self.der.clone()], key)))
    }
}

/// Shows the same identity to every server; rustls itself would not let it have a wrong key.
#[derive(Debug)]
struct Identity(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Identity {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// Trusts exactly the certificate of the handshake line, as Go does with that as its only root.
#[derive(Debug)]
struct PinnedServer {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity != self.certificate {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let parsed = rustls::server::ParsedCertificate::try_from(end_entity)?;
        rustls::client::verify_server_name(&parsed, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
