//! The healthcheck agent, which tells HAProxy whether all nodes of CouchDB have joined. Made only where it is asked.

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec};

use super::checksum::checksums;
use super::metadata::{Labels, port};
use super::workload::{Workload, container, env_value, ports, with_settings};
use super::{Manifest, config, probes, secret};
use crate::cht::instance::spec::InstanceSpec;

const COMPONENT: &str = "healthcheck";
const PORT: i32 = 5555;

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    if !labels.spec.has_healthcheck() {
        return Vec::new();
    }
    // The one Service that carries no official label itself.
    vec![labels.service("healthcheck", None, COMPONENT, vec![port(None, PORT)])]
}

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    if !spec.has_healthcheck() {
        return Vec::new();
    }
    let settings = &spec.healthcheck_pod.pod;
    let env = with_settings(env(spec), settings);
    let container = Container {
        startup_probe: probes::startup(spec, probes::tcp(PORT)),
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        readiness_probe: probes::readiness(spec, probes::tcp(PORT)),
        ports: ports(PORT),
        env: Some(env),
        ..container(spec, "cht-haproxy-healthcheck", &settings.resources)
    };
    let workload = Workload {
        name: "cht-haproxy-healthcheck".to_owned(),
        component: COMPONENT.to_owned(),
        strategy: spec.layout().others,
        placement: Some(settings),
        checksums: checksums(spec, &[secret::PASSWORD, secret::USER], &[config::SERVERS]),
        pod: PodSpec {
            containers: vec![container],
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

pub(super) fn env(spec: &InstanceSpec) -> Vec<EnvVar> {
    let log_level = spec.healthcheck_pod.log_level.as_ref();
    let mut env = vec![
        secret::env(secret::PASSWORD),
        config::env(config::SERVERS),
        secret::env(secret::USER),
    ];
    env.extend(log_level.map(|level| env_value("HEALTHCHECK_LOG_LEVEL", level)));
    env
}
