//! What the running servers were told, as attributes. Secrets are masked there, so they stay to be given.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tf_framework::custom_types::Text;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Timeouts, WriteOnly};

use super::{Address, refused};
use crate::k3s::attributes::{ExtraConfig, Taint};
use crate::k3s::cluster::model::{ClusterModel, Datastore, Server, Snapshots};
use crate::k3s::config::Role;
use crate::k3s::config::keys::{Key, Kind, Owner};
use crate::k3s::paths;
use crate::k3s::probe::{DatastoreKind, NodeState};

/// What one k3s was told: the values of each key.
type Told = BTreeMap<String, Vec<String>>;

/// The servers of a cluster, from which its attributes are made.
pub(super) struct Arguments<'a> {
    /// Their Nodes.
    pub(super) servers: &'a [&'a NodeState],
    /// The name of the one that was looked at.
    pub(super) own: &'a str,
    /// Its address.
    pub(super) address: &'a Address,
    /// What is on its disk.
    pub(super) datastore: Option<DatastoreKind>,
    /// Where it has that.
    pub(super) data_dir: &'a str,
}

impl Arguments<'_> {
    /// The attributes of the cluster.
    ///
    /// # Errors
    /// Fails if a server has no address, or its data elsewhere than the others.
    pub(super) fn model(&self) -> Result<ClusterModel, Diagnostics> {
        let told: BTreeMap<&str, Told> = self
            .servers
            .iter()
            .map(|node| (node.name.as_str(), node.running_config().unwrap_or_default()))
            .collect();
        let common = common(told.values().map(without_id));
        let mut servers = BTreeMap::new();
        for node in self.servers {
            let told = told.get(node.name.as_str()).cloned().unwrap_or_default();
            servers.insert(node.name.clone(), self.server(node, &told, &common)?);
        }
        let mut model = empty(servers);
        let running = self.servers.iter().filter_map(|node| node.version).min();
        model.version = running.map(|version| version.to_string()).unwrap_or_default();
        fill(&mut model, &common);
        model.data_dir = self.folder(model.data_dir)?;
        let is_elsewhere = common.contains_key("datastore-endpoint");
        model.datastore = match self.datastore {
            _ if is_elsewhere => Some(datastore("external")),
            Some(DatastoreKind::Sqlite) => Some(datastore("sqlite")),
            Some(DatastoreKind::Etcd) | None => None,
        };
        Ok(model)
    }

    /// Where all servers have their data, if that is not where k3s has it by itself: as they were told, or as it was
    /// found.
    fn folder(&self, told: Option<String>) -> Result<Option<String>, Diagnostics> {
        let is_elsewhere = |node: &&&NodeState| node.data_dir().is_some_and(|folder| folder != self.data_dir);
        if let Some(node) = self.servers.iter().find(is_elsewhere) {
            return Err(refused(&format!(
                "The servers do not have their data in the same folder: {} has it in {}, and {} in {}. All servers of a cluster share \
                 `data_dir`.",
                self.own,
                self.data_dir,
                node.name,
                node.data_dir().unwrap_or_default()
            )));
        }
        let found = || (self.data_dir != paths::DATA_DIR).then(|| self.data_dir.to_owned());
        Ok(told.filter(|told| told == self.data_dir).or_else(found))
    }

    fn server(&self, node: &NodeState, told: &Told, common: &Told) -> Result<Server, Diagnostics> {
        let first = node.internal_ips.first();
        let mut server = if node.name == self.own {
            self.address.server()
        } else {
            let host = first.ok_or_else(|| refused(&format!("The node {} has no address.", node.name)))?;
            self.address.server_at(host)
        };
        server.node_ip = parsed(told.get("node-ip"));
        server.node_external_ip = parsed(told.get("node-external-ip"));
        let labels = split(told.get("node-label")).map(|label| {
            let (name, value) = label.split_once('=').unwrap_or((label, ""));
            (name.to_owned(), value.to_owned())
        });
        server.labels = some_map(labels.collect());
        server.taints = some(split(told.get("node-taint")).filter_map(taint).collect());
        server.provider_id = split(told.get("kubelet-arg"))
            .find_map(|argument| argument.strip_prefix("provider-id="))
            .map(str::to_owned);
        let own = without_id(told);
        let own = own.iter().filter(|(key, values)| common.get(*key) != Some(values));
        server.extra_config = extra(own);
        Ok(server)
    }
}

/// A cluster with these servers, of which nothing else is known.
pub(super) fn empty(servers: BTreeMap<String, Server>) -> ClusterModel {
    ClusterModel {
        version: String::new(),
        upgrade_path: None,
        servers,
        ssh: None,
        endpoint: None,
        tls_san: None,
        https_listen_port: 6443,
        cluster_cidr: None,
        service_cidr: None,
        cluster_dns: None,
        cluster_domain: "cluster.local".to_owned(),
        flannel_backend: "vxlan".to_owned(),
        disable: None,
        cloud_provider: None,
        secrets_encryption: false,
        secrets_encryption_key_version: None,
        datastore: None,
        snapshots: None,
        registries: None,
        embedded_registry: false,
        system_default_registry: None,
        images: None,
        docker: false,
        selinux: false,
        kube_apiserver_args: None,
        kube_controller_manager_args: None,
        kube_scheduler_args: None,
        kubelet_args: None,
        kube_proxy_args: None,
        proxy: None,
        data_dir: None,
        kubeconfig_mode: "0600".to_owned(),
        extra_config: None,
        token: WriteOnly::default(),
        token_version: None,
        agent_token_version: None,
        ca: None,
        restore_from: None,
        binary: None,
        upgrade: None,
        on_destroy: None,
        deletion_protection: true,
        id: Attr::Null,
        kubernetes: Attr::Null,
        join: Attr::Null,
        kubeconfig: Attr::Null,
        server_token: Attr::Null,
        previous_tokens: Attr::Null,
        ca_hash: Attr::Null,
        status: Attr::Null,
        drift: Attr::Null,
        timeouts: Timeouts::default(),
    }
}

/// A datastore of which nothing but the kind is known.
pub(super) fn datastore(kind: &str) -> Datastore {
    Datastore {
        kind: kind.to_owned(),
        endpoint: None,
        ca_file: None,
        cert_file: None,
        key_file: None,
    }
}

/// What one was told, but for what its machine is called.
fn without_id(told: &Told) -> Told {
    let mut told = told.clone();
    if let Some(arguments) = told.get_mut("kubelet-arg") {
        arguments.retain(|argument| !argument.starts_with("provider-id="));
    }
    told
}

/// What all servers were told alike.
fn common(mut all: impl Iterator<Item = Told>) -> Told {
    let mut common = all.next().unwrap_or_default();
    for told in all {
        common.retain(|key, values| told.get(key) == Some(values));
    }
    common
}

fn fill(model: &mut ClusterModel, told: &Told) {
    let text = |key: &str| told.get(key).and_then(|values| values.first()).cloned();
    let flag = |key: &str| text(key).as_deref() == Some("true");
    let list = |key: &str| some(split(told.get(key)).map(str::to_owned).collect());
    let arguments = |key: &str| some(told.get(key).into_iter().flatten().cloned().collect());
    let set = |attribute: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *attribute = value;
        }
    };
    set(&mut model.cluster_domain, text("cluster-domain"));
    set(&mut model.flannel_backend, text("flannel-backend"));
    set(
        &mut model.kubeconfig_mode,
        text("write-kubeconfig-mode").map(four_digits),
    );
    if let Some(port) = text("https-listen-port").and_then(|port| port.parse().ok()) {
        model.https_listen_port = port;
    }
    model.tls_san = list("tls-san");
    model.cluster_cidr = parsed(told.get("cluster-cidr"));
    model.service_cidr = parsed(told.get("service-cidr"));
    model.cluster_dns = parsed(told.get("cluster-dns"));
    model.disable = list("disable").map(|components| components.into_iter().collect());
    model.cloud_provider = flag("disable-cloud-controller").then(|| "external".to_owned());
    model.secrets_encryption = flag("secrets-encryption");
    model.embedded_registry = flag("embedded-registry");
    model.system_default_registry = text("system-default-registry");
    model.docker = flag("docker");
    model.selinux = flag("selinux");
    model.data_dir = text("data-dir");
    model.kube_apiserver_args = arguments("kube-apiserver-arg");
    model.kube_controller_manager_args = arguments("kube-controller-manager-arg");
    model.kube_scheduler_args = arguments("kube-scheduler-arg");
    model.kube_proxy_args = arguments("kube-proxy-arg");
    let own = ["provider-id=", "cloud-provider="];
    let kubelet = told.get("kubelet-arg").into_iter().flatten();
    let kubelet = kubelet.filter(|argument| !own.iter().any(|prefix| argument.starts_with(prefix)));
    model.kubelet_args = some(kubelet.cloned().collect());
    model.snapshots = snapshots(told);
    model.extra_config = extra(told.iter());
}

/// The snapshots, without a bucket: its keys are not told.
fn snapshots(told: &Told) -> Option<Snapshots> {
    if !told
        .keys()
        .any(|key| key.starts_with("etcd-snapshot") || key == "etcd-disable-snapshots")
    {
        return None;
    }
    let text = |key: &str| told.get(key).and_then(|values| values.first()).cloned();
    Some(Snapshots {
        enabled: text("etcd-disable-snapshots").as_deref() != Some("true"),
        schedule: text("etcd-snapshot-schedule-cron"),
        retention: text("etcd-snapshot-retention").and_then(|count| count.parse().ok()),
        directory: text("etcd-snapshot-dir"),
        compress: text("etcd-snapshot-compress").as_deref() == Some("true"),
        s3: None,
    })
}

/// The keys for which there is no attribute, as text of JSON.
fn extra<'a>(told: impl Iterator<Item = (&'a String, &'a Vec<String>)>) -> Option<Text<ExtraConfig>> {
    let mut options = serde_json::Map::new();
    for (name, values) in told {
        let Some(key) = Key::find(name).filter(|key| key.owner == Owner::User && key.is_for(Role::Server)) else {
            continue;
        };
        let first = values.first().cloned().unwrap_or_default();
        let value = match key.kind {
            Kind::Text => Json::from(first),
            Kind::Number => first.parse::<i64>().map_or(Json::from(first), Json::from),
            Kind::Flag => Json::from(first == "true"),
            Kind::List => json!(values),
        };
        options.insert(name.clone(), value);
    }
    if options.is_empty() {
        return None;
    }
    Json::Object(options).to_string().parse().ok()
}

fn taint(text: &str) -> Option<Taint> {
    let (rest, effect) = text.rsplit_once(':')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    Some(Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
    })
}

/// The values of a key, each of which may be several with commas between.
fn split(values: Option<&Vec<String>>) -> impl Iterator<Item = &str> {
    let values = values.into_iter().flatten();
    values
        .flat_map(|value| value.split(','))
        .filter(|value| !value.is_empty())
}

fn parsed<T: std::str::FromStr>(values: Option<&Vec<String>>) -> Option<Vec<T>> {
    some(split(values).filter_map(|value| value.parse().ok()).collect())
}

fn some<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

fn some_map(values: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    (!values.is_empty()).then_some(values)
}

/// A mode as the attribute has it: k3s takes `644` as well.
fn four_digits(mode: String) -> String {
    if mode.len() == 3 { format!("0{mode}") } else { mode }
}

#[cfg(test)]
mod tests;
