//! What listens on port 6443: TLS for everyone, the supervisor's paths for k3s itself, everything else for the API
//! server behind it.
//!
//! A client certificate ends here, so the API server is told by header whom it named, as an authenticating proxy does
//! it.

use std::convert::Infallible;
use std::future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, client};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certificates::{self, Subject};
use super::supervisor::Supervised;
use super::{faults, log, release};

/// An answer, made here or passed on.
pub(super) type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// The port's two sides.
pub(super) struct Front {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
    api_server: String,
    supervised: Arc<Supervised>,
}

impl Front {
    /// Reads the certificates below the server's directory.
    pub(super) fn new(server: &Path, api_server: String, supervised: Arc<Supervised>) -> Result<Self> {
        let tls = |name: &str| server.join("tls").join(name);
        let roots = |name: &str| -> Result<RootCertStore> {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(tls(name))?)?;
            Ok(roots)
        };
        let pair = |name: &str| -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
            let certificate = CertificateDer::from_pem_file(tls(&format!("{name}.crt")))?;
            Ok((
                vec![certificate],
                PrivateKeyDer::from_pem_file(tls(&format!("{name}.key")))?,
            ))
        };
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots("client-ca.crt")?))
            .allow_unauthenticated()
            .build()?;
        let (chain, key) = pair("serving-kube-apiserver")?;
        let serving = ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        let (chain, key) = pair("client-auth-proxy")?;
        let client = ClientConfig::builder()
            .with_root_certificates(roots("server-ca.crt")?)
            .with_client_auth_cert(chain, key)?;
        Ok(Self {
            acceptor: Arc::new(serving).into(),
            connector: Arc::new(client).into(),
            api_server,
            supervised,
        })
    }

    /// Serves for ever.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            // A connection that was gone before it was accepted is of no interest.
            if let Ok((stream, address)) = listener.accept().await {
                tokio::spawn(Arc::clone(&self).connection(stream, address));
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, address: SocketAddr) {
        let stream = match self.acceptor.accept(stream).await {
            Ok(stream) => stream,
            Err(error) => {
                log::info(&format!("http: TLS handshake error from {address}: {error}"));
                return;
            }
        };
        let presented = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let subject = presented.and_then(|certificate| certificates::subject(certificate).ok());
        let service = service_fn(move |request| {
            let (front, subject) = (Arc::clone(&self), subject.clone());
            async move { Ok::<_, Infallible>(front.answer(request, subject).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // How a client leaves is its own affair.
        let _ = connection.with_upgrades().await;
    }

    async fn answer(&self, request: Request<Incoming>, subject: Option<Subject>) -> Answer {
        if Supervised::owns(request.uri().path()) {
            return self.supervised.answer(request, subject).await;
        }
        if faults::has("api-silent") {
            future::pending::<()>().await;
        }
        if faults::has("api-500") {
            return text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n",
            );
        }
        let is_version = request.uri().path() == "/version";
        match self.pass_on(request, subject).await {
            Ok(answer) if is_version => stamped(answer).await,
            Ok(answer) => answer,
            Err(error) => text(StatusCode::SERVICE_UNAVAILABLE, &format!("starting: {error:#}\n")),
        }
    }

    async fn pass_on(&self, mut request: Request<Incoming>, subject: Option<Subject>) -> Result<Answer> {
        name_caller(&mut request, subject)?;
        let stream = TcpStream::connect(&self.api_server)
            .await
            .context("apiserver not ready")?;
        let stream = self
            .connector
            .connect(ServerName::try_from("localhost")?, stream)
            .await?;
        let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        let wanted = request
            .headers()
            .contains_key(UPGRADE)
            .then(|| hyper::upgrade::on(&mut request));
        let mut answer = sender.send_request(request).await?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS
            && let Some(inner) = wanted
        {
            let outer = hyper::upgrade::on(&mut answer);
            tokio::spawn(async move {
                let (inner, outer) = tokio::try_join!(inner, outer)?;
                let (mut inner, mut outer) = (TokioIo::new(inner), TokioIo::new(outer));
                tokio::io::copy_bidirectional(&mut inner, &mut outer).await?;
                Ok::<_, anyhow::Error>(())
            });
        }
        Ok(answer.map(|body| body.boxed()))
    }
}

/// An answer of text.
pub(super) fn text(status: StatusCode, text: &str) -> Answer {
    let body = Full::new(Bytes::copy_from_slice(text.as_bytes())).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = status;
    answer
}

/// Says whom the client certificate named. Nobody may say so of himself.
fn name_caller(request: &mut Request<Incoming>, subject: Option<Subject>) -> Result<()> {
    let headers = request.headers_mut();
    let claimed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-remote-"))
        .cloned()
        .collect();
    for name in claimed {
        headers.remove(name);
    }
    if let Some(subject) = subject {
        headers.insert("x-remote-user", HeaderValue::from_str(&subject.name)?);
        for group in subject
            .groups
            .iter()
            .map(String::as_str)
            .chain(["system:authenticated"])
        {
            headers.append("x-remote-group", HeaderValue::from_str(group)?);
        }
    }
    Ok(())
}

/// The version that the program poses as, instead of the API server's own.
async fn stamped(answer: Answer) -> Answer {
    let status = answer.status();
    let Ok(body) = answer.into_body().collect().await else {
        return text(StatusCode::BAD_GATEWAY, "no answer");
    };
    let body = body.to_bytes();
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(mut version)) if version.contains_key("gitVersion") => {
            version.insert("gitVersion".to_owned(), release::version().into());
            text(status, &Value::Object(version).to_string())
        }
        _ => text(status, &String::from_utf8_lossy(&body)),
    }
}
