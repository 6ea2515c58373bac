//! What an instance is made of: the input of [`super::objects`]. It is made [`from_model`]; [`layout`] has what differs
//! between versions.
//!
//! The values are complete: whoever builds an [`InstanceSpec`] has applied every default, and the `Default`
//! implementations here are those defaults, which are the official ones wherever there are any.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ResourceRequirements, Toleration};
use secrecy::SecretString;

use crate::cht::instance::spec::layout::Layout;
use crate::cht::version::ChtVersion;

mod couchdb;
mod from_model;
mod ingress;
pub mod layout;

pub use self::couchdb::{CouchDb, CouchDbNode, Member, Storage, Volume};
pub use self::ingress::{Alb, Controller, Gce, Ingress, TargetType, Tls};

/// A whole CHT instance in one namespace.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// The namespace; part of every name by which the services find each other.
    pub namespace: String,
    /// Whether the namespace is one of the instance's own objects.
    pub create_namespace: bool,
    /// The name under which people reach the instance.
    pub host: String,
    /// The CHT version; decides the images' tag and which objects there are.
    pub version: ChtVersion,
    /// Where the images come from.
    pub image: Image,
    /// The builds server from which the API stages upgrades.
    pub builds_url: String,
    /// The DNS domain of the cluster.
    pub cluster_domain: String,
    /// The name of CouchDB's administrator.
    pub admin_user: String,
    /// That administrator's password.
    pub admin_password: SecretString,
    /// The key with which CouchDB signs session cookies and the CHT encrypts stored credentials. Never changes.
    pub secret: SecretString,
    /// CouchDB's server UUID, by which replication recognizes the server. Never changes.
    pub uuid: SecretString,
    /// The database.
    pub couchdb: CouchDb,
    /// The search index beside the database; only its resources can be chosen.
    pub nouveau: Nouveau,
    /// The API, which also serves the web application.
    pub api: NodeService,
    /// The background processor.
    pub sentinel: NodeService,
    /// The proxy between the two of them and CouchDB.
    pub haproxy: PodSettings,
    /// The agent that tells HAProxy whether a CouchDB cluster is complete.
    pub healthcheck: Healthcheck,
    /// What that agent's pod is like, if there is one.
    pub healthcheck_pod: HealthcheckPod,
    /// The service that changes images on behalf of the API, where the version knows one.
    pub upgrade_service: Option<UpgradeService>,
    /// The way in from outside of the cluster.
    pub ingress: Ingress,
    /// How Kubernetes watches the containers.
    pub probes: Probes,
}

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What stands before `/cht-api`.
    pub registry: String,
    /// The tag of all images, if it is not the version.
    pub tag: Option<String>,
    /// `Always`, `IfNotPresent` or `Never`.
    pub pull_policy: String,
    /// Names of Secrets of the namespace that hold registry credentials.
    pub pull_secrets: Vec<String>,
}

/// The Nouveau container.
#[derive(Debug, Clone, Default)]
pub struct Nouveau {
    /// What the container asks for and is limited to.
    pub resources: ResourceRequirements,
}

/// A service that runs on Node.js.
#[derive(Debug, Clone, Default)]
pub struct NodeService {
    /// The service's log level, if it is not the usual one of the version.
    pub log_level: Option<String>,
    /// `NODE_ENV`, if it is not the usual one of the version.
    pub node_env: Option<String>,
    /// Resources, environment and place of the pod.
    pub pod: PodSettings,
}

/// What can be said of every pod.
#[derive(Debug, Clone, Default)]
pub struct PodSettings {
    /// What the main container asks for and is limited to.
    pub resources: ResourceRequirements,
    /// Variables beside those that the instance itself needs, which win.
    pub env: BTreeMap<String, String>,
    /// Likewise, with values in Secrets of the namespace.
    pub env_from_secrets: BTreeMap<String, SecretKey>,
    /// Labels of the nodes on which the pod may run.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the pod tolerates.
    pub tolerations: Vec<Toleration>,
}

/// A value in a Secret of the namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    /// The Secret's name.
    pub name: String,
    /// The key in it.
    pub key: String,
}

/// The healthcheck service's pod.
#[derive(Debug, Clone, Default)]
pub struct HealthcheckPod {
    /// The log level, if it is not the image's own.
    pub log_level: Option<String>,
    /// Resources, environment and place of the pod.
    pub pod: PodSettings,
}

/// The upgrade service, which has a release cycle of its own.
#[derive(Debug, Clone)]
pub struct UpgradeService {
    /// The image with its tag.
    pub image: String,
    /// What the container asks for and is limited to.
    pub resources: ResourceRequirements,
}

/// Whether there is a healthcheck service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Healthcheck {
    /// Only where HAProxy asks it: not for a single CouchDB node since 5.0, although the official chart makes it.
    #[default]
    Auto,
    /// Always, as the official chart has it.
    Enabled,
    /// Never.
    Disabled,
}

/// How Kubernetes watches the containers. The official charts set no probes at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probes {
    /// Whether there are probes.
    pub enabled: bool,
    /// Whether the API pod is out of service until the CHT is ready, which hides its page that shows the progress.
    pub readiness: bool,
    /// How long a container may take until it first listens; the API does so only after CouchDB can be reached.
    pub startup_timeout_seconds: u32,
}

impl InstanceSpec {
    /// The tag of all images of the instance.
    #[must_use]
    pub fn image_tag(&self) -> String {
        self.image.tag.clone().unwrap_or_else(|| self.version.to_string())
    }

    /// The name under which pods of the cluster reach a Service of the instance.
    #[must_use]
    pub fn service_host(&self, service: &str) -> String {
        format!("{service}.{}.svc.{}", self.namespace, self.cluster_domain)
    }

    /// What is particular to the version.
    #[must_use]
    pub fn layout(&self) -> &'static Layout {
        Layout::of(&self.version)
    }

    /// Whether HAProxy takes CouchDB for down unless the healthcheck service says otherwise.
    #[must_use]
    pub fn needs_healthcheck(&self) -> bool {
        self.couchdb.is_clustered() || self.layout().always_has_healthcheck
    }

    /// Whether the instance has the healthcheck service.
    #[must_use]
    pub fn has_healthcheck(&self) -> bool {
        match self.healthcheck {
            Healthcheck::Enabled => true,
            Healthcheck::Disabled => false,
            Healthcheck::Auto => self.needs_healthcheck(),
        }
    }
}

impl Default for UpgradeService {
    fn default() -> Self {
        Self {
            image: "medicmobile/upgrade-service:0.32".to_owned(),
            resources: ResourceRequirements::default(),
        }
    }
}

impl Default for Image {
    fn default() -> Self {
        Self {
            registry: "public.ecr.aws/medic".to_owned(),
            tag: None,
            pull_policy: "IfNotPresent".to_owned(),
            pull_secrets: Vec::new(),
        }
    }
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            enabled: true,
            readiness: false,
            startup_timeout_seconds: 1800,
        }
    }
}

/// The builds server of Medic, from which released versions are staged.
pub const DEFAULT_BUILDS_URL: &str = "https://staging.dev.medicmobile.org/_couch/builds_4";
