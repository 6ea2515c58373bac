//! The attributes of `cht_instance`, in schema order.

use std::collections::BTreeMap;

use secrecy::SecretString;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts, WriteOnly};

use crate::kubernetes::Kubernetes;

pub(super) mod checks;
mod ingress;
mod node;
mod pods;
mod private;
mod upgrade;

pub(super) use self::ingress::{Alb, Gce, Ingress, IngressDraft, IngressKind, Tls, TlsDraft};
pub(super) use self::node::{CouchdbNode, CouchdbNodeDraft, NodeStorage, NodeStorageDraft};
pub(super) use self::pods::{
    Component, Healthcheck, Image, Nouveau, Proxy, Resources, SecretKey, Toleration, UpgradeService,
};
pub(super) use self::private::Private;
pub(super) use self::upgrade::{ApiAccess, Upgrade};

/// Manages one instance of the Community Health Toolkit (CHT) in a Kubernetes namespace: CouchDB with its data volumes,
/// HAProxy, the API, Sentinel, and the ingress in front of them.
///
/// The cluster may be made in the same apply. Creation ends when the application answers, not when its pods run.
/// Anything that is changed from outside shows in `drift` in the next plan, and the next apply repairs it.
#[derive(Clone, Model)]
#[tf(timeouts(create = "30m", read = "5m", update = "25h", delete = "15m"))]
pub struct InstanceModel {
    /// The way to the cluster; the provider's `kubernetes` where it is not given. Changing it changes how the cluster
    /// is reached, not which cluster the instance is in.
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
    /// The service with which CHT 4 upgrades itself from its own page; without it, there is none. Terraform does not
    /// know of such upgrades until its next refresh, so prefer to change `cht_version`.
    pub upgrade_service: Option<UpgradeService>,
    /// Public address by which the provider asks the application. Without it, it does so through the API server, which
    /// needs neither DNS nor an ingress, but the permission to forward ports to pods.
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
    /// Who made an instance that was imported and is not this provider's own: `Helm release <namespace>/<name>`, or
    /// `manifests` where its objects name no release. Its objects are taken over by the first apply after the import.
    #[tf(keep)]
    pub adopted_from: Attr<String>,
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

/// CouchDB: credentials, storage and scheduling.
#[derive(Clone, Model)]
pub struct Couchdb {
    /// Size of the data volume of each node, such as `100Gi`. It can grow where the storage class allows it, never
    /// shrink.
    #[tf(validate(checks::quantity()), equal = checks::same_quantity)]
    pub storage_size: String,
    /// Storage class of the data volumes; the cluster's default class where it is not given.
    #[tf(optional, keep_non_null)]
    pub storage_class: Attr<String>,
    /// Nodes of CouchDB. Without it, or with one element, there is a single node; with more, they form a cluster. Their
    /// number cannot be changed later.
    #[tf(validate(Validator::length(1..=99)))]
    pub nodes: Option<Vec<CouchdbNode>>,
    /// Whether the volumes hold the data of an earlier instance. CouchDB then has to find it before anything else
    /// starts, and `admin_password`, `secret` and `uuid` have to be those of that instance.
    #[tf(default = false)]
    pub existing_data: bool,
    /// Directory of the volume that holds CouchDB's data; nothing for the volume's root. In a cluster, `%d` stands for
    /// the number of the node.
    #[tf(default = "data", validate(checks::data_path()))]
    pub data_path: String,
    /// Name of CouchDB's administrator. CouchDB keeps the one that it was first started with.
    #[tf(default = "medic", validate(checks::admin_user()))]
    pub admin_user: String,
    /// Password of CouchDB's administrator, stored in the state. Generated where neither this nor `admin_password_wo`
    /// is given. Changing it changes the password in CouchDB, and restarts the services that use it.
    #[tf(optional, keep_non_null, validate(checks::admin_password()))]
    pub admin_password: Attr<SecretString>,
    /// Password of CouchDB's administrator, never stored in a plan or the state.
    #[tf(validate(checks::admin_password()))]
    pub admin_password_wo: WriteOnly<SecretString>,
    /// Version of `admin_password_wo`, of your own choice: it tells which password the instance has. Changing it
    /// changes the password in CouchDB, and restarts the services that use it.
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
    /// Whether the containers get the capability `SYS_RESOURCE`, for platforms that need it to raise the limit of open
    /// files.
    #[tf(default = false)]
    pub sys_resource: bool,
    /// Compute resources of each container.
    pub resources: Option<Resources>,
    /// Labels of the Kubernetes nodes on which the pods may run.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pods tolerate.
    pub tolerations: Option<Vec<Toleration>>,
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
