//! The Ingress and, if the certificate is given, its Secret.
//!
//! Replication keeps requests open for up to an hour and sends up to 32 MB at once; with the usual limits of ingress
//! controllers phones fail to synchronize. Each controller has its own way to raise them, so the class decides:
//! - `nginx` (ingress-nginx): annotations for both timeouts and the body's size.
//! - `alb` (AWS Load Balancer Controller): an attribute of the load balancer; an ALB has no limit for bodies. The
//!   certificate is one of ACM: named by the annotation `certificate-arn`, or found by the host's name.
//! - `traefik`: timeouts belong to the entry point (`transport.respondingTimeouts`), which the cluster's own
//!   configuration sets; there is no annotation for them, and no limit for bodies unless a middleware sets one.
//! - Any other class gets the annotations of the specification only.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};
use secrecy::{ExposeSecret, SecretString};

use super::metadata::Labels;
use super::secret::entry;
use super::{Manifest, api};
use crate::cht::instance::spec::{self, InstanceSpec, Tls};

/// The name of the Ingress.
pub(in crate::cht::instance) const NAME: &str = "api-ingress";
/// The name of the Secret that is made of a given certificate.
pub(in crate::cht::instance) const TLS_SECRET: &str = "api-tls-secret";

const CERTIFICATE: &str = "tls.crt";
const PRIVATE_KEY: &str = "tls.key";

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    if !labels.spec.ingress.enabled {
        return Vec::new();
    }
    tls_secret(labels).into_iter().chain([ingress(labels)]).collect()
}

/// The certificate and the private key in a Secret of the cluster.
pub(in crate::cht::instance) fn live_certificate(secret: &serde_json::Value) -> Option<(String, SecretString)> {
    let certificate = entry(secret, CERTIFICATE)?.expose_secret().to_owned();
    Some((certificate, entry(secret, PRIVATE_KEY)?))
}

fn tls_secret(labels: &Labels<'_>) -> Option<Manifest> {
    let Tls::Certificate {
        certificate,
        private_key,
    } = &labels.spec.ingress.tls
    else {
        return None;
    };
    let data = BTreeMap::from([
        (CERTIFICATE.to_owned(), ByteString(certificate.clone().into_bytes())),
        (
            PRIVATE_KEY.to_owned(),
            ByteString(private_key.expose_secret().as_bytes().to_vec()),
        ),
    ]);
    Some(Manifest::from_typed(&Secret {
        metadata: labels.metadata(TLS_SECRET, None),
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(data),
        ..Secret::default()
    }))
}

fn ingress(labels: &Labels<'_>) -> Manifest {
    let spec = labels.spec;
    let mut metadata = labels.metadata(NAME, None);
    let annotations = annotations(&spec.ingress);
    metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    Manifest::from_typed(&Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: spec.ingress.class.clone(),
            rules: Some(vec![rule(spec)]),
            tls: tls(spec),
            ..IngressSpec::default()
        }),
        ..Ingress::default()
    })
}

fn rule(spec: &InstanceSpec) -> IngressRule {
    let port = ServiceBackendPort {
        number: Some(api::PORT),
        name: None,
    };
    let service = IngressServiceBackend {
        name: api::SERVICE.to_owned(),
        port: Some(port),
    };
    let path = HTTPIngressPath {
        path: Some("/".to_owned()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend {
            service: Some(service),
            resource: None,
        },
    };
    IngressRule {
        host: Some(spec.host.clone()),
        http: Some(HTTPIngressRuleValue { paths: vec![path] }),
    }
}

fn tls(spec: &InstanceSpec) -> Option<Vec<IngressTLS>> {
    let secret_name = match &spec.ingress.tls {
        Tls::None => return None,
        Tls::SecretName(name) => name.clone(),
        Tls::Certificate { .. } => TLS_SECRET.to_owned(),
    };
    Some(vec![IngressTLS {
        hosts: Some(vec![spec.host.clone()]),
        secret_name: Some(secret_name),
    }])
}

fn annotations(ingress: &spec::Ingress) -> BTreeMap<String, String> {
    let of_class = match ingress.class.as_deref() {
        Some("nginx") => nginx_annotations(ingress),
        Some("alb") => alb_annotations(ingress),
        _ => BTreeMap::new(),
    };
    of_class.into_iter().chain(ingress.annotations.clone()).collect()
}

fn nginx_annotations(ingress: &spec::Ingress) -> BTreeMap<String, String> {
    let annotations = [
        ("proxy-body-size", format!("{}m", ingress.body_size_mib)),
        ("proxy-read-timeout", ingress.timeout_seconds.to_string()),
        ("proxy-send-timeout", ingress.timeout_seconds.to_string()),
    ];
    annotations
        .into_iter()
        .map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), value))
        .collect()
}

fn alb_annotations(ingress: &spec::Ingress) -> BTreeMap<String, String> {
    let annotations = [
        ("healthcheck-port", "traffic-port".to_owned()),
        ("listen-ports", r#"[{"HTTP": 80}, {"HTTPS": 443}]"#.to_owned()),
        (
            "load-balancer-attributes",
            format!("idle_timeout.timeout_seconds={}", ingress.timeout_seconds),
        ),
        ("scheme", "internet-facing".to_owned()),
        ("ssl-redirect", "443".to_owned()),
        ("target-type", "ip".to_owned()),
    ];
    annotations
        .into_iter()
        .map(|(name, value)| (format!("alb.ingress.kubernetes.io/{name}"), value))
        .collect()
}
