//! The result: the arguments of `cht_instance` that a chart's values decide.

use std::collections::BTreeMap;

use tf_framework::Model;

/// Arguments of `cht_instance`, as far as the values decide them.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Arguments {
    /// Namespace of the instance.
    pub namespace: String,
    /// CHT release.
    pub cht_version: String,
    /// Host name under which users reach the instance.
    pub host: Option<String>,
    /// Where the container images come from.
    pub image: Option<Image>,
    /// Address of the builds server.
    pub builds_url: Option<String>,
    /// CouchDB.
    pub couchdb: Couchdb,
    /// The API.
    pub api: Option<Service>,
    /// Sentinel.
    pub sentinel: Option<Service>,
    /// The health check service, which the chart always makes.
    pub healthcheck: Healthcheck,
    /// The service with which CHT 4 upgrades itself.
    pub upgrade_service: Option<UpgradeService>,
    /// How the instance is reached from outside the cluster.
    pub ingress: Option<Ingress>,
    /// Health checks of the pods by Kubernetes, which the chart does not set.
    pub probes: Probes,
    /// Keys of the values that have no counterpart.
    pub unused: Vec<String>,
}

/// Where the container images come from.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Image {
    /// Registry and path in front of the image names.
    pub registry: Option<String>,
    /// Tag of all images, where it is not the release.
    pub tag: Option<String>,
    /// When images are pulled.
    pub pull_policy: Option<String>,
}

/// CouchDB.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Couchdb {
    /// Size of the data volume of each node.
    pub storage_size: String,
    /// Storage class of the data volumes.
    pub storage_class: Option<String>,
    /// The nodes, where there is something to say about them.
    pub nodes: Option<Vec<Node>>,
    /// Whether the volumes hold the data of an earlier instance.
    pub existing_data: bool,
    /// Directory of the volume that holds CouchDB's data.
    pub data_path: String,
    /// Name of CouchDB's administrator.
    pub admin_user: String,
    /// Password of CouchDB's administrator.
    pub admin_password: String,
    /// Key of sessions and stored credentials.
    pub secret: Option<String>,
    /// Identity of the CouchDB server.
    pub uuid: Option<String>,
    /// Taints that the pods tolerate.
    pub tolerations: Option<Vec<Toleration>>,
}

/// A node of CouchDB.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Node {
    /// Name of the Kubernetes node to which the pod is bound.
    pub node_name: Option<String>,
    /// Its data volume, where it exists already.
    pub storage: Option<Storage>,
}

/// A data volume that exists already.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Storage {
    /// Size of the volume.
    pub size: Option<String>,
    /// Id of a volume of Amazon EBS.
    pub ebs_volume_id: Option<String>,
    /// Name of a disk of Google Compute Engine.
    pub gce_disk: Option<String>,
    /// Directory of a Kubernetes node.
    pub host_path: Option<String>,
    /// Name of a PersistentVolumeClaim in the namespace.
    pub claim_name: Option<String>,
    /// Partition that holds the file system; without it, the whole disk.
    pub partition: Option<i64>,
}

/// A taint that a pod tolerates.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Toleration {
    /// Key of the taint.
    pub key: Option<String>,
    /// How the key and the value are compared.
    pub operator: Option<String>,
    /// Value of the taint.
    pub value: Option<String>,
    /// Effect of the taint.
    pub effect: Option<String>,
}

/// The API or Sentinel.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Service {
    /// Verbosity of the log.
    pub log_level: Option<String>,
    /// Mode of the Node.js process.
    pub node_env: Option<String>,
}

/// The health check service.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Healthcheck {
    /// Whether there is the service.
    pub enabled: bool,
}

/// The service with which CHT 4 upgrades itself.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct UpgradeService {
    /// Its image with the tag.
    pub image: String,
}

/// Health checks of the pods by Kubernetes.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Probes {
    /// Whether Kubernetes restarts containers that do not answer.
    pub enabled: bool,
}

/// How the instance is reached from outside the cluster.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Ingress {
    /// Ingress class; the cluster's default class where it is null.
    pub class: Option<String>,
    /// Encryption by the ingress.
    pub tls: Option<Tls>,
    /// Settings of a load balancer of AWS.
    pub alb: Option<Alb>,
    /// Settings of a load balancer of Google.
    pub gce: Option<Gce>,
}

/// Encryption by the ingress.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Tls {
    /// Name of a secret in the namespace.
    pub secret_name: Option<String>,
    /// ARN of a certificate of AWS.
    pub acm_certificate_arn: Option<String>,
    /// Name of a ManagedCertificate of Google in the namespace.
    pub managed_certificate: Option<String>,
}

/// Settings of a load balancer of AWS.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Alb {
    /// Group of ingresses that share one load balancer.
    pub group_name: Option<String>,
    /// Tags of what is made in AWS.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Settings of a load balancer of Google.
#[derive(Clone, Debug, Default, Model, PartialEq)]
pub struct Gce {
    /// Name of a reserved global address.
    pub static_ip_name: Option<String>,
}
