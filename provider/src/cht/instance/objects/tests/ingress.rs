//! The way in: host, backend, certificate, and the limits of each class.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{everything, manifests, minimal, object, secret_value};
use crate::cht::instance::spec::{Alb, Controller, Gce, Ingress, InstanceSpec, TargetType, Tls};

/// What Traefik is told by a file of the examples, as an Ingress cannot tell it.
const TRAEFIK: &str = include_str!("../../../../../../examples/traefik/timeouts.yaml");

#[test]
fn traefik_is_told_the_timeouts_of_its_entry_points_by_the_file_that_the_guide_shows() {
    let config: Value = serde_saphyr::from_str(TRAEFIK).expect("it is YAML");
    assert_eq!(config["kind"], "HelmChartConfig");
    let values = config["spec"]["valuesContent"].as_str().expect("it is a text");
    let values: Value = serde_saphyr::from_str(values).expect("it is YAML");
    let seconds = Ingress::default().timeout_seconds;
    let expected: Vec<Value> = ["web", "websecure"]
        .iter()
        .flat_map(|entry_point| {
            ["readTimeout", "writeTimeout", "idleTimeout"].map(|name| {
                json!(format!(
                    "--entryPoints.{entry_point}.transport.respondingTimeouts.{name}={seconds}s"
                ))
            })
        })
        .collect();
    assert_eq!(values["additionalArguments"], json!(expected));
    let (_, shown) = TRAEFIK.split_once("apiVersion").expect("it begins with comments");
    let guide = include_str!("../../../../../../docs/guides/one-server.md");
    assert!(
        guide.contains(&format!("```yaml\napiVersion{shown}```")),
        "the guide shows another file"
    );
}

/// Each kind of ingress controller, with whatever there is to say to it, and each source of certificates.
pub(super) fn ways_in() -> Vec<(&'static str, Ingress)> {
    let way_in = |class: &str, controller: Controller, tls: Tls| Ingress {
        class: Some(class.to_owned()),
        controller,
        tls,
        ..Ingress::default()
    };
    let arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a".to_owned();
    vec![
        (
            "traefik",
            way_in("traefik", Controller::Traefik, Tls::SecretName("wildcard".to_owned())),
        ),
        (
            "nginx",
            way_in("nginx", Controller::Nginx, Tls::ClusterIssuer("letsencrypt".to_owned())),
        ),
        ("alb", way_in("alb", Controller::Alb(Alb::default()), Tls::None)),
        (
            "alb_everything",
            way_in("public", Controller::Alb(whole_alb()), Tls::Acm(arn)),
        ),
        ("gce", way_in("gce", Controller::Gce(Gce::default()), Tls::None)),
        (
            "gce_everything",
            way_in(
                "gce-internal",
                Controller::Gce(whole_gce()),
                Tls::Managed("kisumu".to_owned()),
            ),
        ),
        (
            "other",
            way_in("internal", Controller::Other, Tls::Issuer("county".to_owned())),
        ),
    ]
}

fn whole_alb() -> Alb {
    let tags = [("Environment", "prod"), ("Team", "QA")];
    Alb {
        group_name: Some("prod-cht-alb".to_owned()),
        scheme: "internal".to_owned(),
        target_type: TargetType::Instance,
        tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        subnets: vec!["subnet-a".to_owned(), "subnet-b".to_owned()],
        security_groups: vec!["sg-a".to_owned()],
        ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned()),
        ssl_redirect: false,
        health_check_path: "/api/info".to_owned(),
    }
}

fn whole_gce() -> Gce {
    Gce {
        static_ip_name: Some("cht-api-ip".to_owned()),
        backend_config: Some("long-requests".to_owned()),
    }
}

fn annotations(ingress: Ingress) -> Value {
    let spec = InstanceSpec { ingress, ..minimal() };
    object(&spec, "Ingress", "api-ingress")["metadata"]["annotations"].clone()
}

fn of(controller: Controller) -> Ingress {
    Ingress {
        controller,
        ..Ingress::default()
    }
}

#[test]
fn c03_every_ingress_of_every_platform_has_the_host_and_leads_to_the_api() {
    for (name, ingress) in ways_in() {
        let class = ingress.class.clone();
        let by_annotation = matches!(ingress.controller, Controller::Gce(_));
        let spec = InstanceSpec { ingress, ..minimal() };
        let ingress = object(&spec, "Ingress", "api-ingress");
        let annotation = ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].clone();
        let written = [ingress["spec"]["ingressClassName"].clone(), annotation];
        let expected = if by_annotation {
            [json!(null), json!(class)]
        } else {
            [json!(class), json!(null)]
        };
        assert_eq!(written, expected, "{name}");
        let backend = json!({ "service": { "name": "api", "port": { "number": 5988 } } });
        let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
        let rules = json!([{ "host": "kisumu.health.example", "http": { "paths": paths } }]);
        assert_eq!(ingress["spec"]["rules"], rules, "{name}");
    }
}

#[test]
fn limits_are_raised_in_the_way_of_the_controller() {
    assert_eq!(annotations(of(Controller::Other)), Value::Null);
    assert_eq!(annotations(of(Controller::Traefik)), Value::Null);
    assert_eq!(
        annotations(of(Controller::Nginx)),
        json!({
            "nginx.ingress.kubernetes.io/proxy-body-size": "32m",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
        })
    );
    let alb = annotations(of(Controller::Alb(Alb::default())));
    let attributes = &alb["alb.ingress.kubernetes.io/load-balancer-attributes"];
    assert_eq!(*attributes, "idle_timeout.timeout_seconds=3600");
}

#[test]
fn a_load_balancer_of_aws_redirects_to_tls_and_sends_to_the_pod_unless_told_otherwise() {
    assert_eq!(
        annotations(of(Controller::Alb(Alb::default()))),
        json!({
            "alb.ingress.kubernetes.io/healthcheck-path": "/api/v1/startup-progress",
            "alb.ingress.kubernetes.io/healthcheck-port": "traffic-port",
            "alb.ingress.kubernetes.io/listen-ports": "[{\"HTTP\": 80}, {\"HTTPS\": 443}]",
            "alb.ingress.kubernetes.io/load-balancer-attributes": "idle_timeout.timeout_seconds=3600",
            "alb.ingress.kubernetes.io/scheme": "internet-facing",
            "alb.ingress.kubernetes.io/ssl-redirect": "443",
            "alb.ingress.kubernetes.io/target-type": "ip",
        })
    );
    let whole = annotations(of(Controller::Alb(whole_alb())));
    assert_eq!(whole["alb.ingress.kubernetes.io/tags"], "Environment=prod,Team=QA");
    assert_eq!(whole["alb.ingress.kubernetes.io/subnets"], "subnet-a,subnet-b");
    assert_eq!(whole["alb.ingress.kubernetes.io/ssl-redirect"], Value::Null);
    let service_type = |alb: Alb| {
        let ingress = of(Controller::Alb(alb));
        object(&InstanceSpec { ingress, ..minimal() }, "Service", "api")["spec"]["type"].clone()
    };
    assert_eq!(service_type(Alb::default()), "ClusterIP");
    assert_eq!(service_type(whole_alb()), "NodePort");
}

#[test]
fn the_service_tells_google_how_long_requests_take() {
    let ingress = of(Controller::Gce(whole_gce()));
    let service = object(&InstanceSpec { ingress, ..minimal() }, "Service", "api");
    assert_eq!(
        service["metadata"]["annotations"],
        json!({
            "cloud.google.com/backend-config": "{\"default\":\"long-requests\"}",
            "cloud.google.com/neg": "{\"ingress\": true}",
        })
    );
    let without = object(&minimal(), "Service", "api");
    assert_eq!(without["metadata"]["annotations"], Value::Null);
}

#[test]
fn c08_hosts_have_tls_from_their_cloud_or_from_a_secret_of_the_cluster() {
    for (name, ingress) in ways_in() {
        let expected = match &ingress.tls {
            Tls::None | Tls::Acm(_) | Tls::Managed(_) => None,
            Tls::SecretName(name) => Some(name.clone()),
            Tls::Certificate { .. } => Some("api-tls-secret".to_owned()),
            Tls::ClusterIssuer(_) | Tls::Issuer(_) => Some("api-tls-issued".to_owned()),
        };
        let spec = InstanceSpec { ingress, ..minimal() };
        let tls = object(&spec, "Ingress", "api-ingress")["spec"]["tls"].clone();
        let expected = expected.map(|secret| json!([{ "hosts": ["kisumu.health.example"], "secretName": secret }]));
        assert_eq!(tls, json!(expected), "{name}");
    }
    let annotation = |tls: Tls, name: &str| {
        annotations(Ingress {
            tls,
            ..of(Controller::Nginx)
        })[name]
            .clone()
    };
    let cluster_issuer = annotation(Tls::ClusterIssuer("a".to_owned()), "cert-manager.io/cluster-issuer");
    let issuer = annotation(Tls::Issuer("a".to_owned()), "cert-manager.io/issuer");
    assert_eq!([cluster_issuer, issuer], ["a", "a"]);
}

#[test]
fn labels_of_the_user_stand_beside_those_of_ownership_which_win() {
    let owner = ("owner.example/instance".to_owned(), "somebody else".to_owned());
    let exposure = ("example.org/exposure".to_owned(), "public".to_owned());
    let ingress = Ingress {
        labels: BTreeMap::from([owner, exposure]),
        ..Ingress::default()
    };
    let labels = object(&InstanceSpec { ingress, ..minimal() }, "Ingress", "api-ingress")["metadata"]["labels"].clone();
    assert_eq!(
        labels,
        json!({ "owner.example/instance": "kisumu", "example.org/exposure": "public" })
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
