//! Reads what runs: images, and the settings of each component's pod. What is as usual is left out.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use tf_framework::ToValue;

use crate::cht::instance::model::{Component, Healthcheck, Proxy, Resources, SecretKey, Toleration, checks};
use crate::cht::instance::spec::layout::Layout;

/// The pod of a Deployment.
pub(super) fn pod(deployment: &Deployment) -> Option<&PodSpec> {
    deployment.spec.template.spec.as_ref()
}

/// The container that is called as its Deployment, or else the first one.
pub(super) fn container(deployment: &Deployment) -> Option<&Container> {
    let containers = &pod(deployment)?.containers;
    let named = containers
        .iter()
        .find(|container| Some(&container.name) == deployment.metadata.name.as_ref());
    named.or(containers.first())
}

/// The value of a variable of the main container.
pub(super) fn variable<'a>(deployment: &'a Deployment, name: &str) -> Option<&'a str> {
    let mut variables = container(deployment)?.env.iter().flatten();
    variables.find(|variable| variable.name == name)?.value.as_deref()
}

/// How many nodes a node of a cluster was told of.
pub(super) fn node_count(deployment: &Deployment) -> Option<usize> {
    variable(deployment, "NODE_COUNT")?.parse().ok()
}

/// The claims that a pod mounts.
pub(super) fn claims(deployment: &Deployment) -> impl Iterator<Item = &str> {
    let volumes = pod(deployment).and_then(|pod| pod.volumes.as_ref());
    let claims = volumes
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.map(|claim| claim.claim_name.as_str())
}

/// The API or Sentinel.
pub(super) fn component(deployment: &Deployment, layout: &Layout) -> Option<Component> {
    let extra = Extra::of(deployment, &checks::MANAGED_ENV);
    let unless_usual = |name: &str, usual: &str| {
        let value = variable(deployment, name)?;
        (value != usual || !layout.sets_node_env).then(|| value.to_owned())
    };
    given(Component {
        resources: resources(container(deployment)?.resources.as_ref()),
        log_level: unless_usual("LOG_LEVEL", "info"),
        node_env: unless_usual("NODE_ENV", "production"),
        env: extra.env,
        env_from_secrets: extra.from_secrets,
        node_selector: node_selector(deployment),
        tolerations: tolerations(deployment),
    })
}

/// HAProxy.
pub(super) fn proxy(deployment: &Deployment) -> Option<Proxy> {
    let extra = Extra::of(deployment, &checks::MANAGED_PROXY_ENV);
    given(Proxy {
        resources: resources(container(deployment)?.resources.as_ref()),
        env: extra.env,
        env_from_secrets: extra.from_secrets,
        node_selector: node_selector(deployment),
        tolerations: tolerations(deployment),
    })
}

/// The health check service, if it is there.
pub(super) fn healthcheck(deployment: Option<&Deployment>, is_needed: bool) -> Option<Healthcheck> {
    let Some(deployment) = deployment else {
        return is_needed.then(|| Healthcheck {
            enabled: Some(false),
            ..Healthcheck::default()
        });
    };
    let extra = Extra::of(deployment, &checks::MANAGED_HEALTHCHECK_ENV);
    Some(Healthcheck {
        enabled: Some(true),
        resources: container(deployment).and_then(|container| resources(container.resources.as_ref())),
        log_level: variable(deployment, "HEALTHCHECK_LOG_LEVEL").map(str::to_owned),
        env: extra.env,
        env_from_secrets: extra.from_secrets,
        node_selector: node_selector(deployment),
        tolerations: tolerations(deployment),
    })
}

/// The compute resources of a container.
pub(super) fn resources(resources: Option<&ResourceRequirements>) -> Option<Resources> {
    let quantities = |map: &BTreeMap<String, Quantity>| {
        let parsed = map
            .iter()
            .filter_map(|(name, amount)| Some((name.clone(), amount.0.parse().ok()?)));
        parsed.collect()
    };
    given(Resources {
        requests: resources?.requests.as_ref().map(quantities),
        limits: resources?.limits.as_ref().map(quantities),
    })
}

/// The labels of the nodes on which a pod may run.
pub(super) fn node_selector(deployment: &Deployment) -> Option<BTreeMap<String, String>> {
    let selector = pod(deployment)?.node_selector.clone()?;
    (!selector.is_empty()).then_some(selector)
}

/// The taints that a pod tolerates.
pub(super) fn tolerations(deployment: &Deployment) -> Option<Vec<Toleration>> {
    let tolerations = pod(deployment)?.tolerations.as_ref()?;
    let read = tolerations.iter().cloned().map(|toleration| Toleration {
        key: toleration.key,
        operator: toleration.operator,
        value: toleration.value,
        effect: toleration.effect,
        toleration_seconds: toleration.toleration_seconds,
    });
    (!tolerations.is_empty()).then(|| read.collect())
}

/// A value, unless it says nothing.
pub(super) fn given<T: Default + ToValue>(value: T) -> Option<T> {
    (value.to_value() != T::default().to_value()).then_some(value)
}

/// The variables beside those that CHT needs.
struct Extra {
    env: Option<BTreeMap<String, String>>,
    from_secrets: Option<BTreeMap<String, SecretKey>>,
}

impl Extra {
    fn of(deployment: &Deployment, managed: &[&str]) -> Extra {
        let variables = container(deployment).and_then(|container| container.env.as_ref());
        let extra: Vec<&EnvVar> = variables
            .into_iter()
            .flatten()
            .filter(|variable| !managed.contains(&variable.name.as_str()))
            .collect();
        let plain = |variable: &&EnvVar| Some((variable.name.clone(), variable.value.clone()?));
        let from_secret = |variable: &&EnvVar| {
            let source = variable.value_from.as_ref()?.secret_key_ref.as_ref()?;
            let (name, key) = (source.name.clone(), source.key.clone());
            Some((variable.name.clone(), SecretKey { name, key }))
        };
        let env: BTreeMap<_, _> = extra.iter().filter_map(plain).collect();
        let from_secrets: BTreeMap<_, _> = extra.iter().filter_map(from_secret).collect();
        Extra {
            env: (!env.is_empty()).then_some(env),
            from_secrets: (!from_secrets.is_empty()).then_some(from_secrets),
        }
    }
}
