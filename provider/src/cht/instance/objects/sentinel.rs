//! Sentinel, which works on documents in the background. It serves nothing, so it has no Service, port or probe.

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec};

use super::checksum::checksums;
use super::metadata::Labels;
use super::workload::{Workload, container, env_value, node_env, with_settings};
use super::{Manifest, api, secret};
use crate::cht::instance::spec::InstanceSpec;

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    let settings = &spec.sentinel.pod;
    let env = with_settings(env(spec), settings);
    let workload = Workload {
        name: "cht-sentinel".to_owned(),
        component: "sentinel".to_owned(),
        strategy: spec.layout().others,
        placement: Some(settings),
        checksums: checksums(spec, &[secret::COUCH_URL], &[]),
        pod: PodSpec {
            containers: vec![Container {
                env: Some(env),
                ..container(spec, "cht-sentinel", &settings.resources)
            }],
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

pub(super) fn env(spec: &InstanceSpec) -> Vec<EnvVar> {
    let mut env = vec![
        env_value("API_HOST", spec.service_host(api::SERVICE)),
        secret::env(secret::COUCH_URL),
        env_value("API_PORT", api::PORT.to_string()),
    ];
    env.extend(node_env(spec, &spec.sentinel));
    env
}
