//! The attributes of what runs: images, and the settings of each component's pod.

use std::collections::BTreeMap;

use tf_framework::Model;
use tf_framework::custom_types::{Quantity, Text};
use tf_framework::schema::Validator;

use crate::cht::instance::model::checks;

/// Where the container images come from.
#[derive(Clone, Default, Model)]
pub struct Image {
    /// Registry and path in front of the image names, such as those of a mirror. Default: `public.ecr.aws/medic`.
    #[tf(validate(checks::image_registry()))]
    pub registry: Option<String>,
    /// Tag of all images. Default: `cht_version`.
    #[tf(validate(checks::image_tag()))]
    pub tag: Option<String>,
    /// When images are pulled: `Always`, `IfNotPresent` or `Never`. Default: `IfNotPresent`.
    #[tf(validate(Validator::one_of(["Always", "IfNotPresent", "Never"])))]
    pub pull_policy: Option<String>,
    /// Names of secrets in the namespace with credentials for the registry.
    #[tf(validate(Validator::each(checks::object_name())))]
    pub pull_secrets: Option<Vec<String>>,
}

/// The search index beside CouchDB.
#[derive(Clone, Default, Model)]
pub struct Nouveau {
    /// Compute resources of the container.
    pub resources: Option<Resources>,
}

/// The API or Sentinel.
#[derive(Clone, Default, Model)]
pub struct Component {
    /// Compute resources of the container.
    pub resources: Option<Resources>,
    /// Verbosity of the log: `error`, `warn`, `info` or `debug`. Default: `info`.
    #[tf(validate(Validator::one_of(["error", "warn", "info", "debug"])))]
    pub log_level: Option<String>,
    /// Mode of the Node.js process: `production` or `development`. Default: `production`.
    #[tf(validate(Validator::one_of(["production", "development"])))]
    pub node_env: Option<String>,
    /// Further environment variables of the container; they cannot replace those that CHT needs.
    #[tf(validate(checks::extra_env(&checks::MANAGED_ENV)))]
    pub env: Option<BTreeMap<String, String>>,
    /// Further environment variables whose values are in secrets of the namespace, by the names of the variables.
    #[tf(validate(checks::extra_env(&checks::MANAGED_ENV)))]
    pub env_from_secrets: Option<BTreeMap<String, SecretKey>>,
    /// Labels of the nodes on which the pod may run.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pod tolerates.
    pub tolerations: Option<Vec<Toleration>>,
}

/// HAProxy.
#[derive(Clone, Default, Model)]
pub struct Proxy {
    /// Compute resources of the container.
    pub resources: Option<Resources>,
    /// Further environment variables of the container; they cannot replace those that CHT needs.
    #[tf(validate(checks::extra_env(&checks::MANAGED_PROXY_ENV)))]
    pub env: Option<BTreeMap<String, String>>,
    /// Further environment variables whose values are in secrets of the namespace, by the names of the variables.
    #[tf(validate(checks::extra_env(&checks::MANAGED_PROXY_ENV)))]
    pub env_from_secrets: Option<BTreeMap<String, SecretKey>>,
    /// Labels of the nodes on which the pod may run.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pod tolerates.
    pub tolerations: Option<Vec<Toleration>>,
}

/// The health check service, which HAProxy asks whether CouchDB is complete.
#[derive(Clone, Default, Model)]
pub struct Healthcheck {
    /// Whether there is the service. Default: where HAProxy asks it, which it does about a CouchDB cluster, and before
    /// CHT 5.0 about a single node, too. The official chart makes it in any case.
    pub enabled: Option<bool>,
    /// Compute resources of the container.
    pub resources: Option<Resources>,
    /// Verbosity of the log, in the words of its image; the image decides where it is not given.
    #[tf(validate(Validator::length(1..=32)))]
    pub log_level: Option<String>,
    /// Further environment variables of the container; they cannot replace those that CHT needs.
    #[tf(validate(checks::extra_env(&checks::MANAGED_HEALTHCHECK_ENV)))]
    pub env: Option<BTreeMap<String, String>>,
    /// Further environment variables whose values are in secrets of the namespace, by the names of the variables.
    #[tf(validate(checks::extra_env(&checks::MANAGED_HEALTHCHECK_ENV)))]
    pub env_from_secrets: Option<BTreeMap<String, SecretKey>>,
    /// Labels of the nodes on which the pod may run.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pod tolerates.
    pub tolerations: Option<Vec<Toleration>>,
}

/// The service with which CHT 4 upgrades itself.
#[derive(Clone, Default, Model)]
pub struct UpgradeService {
    /// Its image with the tag, which is none of CHT's versions. Default: `medicmobile/upgrade-service:0.32`.
    pub image: Option<String>,
    /// Compute resources of the container.
    pub resources: Option<Resources>,
}

/// A value in a secret of the namespace.
#[derive(Clone, Model)]
pub struct SecretKey {
    /// Name of the secret.
    #[tf(validate(checks::object_name()))]
    pub name: String,
    /// Key in it.
    pub key: String,
}

/// Compute resources of a container, as quantities by name.
#[derive(Clone, Default, Model)]
pub struct Resources {
    /// What the scheduler reserves, such as `{ cpu = "500m", memory = "2Gi" }`.
    #[tf(validate(Validator::each(checks::amount())))]
    pub requests: Option<BTreeMap<String, Text<Quantity>>>,
    /// What the container may use at most.
    #[tf(validate(Validator::each(checks::amount())))]
    pub limits: Option<BTreeMap<String, Text<Quantity>>>,
}

/// A taint that a pod tolerates.
#[derive(Clone, Model)]
pub struct Toleration {
    /// Key of the taint; without it, all taints.
    pub key: Option<String>,
    /// How the key and the value are compared: `Equal` or `Exists`. Default: `Equal`.
    #[tf(validate(Validator::one_of(["Equal", "Exists"])))]
    pub operator: Option<String>,
    /// Value of the taint.
    pub value: Option<String>,
    /// Effect of the taint; without it, all effects.
    #[tf(validate(Validator::one_of(["NoSchedule", "PreferNoSchedule", "NoExecute"])))]
    pub effect: Option<String>,
    /// How long the pod stays on a node that gets the taint with the effect `NoExecute`, in seconds; without it, for
    /// good.
    #[tf(validate(Validator::between(0..=2_147_483_647)))]
    pub toleration_seconds: Option<i64>,
}
