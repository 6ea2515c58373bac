//! What k3s' own script sets up, read back.

use serde_json::json;

use super::*;
use crate::k3s::probe::node::{CONTROL_PLANE_LABEL, NODE_ARGS, NODE_ENV};

fn node(name: &str, arguments: &[&str]) -> NodeState {
    NodeState {
        name: name.to_owned(),
        labels: [(CONTROL_PLANE_LABEL.to_owned(), "true".to_owned())].into(),
        annotations: [(NODE_ARGS.to_owned(), json!(arguments).to_string())].into(),
        version: "v1.36.3+k3s1".parse().ok(),
        internal_ips: vec![format!("10.0.0.{}", name.len())],
        ..NodeState::default()
    }
}

fn read(nodes: &[NodeState], datastore: Option<DatastoreKind>) -> ClusterModel {
    read_in(paths::DATA_DIR, nodes, datastore).unwrap()
}

fn read_in(data_dir: &str, nodes: &[NodeState], datastore: Option<DatastoreKind>) -> Result<ClusterModel, Diagnostics> {
    let servers: Vec<&NodeState> = nodes.iter().collect();
    let arguments = Arguments {
        servers: &servers,
        own: "a",
        address: &Address::parse("ubuntu@k1.example").unwrap(),
        datastore,
        data_dir,
    };
    arguments.model()
}

#[test]
fn what_all_servers_were_told_is_the_clusters_and_the_rest_is_their_own() {
    let nodes = [
        node(
            "a",
            &[
                "server",
                "--cluster-init",
                "--token",
                "********",
                "--disable",
                "traefik,servicelb",
                "--tls-san",
                "k3s.example",
                "--write-kubeconfig-mode",
                "644",
                "--etcd-expose-metrics",
                "true",
                "--kubelet-arg",
                "max-pods=200",
                "--kubelet-arg",
                "provider-id=vsphere://1",
                "--node-label",
                "tier=x",
                "--node-taint",
                "k=v:NoSchedule",
                "--etcd-snapshot-retention",
                "9",
            ],
        ),
        node(
            "bb",
            &[
                "server",
                "--server",
                "https://10.0.0.1:6443",
                "--token",
                "********",
                "--disable",
                "traefik,servicelb",
                "--tls-san",
                "k3s.example",
                "--write-kubeconfig-mode",
                "644",
                "--etcd-expose-metrics",
                "true",
                "--kubelet-arg",
                "max-pods=200",
                "--resolv-conf",
                "/etc/resolv.other",
                "--node-ip",
                "10.1.0.2",
                "--etcd-snapshot-retention",
                "9",
            ],
        ),
    ];
    let model = read(&nodes, Some(DatastoreKind::Etcd));
    assert_eq!(model.version, "v1.36.3+k3s1");
    assert_eq!(model.tls_san, Some(vec!["k3s.example".to_owned()]));
    assert_eq!(model.disable.map(|disable| disable.len()), Some(2));
    assert_eq!(model.kubeconfig_mode, "0644");
    assert_eq!(model.kubelet_args, Some(vec!["max-pods=200".to_owned()]));
    assert_eq!(
        model.extra_config.map(|text| text.to_string()).as_deref(),
        Some(r#"{"etcd-expose-metrics":true}"#)
    );
    assert_eq!(model.snapshots.and_then(|snapshots| snapshots.retention), Some(9));
    assert!(model.datastore.is_none());
    let (a, b) = (&model.servers["a"], &model.servers["bb"]);
    assert_eq!((a.host.as_str(), b.host.as_str()), ("k1.example", "10.0.0.2"));
    assert_eq!(b.ssh.as_ref().and_then(|ssh| ssh.user.as_deref()), Some("ubuntu"));
    assert_eq!(
        a.labels
            .as_ref()
            .and_then(|labels| labels.get("tier"))
            .map(String::as_str),
        Some("x")
    );
    assert_eq!(
        a.taints.as_ref().map(|taints| taints[0].effect.as_str()),
        Some("NoSchedule")
    );
    assert_eq!(
        b.node_ip.as_ref().map(|addresses| addresses[0].to_string()).as_deref(),
        Some("10.1.0.2")
    );
    assert_eq!(
        b.extra_config.as_ref().map(ToString::to_string).as_deref(),
        Some(r#"{"resolv-conf":"/etc/resolv.other"}"#)
    );
    assert!(a.extra_config.is_none());
}

#[test]
fn a_datastore_is_told_by_the_disk_or_by_its_address() {
    let sqlite = read(&[node("a", &["server"])], Some(DatastoreKind::Sqlite));
    assert_eq!(
        sqlite.datastore.map(|datastore| datastore.kind).as_deref(),
        Some("sqlite")
    );
    let external = read(&[node("a", &["server", "--datastore-endpoint", "********"])], None);
    assert_eq!(
        external.datastore.map(|datastore| datastore.kind).as_deref(),
        Some("external")
    );
}

#[test]
fn an_external_cloud_provider_is_an_attribute_and_no_argument() {
    let told = [
        "server",
        "--disable-cloud-controller",
        "--kubelet-arg",
        "cloud-provider=external",
        "--kubelet-arg",
        "provider-id=vsphere://1",
    ];
    let model = read(&[node("a", &told)], None);
    assert_eq!(model.cloud_provider.as_deref(), Some("external"));
    assert_eq!(model.kubelet_args, None);
    assert_eq!(model.servers["a"].provider_id.as_deref(), Some("vsphere://1"));
}

#[test]
fn the_folder_of_the_data_is_where_it_was_found_and_the_same_on_all_servers() {
    let in_folder = |name: &str, arguments: &[&str], folder: &str| {
        let mut node = node(name, arguments);
        let environment = json!({ "K3S_DATA_DIR": format!("{folder}/data/abc") });
        node.annotations.insert(NODE_ENV.to_owned(), environment.to_string());
        node
    };
    let folder = |found: &str, node: NodeState| read_in(found, &[node], None).unwrap().data_dir;
    let told = ["server", "--data-dir", "/srv/k3s"];
    assert_eq!(folder(paths::DATA_DIR, node("a", &["server"])), None);
    assert_eq!(folder("/srv/k3s", node("a", &told)).as_deref(), Some("/srv/k3s"));
    let by_environment = in_folder("a", &["server"], "/srv/k3s");
    assert_eq!(folder("/srv/k3s", by_environment.clone()).as_deref(), Some("/srv/k3s"));

    let two = |folder: &str| [by_environment.clone(), in_folder("b", &["server"], folder)];
    assert!(read_in("/srv/k3s", &two("/srv/k3s"), None).is_ok());
    let refused = read_in("/srv/k3s", &two("/var/lib/rancher/k3s"), None).map(|_| ());
    let refused = refused.expect_err("it is elsewhere").to_string();
    assert!(refused.contains("b in /var/lib/rancher/k3s"), "{refused}");
}
