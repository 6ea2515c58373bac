//! What is the same on all servers of a cluster.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::node::NodeSettings;
use super::value::ConfigValue;
use super::{Config, Join};
use crate::k3s::paths;

/// What is the same on all servers of a cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterSettings {
    /// Where k3s keeps its data, if not in [`paths::DATA_DIR`].
    pub data_dir: Option<String>,
    /// Names and addresses beside those of the servers by which the API is reached.
    pub tls_san: Vec<String>,
    /// Port of the API, if not 6443.
    pub https_port: Option<u16>,
    /// Mode of the administrator's kubeconfig on the servers; k3s' own is `0600`.
    pub kubeconfig_mode: Option<String>,
    /// Networks of pods.
    pub cluster_cidr: Vec<String>,
    /// Networks of services.
    pub service_cidr: Vec<String>,
    /// Addresses of the cluster's DNS.
    pub cluster_dns: Vec<String>,
    /// DNS domain of the cluster.
    pub cluster_domain: Option<String>,
    /// How pods on different nodes reach each other.
    pub flannel_backend: Option<String>,
    /// Components of k3s that are not wanted.
    pub disable: Vec<String>,
    /// Whether a cloud provider outside of k3s manages nodes.
    pub external_cloud_provider: bool,
    /// Where the state of the cluster is.
    pub datastore: Datastore,
    /// Snapshots of embedded etcd.
    pub snapshots: Option<Snapshots>,
    /// Whether Secrets are encrypted in the datastore.
    pub secrets_encryption: bool,
    /// Whether nodes pass images to each other.
    pub embedded_registry: bool,
    /// Registry for the images of k3s itself.
    pub system_default_registry: Option<String>,
    /// Whether agents have a token of their own, with which no server can join.
    pub has_agent_token: bool,
    /// Whether Docker runs the containers.
    pub docker: bool,
    /// Whether containers are confined by SELinux.
    pub selinux: bool,
    /// Arguments of the API server.
    pub kube_apiserver_args: Vec<String>,
    /// Arguments of the controller manager.
    pub kube_controller_manager_args: Vec<String>,
    /// Arguments of the scheduler.
    pub kube_scheduler_args: Vec<String>,
    /// Arguments of the servers' kubelets.
    pub kubelet_args: Vec<String>,
    /// Arguments of the servers' proxies.
    pub kube_proxy_args: Vec<String>,
    /// Other keys, which were checked.
    pub extra: BTreeMap<String, ConfigValue>,
}

/// Where the state of a cluster is.
#[derive(Clone, Debug, Default)]
pub enum Datastore {
    /// In etcd on the servers.
    #[default]
    Etcd,
    /// In SQLite on the one server.
    Sqlite,
    /// In a database elsewhere. Its address has a password, so it is passed by the environment.
    External {
        /// The address.
        endpoint: SecretString,
        /// File on the servers with the authority that signed the database's certificate.
        ca_file: Option<String>,
        /// File on the servers with the client's certificate.
        cert_file: Option<String>,
        /// File on the servers with the client's key.
        key_file: Option<String>,
    },
}

/// Snapshots of embedded etcd.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    /// Whether they are taken by schedule.
    pub enabled: bool,
    /// When, as for cron.
    pub schedule: Option<String>,
    /// How many are kept.
    pub retention: Option<u32>,
    /// Where they are on each server.
    pub directory: Option<String>,
    /// Whether they are compressed.
    pub compress: bool,
    /// Where else they are.
    pub s3: Option<S3>,
}

/// A bucket for snapshots.
#[derive(Clone, Debug, Default)]
pub struct S3 {
    /// Host of the service, if not Amazon's.
    pub endpoint: Option<String>,
    /// File on the servers with the authority that signed the service's certificate.
    pub endpoint_ca: Option<String>,
    /// Whether the certificate is not verified.
    pub skip_ssl_verify: bool,
    /// Whether the service has no TLS.
    pub insecure: bool,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: Option<String>,
    /// Folder in it.
    pub folder: Option<String>,
    /// Name of the key, passed by the environment.
    pub access_key: Option<SecretString>,
    /// The key, passed by the environment.
    pub secret_key: Option<SecretString>,
}

impl ClusterSettings {
    /// The configuration of one of the servers.
    #[must_use]
    pub fn config(&self, node: &NodeSettings, join: &Join) -> Config {
        let mut config = Config::default();
        config.join(join);
        config.set_text("data-dir", self.data_dir.as_ref());
        config.set("token-file", ConfigValue::Text(paths::TOKEN.to_owned()));
        if self.has_agent_token {
            config.set("agent-token-file", ConfigValue::Text(paths::AGENT_TOKEN.to_owned()));
        }
        self.add_api(&mut config);
        self.add_networks(&mut config);
        self.add_datastore(&mut config);
        self.add_components(&mut config);
        config.extend("kubelet-arg", self.kubelet_args.iter().cloned());
        config.extend("kube-proxy-arg", self.kube_proxy_args.iter().cloned());
        node.add_to(&mut config, self.external_cloud_provider);
        config.add_extra(&self.extra);
        config.add_extra(&node.extra);
        config
    }

    fn add_api(&self, config: &mut Config) {
        config.extend("tls-san", self.tls_san.iter().cloned());
        if let Some(port) = self.https_port {
            config.set("https-listen-port", ConfigValue::Number(i64::from(port)));
        }
        config.set_text("write-kubeconfig-mode", self.kubeconfig_mode.as_ref());
        config.extend("kube-apiserver-arg", self.kube_apiserver_args.iter().cloned());
        config.extend(
            "kube-controller-manager-arg",
            self.kube_controller_manager_args.iter().cloned(),
        );
        config.extend("kube-scheduler-arg", self.kube_scheduler_args.iter().cloned());
    }

    fn add_networks(&self, config: &mut Config) {
        config.extend("cluster-cidr", self.cluster_cidr.iter().cloned());
        config.extend("service-cidr", self.service_cidr.iter().cloned());
        config.extend("cluster-dns", self.cluster_dns.iter().cloned());
        config.set_text("cluster-domain", self.cluster_domain.as_ref());
        config.set_text("flannel-backend", self.flannel_backend.as_ref());
    }

    fn add_datastore(&self, config: &mut Config) {
        if let Datastore::External {
            endpoint: _,
            ca_file,
            cert_file,
            key_file,
        } = &self.datastore
        {
            config.set_text("datastore-cafile", ca_file.as_ref());
            config.set_text("datastore-certfile", cert_file.as_ref());
            config.set_text("datastore-keyfile", key_file.as_ref());
        }
        if let Some(snapshots) = &self.snapshots {
            snapshots.add_to(config);
        }
    }

    fn add_components(&self, config: &mut Config) {
        config.extend("disable", self.disable.iter().cloned());
        config.set_flag("disable-cloud-controller", self.external_cloud_provider);
        config.set_flag("secrets-encryption", self.secrets_encryption);
        config.set_flag("embedded-registry", self.embedded_registry);
        config.set_text("system-default-registry", self.system_default_registry.as_ref());
        config.set_flag("docker", self.docker);
        config.set_flag("selinux", self.selinux);
    }
}

impl Snapshots {
    fn add_to(&self, config: &mut Config) {
        if !self.enabled {
            config.set_flag("etcd-disable-snapshots", true);
        }
        config.set_text("etcd-snapshot-schedule-cron", self.schedule.as_ref());
        if let Some(retention) = self.retention {
            config.set("etcd-snapshot-retention", ConfigValue::Number(i64::from(retention)));
        }
        config.set_text("etcd-snapshot-dir", self.directory.as_ref());
        config.set_flag("etcd-snapshot-compress", self.compress);
        if let Some(s3) = &self.s3 {
            s3.add_to(config);
        }
    }
}

impl S3 {
    fn add_to(&self, config: &mut Config) {
        config.set_flag("etcd-s3", true);
        config.set_text("etcd-s3-endpoint", self.endpoint.as_ref());
        config.set_text("etcd-s3-endpoint-ca", self.endpoint_ca.as_ref());
        config.set_flag("etcd-s3-skip-ssl-verify", self.skip_ssl_verify);
        config.set_flag("etcd-s3-insecure", self.insecure);
        config.set_text("etcd-s3-bucket", Some(&self.bucket));
        config.set_text("etcd-s3-region", self.region.as_ref());
        config.set_text("etcd-s3-folder", self.folder.as_ref());
    }
}
