//! The public address of an instance: TLS with a certificate of an authority that nobody knows, before the fake CHT.
//!
//! It stands for the ingress, so it calls the instance by the name that port-forwards use.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1 as client;
use hyper::header::{HOST, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::FakeCht;

/// The address, which answers until this is dropped.
pub struct PublicAddress {
    url: String,
    authority: String,
    _tasks: JoinSet<()>,
}

impl PublicAddress {
    /// Opens an address for the instance in `namespace`.
    ///
    /// # Errors
    /// No certificate can be made, or no port of the loopback interface can be listened on.
    pub async fn open(cht: &FakeCht, namespace: &str) -> anyhow::Result<Self> {
        let (acceptor, authority) = certificate()?;
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("unable to listen for the public address")?;
        let port = listener.local_addr()?.port();
        let host = HeaderValue::from_str(&format!("api.{namespace}.svc.cluster.local:5988"))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, acceptor, cht.addr(), host));
        Ok(Self {
            url: format!("https://localhost:{port}"),
            authority,
            _tasks: tasks,
        })
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of its authority, in PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

fn certificate() -> anyhow::Result<(TlsAcceptor, String)> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?,
        )?;
    Ok((TlsAcceptor::from(Arc::new(config)), authority.pem()))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, cht: SocketAddr, host: HeaderValue) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, host) = (acceptor.clone(), host.clone());
        connections.spawn(async move {
            // Whoever does not trust the certificate goes away again.
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let service = service_fn(|request| pass_on(request, cht, host.clone()));
            server::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .unwrap_or_default();
        });
    }
}

async fn pass_on(
    mut request: Request<Incoming>,
    cht: SocketAddr,
    host: HeaderValue,
) -> anyhow::Result<Response<Full<Bytes>>> {
    request.headers_mut().insert(HOST, host);
    let stream = TcpStream::connect(cht).await?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, Full::new(body)))
}
