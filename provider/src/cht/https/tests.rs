//! The transport against a server on the loopback interface with an authority of its own.

use std::error::Error as _;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use super::*;

/// A server that gives the same answer to every request, and its address and authority.
struct Server {
    url: String,
    authority: String,
    requests: tokio::sync::mpsc::UnboundedReceiver<String>,
    _task: AbortOnDropHandle<()>,
}

async fn server(name: &str, answer: &'static str) -> Server {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, requests) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            seen.send(String::from_utf8_lossy(&request[..length]).into_owned())
                .unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap_or_default();
        }
    });
    Server {
        url: format!("https://localhost:{port}"),
        authority: authority.pem(),
        requests,
        _task: AbortOnDropHandle::new(task),
    }
}

async fn get(url: &str, authority: Option<&str>) -> Result<Response<Bytes>, TransportError> {
    // Tests have no main that installs it; whoever comes second is told so.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .unwrap_or_default();
    let request = Request::get("/setup/poll?a=1").header("accept", "application/json");
    let transport = HttpsTransport::new(url, authority)?;
    transport.send(request.body(Bytes::new()).unwrap()).await
}

const ANSWER: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwait";

#[tokio::test]
async fn a_trusted_server_is_asked_below_its_address() {
    let mut server = server("localhost", ANSWER).await;
    let answer = get(&format!("{}/cht/", server.url), Some(&server.authority))
        .await
        .unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (503, &b"wait"[..]));
    let request = server.requests.recv().await.unwrap();
    assert!(request.starts_with("GET /cht/setup/poll?a=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("accept: application/json"), "{request}");
}

#[tokio::test]
async fn a_server_that_is_not_trusted_or_has_another_name_gets_no_request() {
    let others = server("localhost", ANSWER).await;
    for (name, authority) in [("localhost", Some(others.authority.as_str())), ("other.example", None)] {
        let mut server = server(name, ANSWER).await;
        let authority = authority.unwrap_or(&server.authority).to_owned();
        let error = get(&server.url, Some(&authority)).await.unwrap_err();
        assert!(matches!(error, TransportError::Certificate { .. }), "{error:?}");
        assert!(!error.is_retryable() && error.source().is_some());
        assert!(server.requests.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = server("localhost", redirect).await;
    let answer = get(&server.url, Some(&server.authority)).await.unwrap();
    assert_eq!(answer.status(), 302);
}

#[tokio::test]
async fn a_server_that_is_not_there_may_be_there_later() {
    let port = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let server = server("localhost", ANSWER).await;
    let error = get(&format!("https://localhost:{port}"), Some(&server.authority))
        .await
        .unwrap_err();
    assert!(
        matches!(error, TransportError::Https { .. }) && error.is_retryable(),
        "{error:?}"
    );
    assert_eq!(error.to_string(), format!("unable to reach localhost:{port}"));
}

#[tokio::test]
async fn what_is_no_certificate_is_no_authority() {
    let error = get("https://localhost", Some("nonsense")).await.map(drop);
    assert!(error.is_err());
}
