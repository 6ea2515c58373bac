//! HAProxy between the services and CouchDB. It checks a single CouchDB node itself, and asks the healthcheck service
//! about several.

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec};

use super::checksum::checksums;
use super::metadata::{Labels, port};
use super::workload::{Workload, container, env_value, ports, with_settings};
use super::{Manifest, config, probes, secret};
use crate::cht::instance::spec::InstanceSpec;

const COMPONENT: &str = "haproxy";
const PORT: i32 = 5984;

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    vec![labels.service("haproxy", Some(COMPONENT), COMPONENT, vec![port(Some("5984"), PORT)])]
}

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    let env = with_settings(env(spec), &spec.haproxy);
    let container = Container {
        startup_probe: probes::startup(spec, probes::tcp(PORT)),
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        readiness_probe: probes::readiness(spec, probes::tcp(PORT)),
        ports: ports(PORT),
        env: Some(env),
        ..container(spec, "cht-haproxy", &spec.haproxy.resources)
    };
    let workload = Workload {
        name: "cht-haproxy".to_owned(),
        component: COMPONENT.to_owned(),
        strategy: spec.layout().others,
        placement: Some(&spec.haproxy),
        checksums: checksums(spec, &[secret::PASSWORD, secret::USER], &[config::SERVERS]),
        pod: PodSpec {
            containers: vec![container],
            hostname: Some("haproxy".to_owned()),
            termination_grace_period_seconds: spec.layout().grace_seconds,
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

pub(super) fn env(spec: &InstanceSpec) -> Vec<EnvVar> {
    let mut env = vec![
        secret::env(secret::PASSWORD),
        config::env(config::SERVERS),
        secret::env(secret::USER),
        env_value("HAPROXY_IP", "0.0.0.0"),
        env_value("HAPROXY_PORT", PORT.to_string()),
    ];
    // Without the service this stays unset: the name would not resolve.
    if spec.has_healthcheck() {
        env.push(env_value("HEALTHCHECK_ADDR", spec.service_host("healthcheck")));
    }
    env
}
