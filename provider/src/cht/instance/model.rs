//! The attributes of `cht_instance`, in schema order.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use tf_framework::custom_types::Text;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts, WriteOnly};

use crate::cht::instance::checks;
use crate::kubernetes::Kubernetes;

mod node;

pub(super) use self::node::{CouchdbNode, CouchdbNodeDraft, NodeStorage, NodeStorageDraft};

/// Manages one instance of the Community Health Toolkit (CHT) in a Kubernetes namespace: CouchDB with its data volumes,
/// HAProxy, the API, Sentinel, and the ingress in front of them.
///
/// The cluster may be made in the same apply. Creation ends when the application answers, not when its pods run. Anything
/// that is changed from outside shows in `drift` in the next plan, and the next apply repairs it.
#[derive(Clone, Model)]
#[tf(timeouts(create = "30m", read = "5m", update = "25h", delete = "15m"))]
pub struct InstanceModel {
    /// The way to the cluster; the provider's `kubernetes` where it is not given. Changing it changes how the cluster is
    /// reached, not which cluster the instance is in.
    pub kubernetes: Option<Kubernetes>,
    /// Namespace of the instance, which it has for itself. Changing it replaces the instance.
    #[tf(replace, validate(checks::namespace()))]
    pub namespace: String,
    /// Whether the namespace is made, and removed, with the instance. With `false` it must exist.
    #[tf(default = true)]
    pub create_namespace: bool,
    /// CHT release to run, such as `5.3.1`: any of CHT 4 and 5, betas and feature releases too.
    #[tf(validate(checks::cht_version()))]
    pub cht_version: String,
    /// Host name under which users reach the instance, such as `kisumu.health.example`.
    #[tf(validate(checks::host_name()))]
    pub host: String,
    /// Where the container images come from.
    pub image: Option<Image>,
    /// How a change of `cht_version` is carried out.
    pub upgrade: Option<Upgrade>,
    /// Whether CHT may be taken back to an earlier version. CHT does not support that: make a backup before.
    #[tf(default = false)]
    pub allow_downgrade: bool,
    /// Address of the builds server, from which upgrades are staged.
    #[tf(default = "https://staging.dev.medicmobile.org/_couch/builds_4")]
    pub builds_url: String,
    /// DNS domain of the cluster. CouchDB's node name contains it, so changing it replaces the instance.
    #[tf(replace, default = "cluster.local", validate(checks::host_name()))]
    pub cluster_domain: String,
    /// CouchDB: credentials, storage and scheduling.
    pub couchdb: Couchdb,
    /// The search index beside CouchDB, since CHT 5.0.
    pub nouveau: Option<Nouveau>,
    /// The API, which serves users.
    pub api: Option<Component>,
    /// Sentinel, which processes documents in the background.
    pub sentinel: Option<Component>,
    /// HAProxy, between the API and CouchDB.
    pub haproxy: Option<Proxy>,
    /// The health check service, which HAProxy asks whether CouchDB is complete.
    pub healthcheck: Option<Healthcheck>,
    /// The service with which CHT 4 upgrades itself from its own page; without it, there is none. Terraform does not know of
    /// such upgrades until its next refresh, so prefer to change `cht_version`.
    pub upgrade_service: Option<UpgradeService>,
    /// Public address by which the provider asks the application. Without it, it does so through the API server, which needs
    /// neither DNS nor an ingress, but the permission to forward ports to pods.
    pub api_access: Option<ApiAccess>,
    /// How the instance is reached from outside the cluster; without it, it is not.
    pub ingress: Option<Ingress>,
    /// Health checks of the pods by Kubernetes.
    pub probes: Option<Probes>,
    /// Refuses to destroy or replace the instance.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Keeps the data volumes, and with them the namespace, when the instance is destroyed.
    #[tf(default = true)]
    pub retain_volumes: bool,
    /// Address of the instance for users.
    pub url: Attr<String>,
    /// CHT release that the running instance reports.
    #[tf(depends_on(cht_version, image))]
    pub live_version: Attr<String>,
    /// Whether the running instance serves requests.
    #[tf(keep_non_null)]
    pub ready: Attr<bool>,
    /// Address that the ingress controller assigned: an IP address or a host name, to which `host` has to resolve.
    #[tf(depends_on(ingress))]
    pub ingress_address: Attr<String>,
    /// What differs in the cluster from what is configured, one line for each difference. The next apply repairs it.
    #[tf(keep_non_null)]
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names an instance in its cluster.
#[derive(Clone, Debug, Identity)]
pub struct InstanceIdentity {
    /// Namespace of the instance.
    pub namespace: String,
}

impl IdentityOf<InstanceModel> for InstanceIdentity {
    fn of(instance: &InstanceModel) -> Option<Self> {
        let namespace = instance.namespace.clone();
        Some(InstanceIdentity { namespace })
    }
}

/// Where the container images come from.
#[derive(Clone, Default, Model)]
pub struct Image {
    /// Registry and path in front of the image names. Default: `public.ecr.aws/medic`.
    pub registry: Option<String>,
    /// Tag of all images. Default: `cht_version`.
    pub tag: Option<String>,
    /// When images are pulled: `Always`, `IfNotPresent` or `Never`. Default: `IfNotPresent`.
    #[tf(validate(Validator::one_of(["Always", "IfNotPresent", "Never"])))]
    pub pull_policy: Option<String>,
    /// Names of secrets in the namespace with credentials for the registry.
    pub pull_secrets: Option<Vec<String>>,
}

/// The public address by which the provider asks the application.
#[derive(Clone, Model)]
pub struct ApiAccess {
    /// The address, such as `https://kisumu.health.example`. It has to lead to the instance before its creation can end.
    #[tf(validate(Validator::url(["https"])))]
    pub url: String,
    /// Certificates of the authorities that signed the certificate of `url`, in PEM. Without it, the authorities that the
    /// operating system trusts count.
    #[tf(validate(Validator::pem_certificates()))]
    pub ca_certificate: Option<String>,
}

/// How a change of `cht_version` is carried out.
#[derive(Clone, Default, Model)]
pub struct Upgrade {
    /// `staged` lets the running version fetch the new one and index the data for it first, so that users are interrupted for
    /// minutes only; the API's pod must reach `builds_url`. `direct` exchanges the images at once, and CHT serves nobody until
    /// it has indexed the data. Default: `staged`.
    #[tf(validate(Validator::one_of(["staged", "direct"])))]
    pub mode: Option<String>,
    /// How long data may be indexed for a new version, such as `48h`; it counts within `timeouts.update`. What was begun goes
    /// on after that, and the next apply waits for it again. Default: `24h`.
    pub timeout: Option<Text<Duration>>,
}

/// CouchDB: credentials, storage and scheduling.
#[derive(Clone, Model)]
pub struct Couchdb {
    /// Size of the data volume of each node, such as `100Gi`. It can grow where the storage class allows it, never shrink.
    #[tf(validate(checks::quantity()), equal = checks::same_quantity)]
    pub storage_size: String,
    /// Storage class of the data volumes; the cluster's default class where it is not given.
    #[tf(optional, keep_non_null)]
    pub storage_class: Attr<String>,
    /// Nodes of CouchDB. Without it, or with one element, there is a single node; with more, they form a cluster. Their
    /// number cannot be changed later.
    #[tf(validate(Validator::length(1..=99)))]
    pub nodes: Option<Vec<CouchdbNode>>,
    /// Whether the volumes hold the data of an earlier instance. CouchDB then has to find it before anything else starts,
    /// and `admin_password`, `secret` and `uuid` have to be those of that instance.
    #[tf(default = false)]
    pub existing_data: bool,
    /// Directory of the volume that holds CouchDB's data; nothing for the volume's root. In a cluster, `%d` stands for the
    /// number of the node.
    #[tf(default = "data", validate(checks::data_path()))]
    pub data_path: String,
    /// Name of CouchDB's administrator. CouchDB keeps the one that it was first started with.
    #[tf(default = "medic", validate(checks::admin_user()))]
    pub admin_user: String,
    /// Password of CouchDB's administrator, stored in the state. Generated where neither this nor `admin_password_wo` is
    /// given. Changing it changes the password in CouchDB, and restarts the services that use it.
    #[tf(optional, keep_non_null, validate(checks::admin_password()))]
    pub admin_password: Attr<SecretString>,
    /// Password of CouchDB's administrator, never stored in a plan or the state.
    #[tf(validate(checks::admin_password()))]
    pub admin_password_wo: WriteOnly<SecretString>,
    /// Version of `admin_password_wo`, of your own choice: it tells which password the instance has. Changing it changes the
    /// password in CouchDB, and restarts the services that use it.
    pub admin_password_wo_version: Option<i64>,
    /// Key of sessions and stored credentials. Generated where it is not given; keep it with the backups.
    #[tf(optional, keep_non_null, validate(Validator::length(16..=256)))]
    pub secret: Attr<SecretString>,
    /// Identity of the CouchDB server. Generated where it is not given; keep it with the backups.
    #[tf(optional, keep_non_null, validate(checks::server_uuid()))]
    pub uuid: Attr<SecretString>,
    /// Verbosity of the log.
    #[tf(
        default = "info",
        validate(Validator::one_of([
            "debug", "info", "notice", "warning", "warn", "error", "critical", "alert", "emergency", "none"
        ]))
    )]
    pub log_level: String,
    /// Whether the limit of open files stays as the platform has it, for platforms that forbid to raise it.
    #[tf(default = false)]
    pub default_ulimit: bool,
    /// Whether the containers get the capability `SYS_RESOURCE`, for platforms that need it to raise the limit of open files.
    #[tf(default = false)]
    pub sys_resource: bool,
    /// Compute resources of each container.
    pub resources: Option<Resources>,
    /// Labels of the Kubernetes nodes on which the pods may run.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pods tolerate.
    pub tolerations: Option<Vec<Toleration>>,
}

/// The search index beside CouchDB.
#[derive(Clone, Default, Model)]
pub struct Nouveau {
    /// Compute resources of the container.
    pub resources: Option<Resources>,
}

/// The health check service, which HAProxy asks whether CouchDB is complete.
#[derive(Clone, Default, Model)]
pub struct Healthcheck {
    /// Whether there is the service. Default: where HAProxy asks it, which it does about a CouchDB cluster, and before CHT 5.0
    /// about a single node, too. The official chart makes it in any case.
    pub enabled: Option<bool>,
}

/// The service with which CHT 4 upgrades itself.
#[derive(Clone, Default, Model)]
pub struct UpgradeService {
    /// Its image with the tag, which is none of CHT's versions. Default: `medicmobile/upgrade-service:0.32`.
    pub image: Option<String>,
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
    #[tf(validate(checks::extra_env()))]
    pub env: Option<BTreeMap<String, String>>,
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
    /// Labels of the nodes on which the pod may run.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pod tolerates.
    pub tolerations: Option<Vec<Toleration>>,
}

/// Compute resources of a container, as quantities by name.
#[derive(Clone, Default, Model)]
pub struct Resources {
    /// What the scheduler reserves, such as `{ cpu = "500m", memory = "2Gi" }`.
    #[tf(validate(Validator::each(checks::quantity())))]
    pub requests: Option<BTreeMap<String, String>>,
    /// What the container may use at most.
    #[tf(validate(Validator::each(checks::quantity())))]
    pub limits: Option<BTreeMap<String, String>>,
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
}

/// How the instance is reached from outside the cluster.
#[derive(Clone, Default, Model)]
pub struct Ingress {
    /// Ingress class, such as `traefik`, `nginx` or `alb`; the cluster's default class where it is not given. For the
    /// classes named here, the timeouts and the body size that CHT needs are set.
    pub class: Option<String>,
    /// Further annotations; they win over those that are set for the class.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Encryption by the ingress; without it, the ingress speaks plain HTTP, or has a certificate from elsewhere.
    pub tls: Option<Tls>,
    /// How long a request may take, in seconds: replication keeps requests open for long. Default: `3600`.
    #[tf(validate(Validator::between(60..=86_400)))]
    pub timeout_seconds: Option<i64>,
    /// The largest request body, in MiB. Default: `32`, which is what the API accepts.
    #[tf(validate(Validator::between(1..=1024)))]
    pub body_size_mib: Option<i64>,
}

/// Encryption by the ingress: a certificate with its key, or the name of a secret that has them.
#[derive(Clone, Default, Model)]
pub struct Tls {
    /// Certificate with its chain, in PEM; needs `private_key`.
    pub certificate: Option<String>,
    /// Private key of `certificate`, in PEM.
    pub private_key: Option<SecretString>,
    /// Name of an existing secret of type `kubernetes.io/tls` in the namespace, instead of `certificate`.
    pub secret_name: Option<String>,
}

/// Health checks of the pods by Kubernetes.
#[derive(Clone, Default, Model)]
pub struct Probes {
    /// Whether Kubernetes restarts containers that do not answer. Default: `true`.
    pub enabled: Option<bool>,
    /// Whether users reach the API only when it is ready. It hides the page that shows the progress of an installation.
    /// Default: `false`.
    pub readiness: Option<bool>,
    /// How long a container may take to listen before it is restarted, in seconds. The API listens only once it reaches
    /// CouchDB. Default: `1800`.
    #[tf(validate(Validator::between(60..=86_400)))]
    pub startup_timeout_seconds: Option<i64>,
}
