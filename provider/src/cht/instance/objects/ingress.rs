//! The Ingress and, if the certificate is given, its Secret.
//!
//! An Ingress says little more than a host and a service; whatever else its controller has to know stands in
//! annotations, for which each kind of controller has its own words: [`annotations`].

mod annotations;

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};
use secrecy::{ExposeSecret, SecretString};

pub(super) use self::annotations::of_service;
use super::metadata::Labels;
use super::secret::entry;
use super::{Manifest, api};
use crate::cht::instance::spec::{Controller, InstanceSpec, Tls};

/// The name of the Ingress.
pub(in crate::cht::instance) const NAME: &str = "api-ingress";
/// The name of the Secret that is made of a given certificate.
pub(in crate::cht::instance) const TLS_SECRET: &str = "api-tls-secret";

/// The name of the Secret in which cert-manager puts what it gets. It is another one, so that neither takes the other's
/// away.
const ISSUED_SECRET: &str = "api-tls-issued";

const CERTIFICATE: &str = "tls.crt";
const PRIVATE_KEY: &str = "tls.key";

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    if !labels.spec.ingress.enabled {
        return Vec::new();
    }
    tls_secret(labels).into_iter().chain([ingress(labels)]).collect()
}

/// The private key in a Secret of the cluster.
pub(in crate::cht::instance) fn live_key(secret: &serde_json::Value) -> Option<SecretString> {
    entry(secret, PRIVATE_KEY)
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
    let annotations = annotations::of_ingress(&spec.ingress);
    metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    let mut all_labels = spec.ingress.labels.clone();
    // Those of ownership win.
    all_labels.extend(metadata.labels.take().unwrap_or_default());
    metadata.labels = (!all_labels.is_empty()).then_some(all_labels);
    Manifest::from_typed(&Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: match spec.ingress.controller {
                // GKE knows its classes by an annotation only.
                Controller::Gce(_) => None,
                Controller::Traefik | Controller::Nginx | Controller::Alb(_) | Controller::Other => {
                    spec.ingress.class.clone()
                }
            },
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
        // The load balancer has the certificate, not the cluster.
        Tls::None | Tls::Acm(_) | Tls::Managed(_) => return None,
        Tls::SecretName(name) => name.clone(),
        Tls::Certificate { .. } => TLS_SECRET.to_owned(),
        Tls::ClusterIssuer(_) | Tls::Issuer(_) => ISSUED_SECRET.to_owned(),
    };
    Some(vec![IngressTLS {
        hosts: Some(vec![spec.host.clone()]),
        secret_name: Some(secret_name),
    }])
}
