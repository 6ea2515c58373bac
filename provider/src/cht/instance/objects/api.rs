//! The API: the CHT's server, which people's browsers and phones talk to.

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec};

use super::checksum::checksums;
use super::metadata::{Labels, port};
use super::workload::{Workload, container, env_value, node_env, ports, with_settings};
use super::{Manifest, ingress, probes, secret, upgrade_service};
use crate::cht::instance::spec::{Controller, InstanceSpec, TargetType};

const COMPONENT: &str = "api";

/// The API's Service, to which the Ingress leads.
pub(super) const SERVICE: &str = "api";
/// The API's port.
pub(super) const PORT: i32 = 5988;

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    let ingress = &labels.spec.ingress;
    let mut service = labels.typed_service(SERVICE, Some(COMPONENT), COMPONENT, vec![port(None, PORT)]);
    if ingress.enabled {
        service.metadata.annotations = ingress::of_service(ingress);
        if let (Some(spec), true) = (&mut service.spec, reaches_nodes(&ingress.controller)) {
            spec.type_ = Some("NodePort".to_owned());
        }
    }
    vec![Manifest::from_typed(&service)]
}

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    let settings = &spec.api.pod;
    let env = with_settings(env(spec), settings);
    let is_ready = probes::http_json("/setup/poll", PORT);
    let container = Container {
        startup_probe: probes::startup(spec, probes::http_json("/api/v1/startup-progress", PORT)),
        // A busy API answers late, but its port stays open; killing it would only make it start over.
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        readiness_probe: if spec.probes.readiness {
            probes::readiness(spec, is_ready)
        } else {
            None
        },
        ports: ports(PORT),
        env: Some(env),
        ..container(spec, "cht-api", &settings.resources)
    };
    let workload = Workload {
        name: "cht-api".to_owned(),
        component: COMPONENT.to_owned(),
        strategy: spec.layout().api,
        placement: Some(settings),
        checksums: checksums(spec, &[secret::COUCH_URL], &[]),
        pod: PodSpec {
            containers: vec![container],
            termination_grace_period_seconds: spec.layout().grace_seconds,
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

/// Whether the ingress controller sends requests to a port of every node.
fn reaches_nodes(controller: &Controller) -> bool {
    matches!(controller, Controller::Alb(alb) if alb.target_type == TargetType::Instance)
}

pub(super) fn env(spec: &InstanceSpec) -> Vec<EnvVar> {
    let mut env = vec![
        env_value("BUILDS_URL", &spec.builds_url),
        secret::env(secret::COUCH_URL),
        env_value("API_PORT", PORT.to_string()),
    ];
    env.extend(upgrade_service::url(spec).map(|url| env_value("UPGRADE_SERVICE_URL", url)));
    env.extend(node_env(spec, &spec.api));
    env
}
