//! From the attributes of what runs to the settings of its pods.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ResourceRequirements, Toleration};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use tf_framework::custom_types::{self, Text};

use crate::cht::instance::model;
use crate::cht::instance::spec;

pub(super) fn image(image: model::Image) -> spec::Image {
    let defaults = spec::Image::default();
    spec::Image {
        registry: image.registry.unwrap_or(defaults.registry),
        tag: image.tag,
        pull_policy: image.pull_policy.unwrap_or(defaults.pull_policy),
        pull_secrets: image.pull_secrets.unwrap_or_default(),
    }
}

pub(super) fn node_service(component: model::Component) -> spec::NodeService {
    spec::NodeService {
        log_level: component.log_level,
        node_env: component.node_env,
        pod: spec::PodSettings {
            resources: resources(component.resources.as_ref()),
            env: component.env.unwrap_or_default(),
            env_from_secrets: secret_keys(component.env_from_secrets),
            node_selector: component.node_selector.unwrap_or_default(),
            tolerations: tolerations(component.tolerations),
        },
    }
}

pub(super) fn proxy(proxy: model::Proxy) -> spec::PodSettings {
    spec::PodSettings {
        resources: resources(proxy.resources.as_ref()),
        env: proxy.env.unwrap_or_default(),
        env_from_secrets: secret_keys(proxy.env_from_secrets),
        node_selector: proxy.node_selector.unwrap_or_default(),
        tolerations: tolerations(proxy.tolerations),
    }
}

pub(super) fn healthcheck(healthcheck: Option<&model::Healthcheck>) -> spec::Healthcheck {
    match healthcheck.and_then(|healthcheck| healthcheck.enabled) {
        None => spec::Healthcheck::Auto,
        Some(true) => spec::Healthcheck::Enabled,
        Some(false) => spec::Healthcheck::Disabled,
    }
}

pub(super) fn healthcheck_pod(healthcheck: model::Healthcheck) -> spec::HealthcheckPod {
    spec::HealthcheckPod {
        log_level: healthcheck.log_level,
        pod: spec::PodSettings {
            resources: resources(healthcheck.resources.as_ref()),
            env: healthcheck.env.unwrap_or_default(),
            env_from_secrets: secret_keys(healthcheck.env_from_secrets),
            node_selector: healthcheck.node_selector.unwrap_or_default(),
            tolerations: tolerations(healthcheck.tolerations),
        },
    }
}

pub(super) fn resources(resources: Option<&model::Resources>) -> ResourceRequirements {
    let quantities = |map: &BTreeMap<String, Text<custom_types::Quantity>>| -> BTreeMap<String, Quantity> {
        map.iter()
            .map(|(name, quantity)| (name.clone(), Quantity(quantity.as_str().to_owned())))
            .collect()
    };
    ResourceRequirements {
        requests: resources
            .and_then(|resources| resources.requests.as_ref())
            .map(quantities),
        limits: resources
            .and_then(|resources| resources.limits.as_ref())
            .map(quantities),
        ..ResourceRequirements::default()
    }
}

pub(super) fn tolerations(tolerations: Option<Vec<model::Toleration>>) -> Vec<Toleration> {
    let toleration = |toleration: model::Toleration| Toleration {
        key: toleration.key,
        operator: toleration.operator,
        value: toleration.value,
        effect: toleration.effect,
        toleration_seconds: toleration.toleration_seconds,
    };
    tolerations.unwrap_or_default().into_iter().map(toleration).collect()
}

fn secret_keys(keys: Option<BTreeMap<String, model::SecretKey>>) -> BTreeMap<String, spec::SecretKey> {
    let key = |(variable, key): (String, model::SecretKey)| {
        let model::SecretKey { name, key } = key;
        (variable, spec::SecretKey { name, key })
    };
    keys.unwrap_or_default().into_iter().map(key).collect()
}
