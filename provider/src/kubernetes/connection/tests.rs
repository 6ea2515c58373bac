//! Descriptions of the way to a cluster, and servers that cannot be reached by them.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::retry::Retry;
use std::path::PathBuf;

use super::*;
use crate::kubernetes::eks::Eks;

/// A self-signed certificate and its key, both in PEM.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["kubernetes".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn given() -> Kubernetes {
    Kubernetes {
        host: Some("https://10.0.0.1:6443".into()),
        cluster_ca_certificate: Some(certificate().0),
        token: Some("t".into()),
        ..Kubernetes::default()
    }
}

fn texts(spec: &Kubernetes) -> Vec<String> {
    spec.validate().iter().map(ToString::to_string).collect()
}

/// Writes a kubeconfig into a fresh file below the system's directory for such.
fn kubeconfig(text: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!(
        "cht-kubeconfig-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn connect_error(path: &Path, context: Option<&str>) -> Error {
    let spec = Kubernetes {
        config_path: Some(path.display().to_string()),
        config_context: context.map(str::to_owned),
        ..Kubernetes::default()
    };
    spec.connect().await.unwrap_err()
}

#[test]
fn complete_descriptions_have_no_problems() {
    assert_eq!(texts(&given()), Vec::<String>::new());
    let (certificate, key) = certificate();
    let with_certificate = Kubernetes {
        token: None,
        client_certificate: Some(certificate),
        client_key: Some(key.into()),
        tls_server_name: Some("kubernetes".into()),
        ..given()
    };
    assert_eq!(texts(&with_certificate), Vec::<String>::new());
    let from_file = Kubernetes {
        config_path: Some("~/.kube/config".into()),
        ..Kubernetes::default()
    };
    assert_eq!(texts(&from_file), Vec::<String>::new());
}

#[test]
fn every_problem_names_its_attribute() {
    let all = Kubernetes {
        host: Some("http://10.0.0.1".into()),
        cluster_ca_certificate: Some("LS0tLS1CRUdJTi".into()),
        client_certificate: Some("no".into()),
        config_context: Some("c".into()),
        insecure: Some(true),
        tls_server_name: Some("a b".into()),
        ..Kubernetes::default()
    };
    assert_eq!(
        texts(&all),
        [
            "host must be an https URL, such as https://10.0.0.1:6443",
            "client_certificate needs client_key",
            "config_context needs config_path",
            "cluster_ca_certificate holds no PEM certificate (base64 as in a kubeconfig must be decoded first)",
            "insecure and cluster_ca_certificate exclude each other",
            "client_certificate holds no PEM certificate",
            "tls_server_name is neither a DNS name nor an IP address",
        ]
    );
    let both = Kubernetes {
        config_path: Some("x".into()),
        ..given()
    };
    assert_eq!(texts(&both), ["host and config_path exclude each other"]);
    assert_eq!(
        texts(&Kubernetes::default()),
        ["host or config_path or eks must say where the cluster is"]
    );
    let anonymous = Kubernetes { token: None, ..given() };
    assert_eq!(
        texts(&anonymous),
        ["token or client_certificate and client_key must say who we are"]
    );
    let overridden = Kubernetes {
        config_path: Some("x".into()),
        token: Some("t".into()),
        ..Default::default()
    };
    assert!(texts(&overridden)[0].starts_with("token and config_path exclude each other"));
    let keyed = Kubernetes {
        client_key: Some("secret-key".into()),
        ..given()
    };
    assert_eq!(
        texts(&keyed),
        [
            "client_key needs client_certificate",
            "client_key holds no PEM private key"
        ]
    );
    assert!(!format!("{keyed:?}").contains("secret-key"));
}

#[test]
fn an_eks_cluster_needs_no_credentials_and_takes_none() {
    let eks = || {
        Some(Eks {
            cluster_name: "moh".into(),
            region: None,
            role_arn: None,
        })
    };
    let by_name = Kubernetes {
        eks: eks(),
        ..Kubernetes::default()
    };
    assert_eq!(texts(&by_name), Vec::<String>::new());
    let with_token = Kubernetes {
        eks: eks(),
        config_context: Some("c".into()),
        ..given()
    };
    assert_eq!(
        texts(&with_token),
        [
            "config_context and eks exclude each other: tokens are made by the provider",
            "token and eks exclude each other: tokens are made by the provider",
        ]
    );
}

#[tokio::test]
async fn client_certificate_needs_its_own_key() {
    let ((certificate, key), (_, other_key)) = (certificate(), certificate());
    let with = |key: String| Kubernetes {
        token: None,
        client_certificate: Some(certificate.clone()),
        client_key: Some(key.into()),
        ..given()
    };
    assert!(with(key).connect().await.is_ok());
    assert!(matches!(
        with(other_key).connect().await,
        Err(Error::BuildClient { .. })
    ));
}

#[tokio::test]
async fn connecting_reports_all_problems_at_once() {
    let spec = Kubernetes {
        host: Some("ftp://x".into()),
        ..Kubernetes::default()
    };
    assert!(matches!(spec.connect().await, Err(Error::InvalidConnection(problems)) if problems.len() == 2));
}

const KUBECONFIG: &str = "apiVersion: v1
kind: Config
clusters: [{name: k, cluster: {server: 'https://10.0.0.9:6443'}}]
users:
- {name: helper, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token]}}}
- {name: plain, user: {token: t}}
contexts:
- {name: one, context: {cluster: k, user: helper}}
- {name: two, context: {cluster: k, user: plain}}
";

#[tokio::test]
async fn kubeconfig_says_which_context_there_are_and_runs_no_program() {
    let path = kubeconfig(KUBECONFIG);
    let error = connect_error(&path, Some("three")).await.to_string();
    assert!(error.ends_with("has no context \"three\"; it has: one, two"), "{error}");
    let error = connect_error(&path, None).await.to_string();
    assert!(error.ends_with("config_context must name one of: one, two"), "{error}");
    let error = connect_error(&path, Some("one")).await;
    assert!(
        matches!(&error, Error::CredentialHelper { user, helper, .. } if user == "helper" && helper.contains("aws"))
    );
    let spec = Kubernetes {
        config_path: Some(path.display().to_string()),
        config_context: Some("two".into()),
        ..Kubernetes::default()
    };
    assert_eq!(spec.connect().await.unwrap().host(), "https://10.0.0.9:6443");
    std::fs::remove_file(&path).unwrap();
    let error = connect_error(&path, None).await;
    assert!(matches!(&error, Error::ReadKubeconfig { .. }) && error.to_string().contains("cht-kubeconfig-"));
}

async fn probe_error(spec: Kubernetes) -> Error {
    spec.connect()
        .await
        .unwrap()
        .with_retry(Retry {
            tries: 1,
            ..Retry::default()
        })
        .probe()
        .await
        .unwrap_err()
}

#[tokio::test]
async fn closed_port_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = probe_error(Kubernetes {
        host: Some(format!("https://{address}")),
        ..given()
    })
    .await;
    assert!(
        error.is_unreachable() && error.is_retryable() && !error.is_certificate(),
        "{error:?}"
    );
    assert!(matches!(&error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn unknown_certificate_is_not_taken_for_an_unreachable_server() {
    use std::io::{Read as _, Write as _};
    let (certificate, key) = certificate();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(config.into()).unwrap();
        // The client hangs up when it sees the certificate, so both of these fail in their time.
        let mut stream = rustls::Stream::new(&mut tls, &mut stream);
        let _ = stream.flush();
        let _ = stream.read(&mut [0]);
    });
    // Another self-signed certificate is the authority that is trusted.
    let error = probe_error(Kubernetes {
        host: Some(format!("https://{address}")),
        ..given()
    })
    .await;
    assert!(
        error.is_certificate() && !error.is_unreachable() && !error.is_retryable(),
        "{error:?}"
    );
    server.join().unwrap();
}
