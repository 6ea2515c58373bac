//! What each kind of ingress controller is told in annotations.
//!
//! Replication keeps requests open for up to an hour and sends up to 32 MB at once; with the usual limits of ingress
//! controllers phones fail to synchronize. Each controller has its own way to raise them:
//! - ingress-nginx: annotations for both timeouts and the body's size.
//! - AWS Load Balancer Controller: an attribute of the load balancer, which has no limit for bodies. A certificate is
//!   one of ACM, named by `certificate-arn` or found by the host's name.
//! - Traefik: timeouts belong to the entry point (`transport.respondingTimeouts`), which the cluster's own
//!   configuration sets (`examples/traefik/timeouts.yaml`); there is no annotation for them, and no limit for bodies
//!   unless a middleware sets one.
//! - GKE: a BackendConfig, which the Service names; no limit for bodies.
//! - Any other gets the annotations of the specification only.

use std::collections::BTreeMap;

use crate::cht::instance::spec::{Alb, Controller, Gce, Ingress, TargetType, Tls};

const GCE_CLASS: &str = "gce";

/// The annotations of the Ingress.
pub(super) fn of_ingress(ingress: &Ingress) -> BTreeMap<String, String> {
    let of_controller = match &ingress.controller {
        Controller::Nginx => nginx(ingress),
        Controller::Alb(alb) => alb_annotations(alb, ingress),
        Controller::Gce(gce) => gce_annotations(gce, ingress),
        Controller::Traefik | Controller::Other => BTreeMap::new(),
    };
    let of_issuer = match &ingress.tls {
        Tls::ClusterIssuer(name) => Some(("cert-manager.io/cluster-issuer".to_owned(), name.clone())),
        Tls::Issuer(name) => Some(("cert-manager.io/issuer".to_owned(), name.clone())),
        Tls::None | Tls::SecretName(_) | Tls::Certificate { .. } | Tls::Acm(_) | Tls::Managed(_) => None,
    };
    of_controller
        .into_iter()
        .chain(of_issuer)
        .chain(ingress.annotations.clone())
        .collect()
}

/// The annotations of the Service that the Ingress leads to.
pub(in crate::cht::instance::objects) fn of_service(ingress: &Ingress) -> Option<BTreeMap<String, String>> {
    let Controller::Gce(gce) = &ingress.controller else {
        return None;
    };
    // Requests go straight to the pod: without it, the Service would have to open a port on every node.
    let endpoints = ("cloud.google.com/neg".to_owned(), r#"{"ingress": true}"#.to_owned());
    let backend = gce.backend_config.as_ref().map(|name| {
        let value = serde_json::json!({ "default": name }).to_string();
        ("cloud.google.com/backend-config".to_owned(), value)
    });
    Some([endpoints].into_iter().chain(backend).collect())
}

fn nginx(ingress: &Ingress) -> BTreeMap<String, String> {
    let annotations = [
        ("proxy-body-size", format!("{}m", ingress.body_size_mib)),
        ("proxy-read-timeout", ingress.timeout_seconds.to_string()),
        ("proxy-send-timeout", ingress.timeout_seconds.to_string()),
    ];
    prefixed("nginx.ingress.kubernetes.io", annotations)
}

fn alb_annotations(alb: &Alb, ingress: &Ingress) -> BTreeMap<String, String> {
    let target_type = match alb.target_type {
        TargetType::Ip => "ip",
        TargetType::Instance => "instance",
    };
    let always = [
        ("healthcheck-path", alb.health_check_path.clone()),
        ("healthcheck-port", "traffic-port".to_owned()),
        ("listen-ports", r#"[{"HTTP": 80}, {"HTTPS": 443}]"#.to_owned()),
        (
            "load-balancer-attributes",
            format!("idle_timeout.timeout_seconds={}", ingress.timeout_seconds),
        ),
        ("scheme", alb.scheme.clone()),
        ("target-type", target_type.to_owned()),
    ];
    let certificate = match &ingress.tls {
        Tls::Acm(arn) => Some(arn.clone()),
        _ => None,
    };
    let list = |elements: &[String]| (!elements.is_empty()).then(|| elements.join(","));
    let tags: Vec<String> = alb.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let given = [
        ("certificate-arn", certificate),
        ("group.name", alb.group_name.clone()),
        ("security-groups", list(&alb.security_groups)),
        ("ssl-policy", alb.ssl_policy.clone()),
        ("ssl-redirect", alb.ssl_redirect.then(|| "443".to_owned())),
        ("subnets", list(&alb.subnets)),
        ("tags", list(&tags)),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
    prefixed("alb.ingress.kubernetes.io", always.into_iter().chain(given))
}

fn gce_annotations(gce: &Gce, ingress: &Ingress) -> BTreeMap<String, String> {
    let class = ingress.class.clone().unwrap_or_else(|| GCE_CLASS.to_owned());
    let address = gce.static_ip_name.clone();
    let certificate = match &ingress.tls {
        Tls::Managed(name) => Some(name.clone()),
        _ => None,
    };
    let annotations = [
        ("kubernetes.io/ingress.class", Some(class)),
        ("kubernetes.io/ingress.global-static-ip-name", address),
        ("networking.gke.io/managed-certificates", certificate),
    ];
    annotations
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn prefixed(prefix: &str, annotations: impl IntoIterator<Item = (&'static str, String)>) -> BTreeMap<String, String> {
    annotations
        .into_iter()
        .map(|(name, value)| (format!("{prefix}/{name}"), value))
        .collect()
}
