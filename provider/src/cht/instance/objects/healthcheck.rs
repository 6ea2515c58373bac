//! The healthcheck agent, which tells HAProxy whether all nodes of CouchDB have joined. Made only where it is asked.

use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::checksum::checksums;
use super::metadata::{Labels, port};
use super::workload::{Workload, container};
use super::{Manifest, config, probes, secret};

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
    let env = vec![
        secret::env(secret::PASSWORD),
        config::env(config::SERVERS),
        secret::env(secret::USER),
    ];
    let container = Container {
        startup_probe: probes::startup(spec, probes::tcp(PORT)),
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        readiness_probe: probes::readiness(spec, probes::tcp(PORT)),
        ..container(spec, "cht-haproxy-healthcheck", Some(PORT), env, &Default::default())
    };
    let workload = Workload {
        name: "cht-haproxy-healthcheck".to_owned(),
        component: COMPONENT.to_owned(),
        strategy: spec.layout().others,
        placement: None,
        checksums: checksums(spec, &[secret::PASSWORD, secret::USER], &[config::SERVERS]),
        pod: PodSpec {
            containers: vec![container],
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}
