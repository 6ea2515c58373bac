//! What servers are told: all of them alike, and each of its own.

use std::collections::BTreeMap;

use crate::k3s::attributes::{ExtraConfig, taints};
use crate::k3s::cluster::model::{self, ClusterModel, Server};
use crate::k3s::config::{ClusterSettings, Datastore, NodeSettings, S3, Snapshots, Value};
use crate::k3s::rollout::WantedDatastore;

/// What these attributes are where k3s is told nothing.
const CLUSTER_DOMAIN: &str = "cluster.local";
const FLANNEL_BACKEND: &str = "vxlan";
const KUBECONFIG_MODE: &str = "0600";
const API_PORT: u16 = 6443;

impl ClusterModel {
    /// What is the same on all servers.
    pub(in crate::k3s::cluster) fn settings(&self) -> ClusterSettings {
        let unless = |value: &String, usual: &str| (value != usual).then(|| value.clone());
        ClusterSettings {
            data_dir: self.data_dir.clone(),
            tls_san: self.tls_san.iter().flatten().chain(&self.endpoint).cloned().collect(),
            https_port: (self.https_listen_port != API_PORT).then_some(self.https_listen_port),
            kubeconfig_mode: unless(&self.kubeconfig_mode, KUBECONFIG_MODE),
            cluster_cidr: texts(self.cluster_cidr.as_ref()),
            service_cidr: texts(self.service_cidr.as_ref()),
            cluster_dns: texts(self.cluster_dns.as_ref()),
            cluster_domain: unless(&self.cluster_domain, CLUSTER_DOMAIN),
            flannel_backend: unless(&self.flannel_backend, FLANNEL_BACKEND),
            disable: self.disable.iter().flatten().cloned().collect(),
            external_cloud_provider: self.has_external_cloud_provider(),
            datastore: self.datastore.as_ref().map_or(Datastore::Etcd, datastore),
            snapshots: self.snapshots.as_ref().map(snapshots),
            secrets_encryption: self.secrets_encryption,
            embedded_registry: self.embedded_registry,
            system_default_registry: self.system_default_registry.clone(),
            has_agent_token: true,
            docker: self.docker,
            selinux: self.selinux,
            kube_apiserver_args: list(self.kube_apiserver_args.as_ref()),
            kube_controller_manager_args: list(self.kube_controller_manager_args.as_ref()),
            kube_scheduler_args: list(self.kube_scheduler_args.as_ref()),
            kubelet_args: list(self.kubelet_args.as_ref()),
            kube_proxy_args: list(self.kube_proxy_args.as_ref()),
            extra: extra(self.extra_config.as_deref()),
        }
    }

    /// What each server has of its own, by name.
    pub(in crate::k3s::cluster) fn nodes(&self) -> BTreeMap<String, NodeSettings> {
        let servers = self.servers.iter();
        servers
            .map(|(name, server)| (name.clone(), node(name, server)))
            .collect()
    }
}

fn node(name: &str, server: &Server) -> NodeSettings {
    let mut extra = extra(server.extra_config.as_deref());
    // Its certificate is for its own addresses. Were those of all servers in the file of each, a new server would
    // restart all.
    extra.insert("tls-san".to_owned(), Value::List(own_names(server)));
    NodeSettings {
        name: name.to_owned(),
        node_ip: texts(server.node_ip.as_ref()),
        node_external_ip: texts(server.node_external_ip.as_ref()),
        labels: server.labels.clone().unwrap_or_default(),
        taints: taints(server.taints.as_ref()),
        provider_id: server.provider_id.clone(),
        extra,
    }
}

/// All names and addresses of a server, each once.
fn own_names(server: &Server) -> Vec<String> {
    let mut names = vec![server.host.clone()];
    let addresses = [&server.node_ip, &server.node_external_ip];
    for address in addresses.into_iter().flatten().flatten().map(ToString::to_string) {
        if !names.contains(&address) {
            names.push(address);
        }
    }
    names
}

fn datastore(datastore: &model::Datastore) -> Datastore {
    match (datastore.wanted(), &datastore.endpoint) {
        (WantedDatastore::Sqlite, _) => Datastore::Sqlite,
        (WantedDatastore::External, Some(endpoint)) => Datastore::External {
            endpoint: endpoint.clone(),
            ca_file: datastore.ca_file.clone(),
            cert_file: datastore.cert_file.clone(),
            key_file: datastore.key_file.clone(),
        },
        // Validation has refused an external one without an address.
        (WantedDatastore::Etcd | WantedDatastore::External, _) => Datastore::Etcd,
    }
}

fn snapshots(snapshots: &model::Snapshots) -> Snapshots {
    Snapshots {
        enabled: snapshots.enabled,
        schedule: snapshots.schedule.clone(),
        retention: snapshots.retention,
        directory: snapshots.directory.clone(),
        compress: snapshots.compress,
        s3: snapshots.s3.as_ref().map(s3),
    }
}

fn s3(s3: &model::S3) -> S3 {
    S3 {
        endpoint: s3.endpoint.clone(),
        endpoint_ca: s3.endpoint_ca.clone(),
        skip_ssl_verify: s3.skip_ssl_verify,
        insecure: s3.insecure,
        bucket: s3.bucket.clone(),
        region: s3.region.clone(),
        folder: s3.folder.clone(),
        access_key: s3.access_key.clone(),
        secret_key: s3.secret_key.clone(),
    }
}

fn extra(extra: Option<&ExtraConfig>) -> BTreeMap<String, Value> {
    extra.map(|extra| extra.entries().clone()).unwrap_or_default()
}

fn list(given: Option<&Vec<String>>) -> Vec<String> {
    given.cloned().unwrap_or_default()
}

fn texts<T: ToString>(given: Option<&Vec<T>>) -> Vec<String> {
    given.into_iter().flatten().map(ToString::to_string).collect()
}
