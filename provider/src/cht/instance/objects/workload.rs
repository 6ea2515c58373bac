//! Deployments: what is the same for all of them.
//!
//! Each has one replica: nothing of the CHT may run twice. How a pod is replaced depends on the version.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    ConfigMapKeySelector, Container, ContainerPort, EnvVar, EnvVarSource, LocalObjectReference, PodSpec,
    PodTemplateSpec, ResourceRequirements, SecretKeySelector,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Manifest;
use super::metadata::{Labels, component_label};
use crate::cht::instance::spec::layout::Strategy;
use crate::cht::instance::spec::{InstanceSpec, NodeService, PodSettings};

/// What one Deployment has of its own.
pub(super) struct Workload<'a> {
    /// The Deployment's name.
    pub(super) name: String,
    /// The value of the official label.
    pub(super) component: String,
    /// How its pod is replaced.
    pub(super) strategy: Strategy,
    /// Where the pod may run.
    pub(super) placement: Option<&'a PodSettings>,
    /// Checksums of what the pod reads only when it starts.
    pub(super) checksums: BTreeMap<String, String>,
    /// The containers, and whatever else only this pod has.
    pub(super) pod: PodSpec,
}

impl Workload<'_> {
    /// The Deployment.
    pub(super) fn deployment(self, labels: &Labels<'_>) -> Manifest {
        let selector = component_label(&self.component);
        let metadata = ObjectMeta {
            labels: Some(selector.clone()),
            annotations: (!self.checksums.is_empty()).then_some(self.checksums),
            ..ObjectMeta::default()
        };
        let placement = self.placement.cloned().unwrap_or_default();
        let pod = PodSpec {
            restart_policy: Some("Always".to_owned()),
            image_pull_secrets: pull_secrets(labels.spec),
            node_selector: (!placement.node_selector.is_empty()).then_some(placement.node_selector),
            tolerations: (!placement.tolerations.is_empty()).then_some(placement.tolerations),
            ..self.pod
        };
        Manifest::from_typed(&Deployment {
            metadata: labels.metadata(&self.name, Some(&self.component)),
            spec: DeploymentSpec {
                replicas: Some(1),
                selector: LabelSelector {
                    match_labels: Some(selector),
                    ..LabelSelector::default()
                },
                strategy: Some(strategy(self.strategy)),
                template: PodTemplateSpec {
                    metadata: Some(metadata),
                    spec: Some(pod),
                },
                ..DeploymentSpec::default()
            },
            ..Deployment::default()
        })
    }
}

/// The strategy as Kubernetes has it. What it would default to is written out: a default has no owner, so that nobody
/// could take it back when another version is replaced in another way.
fn strategy(strategy: Strategy) -> DeploymentStrategy {
    let rolling = |surge: IntOrString, unavailable: IntOrString| DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(surge),
            max_unavailable: Some(unavailable),
        }),
    };
    let quarter = || IntOrString::String("25%".to_owned());
    match strategy {
        Strategy::Recreate => DeploymentStrategy {
            type_: Some("Recreate".to_owned()),
            rolling_update: None,
        },
        Strategy::OneByOne => rolling(IntOrString::Int(0), IntOrString::Int(1)),
        Strategy::Overlapping => rolling(quarter(), quarter()),
    }
}

/// A container; its name is also the name of its image.
pub(super) fn container(spec: &InstanceSpec, name: &str, resources: &ResourceRequirements) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(format!("{}/{name}:{}", spec.image.registry, spec.image_tag())),
        image_pull_policy: Some(spec.image.pull_policy.clone()),
        resources: (resources != &ResourceRequirements::default()).then(|| resources.clone()),
        ..Container::default()
    }
}

/// The one port of a container.
pub(super) fn ports(port: i32) -> Option<Vec<ContainerPort>> {
    Some(vec![ContainerPort {
        container_port: port,
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    }])
}

/// The component's own variables and those of its settings. The own ones win: the instance does not work without them.
pub(super) fn with_settings(mut env: Vec<EnvVar>, settings: &PodSettings) -> Vec<EnvVar> {
    for (name, value) in &settings.env {
        if !env.iter().any(|variable| &variable.name == name) {
            env.push(env_value(name, value));
        }
    }
    for (name, key) in &settings.env_from_secrets {
        if !env.iter().any(|variable| &variable.name == name) {
            let variable = env_from_secret(&key.name, &key.key);
            env.push(EnvVar {
                name: name.clone(),
                ..variable
            });
        }
    }
    env
}

/// The mode of a Node.js service and the verbosity of its log, where they are chosen or the version has them set.
pub(super) fn node_env(spec: &InstanceSpec, service: &NodeService) -> Vec<EnvVar> {
    let usual = |value: &str| spec.layout().sets_node_env.then(|| value.to_owned());
    let variables = [
        ("NODE_ENV", service.node_env.clone().or_else(|| usual("production"))),
        ("LOG_LEVEL", service.log_level.clone().or_else(|| usual("info"))),
    ];
    variables
        .into_iter()
        .filter_map(|(name, value)| Some(env_value(name, value?)))
        .collect()
}

/// A variable with a plain value.
pub(super) fn env_value(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value.into()),
        ..EnvVar::default()
    }
}

/// A variable that takes its value from the key of the same name in a Secret.
pub(super) fn env_from_secret(secret: &str, key: &str) -> EnvVar {
    let selector = SecretKeySelector {
        name: secret.to_owned(),
        key: key.to_owned(),
        optional: None,
    };
    let source = EnvVarSource {
        secret_key_ref: Some(selector),
        ..EnvVarSource::default()
    };
    EnvVar {
        name: key.to_owned(),
        value_from: Some(source),
        ..EnvVar::default()
    }
}

/// A variable that takes its value from the key of the same name in a ConfigMap.
pub(super) fn env_from_config_map(config_map: &str, key: &str) -> EnvVar {
    let selector = ConfigMapKeySelector {
        name: config_map.to_owned(),
        key: key.to_owned(),
        optional: None,
    };
    let source = EnvVarSource {
        config_map_key_ref: Some(selector),
        ..EnvVarSource::default()
    };
    EnvVar {
        name: key.to_owned(),
        value_from: Some(source),
        ..EnvVar::default()
    }
}

fn pull_secrets(spec: &InstanceSpec) -> Option<Vec<LocalObjectReference>> {
    let names = &spec.image.pull_secrets;
    (!names.is_empty()).then(|| {
        names
            .iter()
            .map(|name| LocalObjectReference { name: name.clone() })
            .collect()
    })
}
