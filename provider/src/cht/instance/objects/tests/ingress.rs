//! The way in: host, backend, certificate, and the limits of each class.

use serde_json::{Value, json};

use super::{everything, manifests, minimal, object, secret_value};
use crate::cht::instance::spec::{Ingress, InstanceSpec, Tls};

fn of_class(class: Option<&str>) -> Value {
    let ingress = Ingress {
        class: class.map(str::to_owned),
        ..Ingress::default()
    };
    object(&InstanceSpec { ingress, ..minimal() }, "Ingress", "api-ingress")
}

#[test]
fn every_ingress_has_the_host_and_leads_to_the_api() {
    for class in [None, Some("nginx"), Some("traefik"), Some("alb"), Some("internal")] {
        let ingress = of_class(class);
        assert_eq!(ingress["spec"]["ingressClassName"], json!(class));
        let backend = json!({ "service": { "name": "api", "port": { "number": 5988 } } });
        let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
        assert_eq!(
            ingress["spec"]["rules"],
            json!([{ "host": "kisumu.health.example", "http": { "paths": paths } }])
        );
        assert_eq!(ingress["spec"]["tls"], Value::Null);
    }
}

#[test]
fn limits_are_raised_in_the_way_of_the_class() {
    assert_eq!(of_class(None)["metadata"]["annotations"], Value::Null);
    assert_eq!(of_class(Some("traefik"))["metadata"]["annotations"], Value::Null);
    assert_eq!(
        of_class(Some("nginx"))["metadata"]["annotations"],
        json!({
            "nginx.ingress.kubernetes.io/proxy-body-size": "32m",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
        })
    );
    assert_eq!(
        of_class(Some("alb"))["metadata"]["annotations"],
        json!({
            "alb.ingress.kubernetes.io/healthcheck-port": "traffic-port",
            "alb.ingress.kubernetes.io/listen-ports": "[{\"HTTP\": 80}, {\"HTTPS\": 443}]",
            "alb.ingress.kubernetes.io/load-balancer-attributes": "idle_timeout.timeout_seconds=3600",
            "alb.ingress.kubernetes.io/scheme": "internet-facing",
            "alb.ingress.kubernetes.io/ssl-redirect": "443",
            "alb.ingress.kubernetes.io/target-type": "ip",
        })
    );
}

#[test]
fn annotations_of_the_user_win() {
    let mut spec = everything();
    spec.ingress.annotations.insert(
        "nginx.ingress.kubernetes.io/proxy-body-size".to_owned(),
        "1g".to_owned(),
    );
    let annotations = object(&spec, "Ingress", "api-ingress")["metadata"]["annotations"].clone();
    assert_eq!(annotations["nginx.ingress.kubernetes.io/proxy-body-size"], "1g");
    assert_eq!(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"], "7200");
    assert_eq!(annotations["example.org/team"], "health");
}

#[test]
fn given_certificate_becomes_a_tls_secret_before_the_ingress() {
    let spec = everything();
    assert_eq!(object(&spec, "Secret", "api-tls-secret")["type"], "kubernetes.io/tls");
    assert_eq!(secret_value(&spec, "api-tls-secret", "tls.crt"), "CERTIFICATE");
    assert_eq!(secret_value(&spec, "api-tls-secret", "tls.key"), "PRIVATE KEY");
    let tls = json!([{ "hosts": ["kisumu.health.example"], "secretName": "api-tls-secret" }]);
    assert_eq!(object(&spec, "Ingress", "api-ingress")["spec"]["tls"], tls);
    let names: Vec<String> = manifests(&spec).into_iter().map(|manifest| manifest.name).collect();
    assert!(
        names.ends_with(&["api-tls-secret".to_owned(), "api-ingress".to_owned()]),
        "{names:?}"
    );
}

#[test]
fn given_secret_is_used_and_not_made() {
    let tls = Tls::SecretName("wildcard".to_owned());
    let spec = InstanceSpec {
        ingress: Ingress {
            tls,
            ..Ingress::default()
        },
        ..minimal()
    };
    assert_eq!(
        object(&spec, "Ingress", "api-ingress")["spec"]["tls"][0]["secretName"],
        "wildcard"
    );
    assert!(
        manifests(&spec)
            .iter()
            .all(|manifest| manifest.name != "wildcard" && manifest.name != "api-tls-secret")
    );
}

#[test]
fn disabled_ingress_makes_neither_ingress_nor_secret() {
    let mut spec = everything();
    spec.ingress.enabled = false;
    assert!(
        manifests(&spec)
            .iter()
            .all(|manifest| manifest.kind != "Ingress" && manifest.name != "api-tls-secret")
    );
}
