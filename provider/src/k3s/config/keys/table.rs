//! The table of keys, in the order in which they are written.
//!
//! Names and kinds are those of the flags of [`k3s server`](https://docs.k3s.io/cli/server) and
//! [`k3s agent`](https://docs.k3s.io/cli/agent), since when they are there of the sources of the releases. What has no
//! row of releases is older than 1.25. Hidden and deprecated flags are left out.

use super::{Key, Kind, Owner, Roles};
use crate::k3s::version::features::Since;

const fn key(name: &'static str, kind: Kind, roles: Roles) -> Key {
    Key {
        name,
        kind,
        owner: Owner::User,
        critical: false,
        immutable: false,
        only_to_join: false,
        roles,
        since: Since::lines(&[]),
        until: None,
    }
}

const fn text(name: &'static str) -> Key {
    key(name, Kind::Text, Roles::Both)
}

const fn number(name: &'static str) -> Key {
    key(name, Kind::Number, Roles::Both)
}

const fn flag(name: &'static str) -> Key {
    key(name, Kind::Flag, Roles::Both)
}

const fn list(name: &'static str) -> Key {
    key(name, Kind::List, Roles::Both)
}

impl Key {
    const fn server(mut self) -> Self {
        self.roles = Roles::Server;
        self
    }

    const fn agent(mut self) -> Self {
        self.roles = Roles::Agent;
        self
    }

    const fn attribute(mut self, attribute: &'static str) -> Self {
        self.owner = Owner::Attribute(attribute);
        self
    }

    const fn resource(mut self, reason: &'static str) -> Self {
        self.owner = Owner::Resource(reason);
        self
    }

    const fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    const fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    const fn only_to_join(mut self) -> Self {
        self.only_to_join = true;
        self
    }

    const fn since(mut self, lines: &'static [(u16, u16)]) -> Self {
        self.since = Since::lines(lines);
        self
    }
}

const JOINING: &str = "which servers a host joins is decided when it joins, and changes as servers come and go";
const TOKENS: &str = "the token has a file of its own, so that it stands in no other";
const RESETTING: &str = "it would make a server forget all others at each start";
const ONE_FILE: &str = "the configuration is in the one file that the resource writes";
const NAMES: &str = "the name of a node is the one that it has in the resource";
const KUBECONFIG: &str = "the resource reads the kubeconfig where k3s writes it by itself";
const NO_ROOT: &str = "the resource sets up a service of the system";

pub(super) const KEYS: &[Key] = &[
    // The process.
    text("config").resource(ONE_FILE),
    flag("debug"),
    number("v"),
    text("vmodule"),
    text("log"),
    flag("alsologtostderr"),
    text("data-dir").attribute("data_dir").immutable(),
    flag("rootless").resource(NO_ROOT),
    flag("enable-pprof"),
    flag("prefer-bundled-bin"),
    flag("selinux").attribute("selinux"),
    // How it becomes part of a cluster.
    flag("cluster-init").server().resource(JOINING).only_to_join(),
    flag("cluster-reset").server().resource(RESETTING),
    text("cluster-reset-restore-path").server().resource(RESETTING),
    text("server").resource(JOINING).only_to_join(),
    text("token").resource(TOKENS),
    text("token-file").resource(TOKENS),
    text("agent-token").server().resource(TOKENS),
    text("agent-token-file").server().resource(TOKENS),
    // The API.
    text("bind-address").since(&[(25, 0)]),
    number("https-listen-port")
        .server()
        .attribute("https_listen_port")
        .immutable(),
    text("advertise-address").server(),
    number("advertise-port").server(),
    list("tls-san").server().attribute("tls_san"),
    flag("tls-san-security").server(),
    text("write-kubeconfig").server().resource(KUBECONFIG),
    text("write-kubeconfig-mode").server().attribute("kubeconfig_mode"),
    text("write-kubeconfig-group")
        .server()
        .since(&[(27, 14), (28, 10), (29, 5), (30, 1)]),
    text("write-kubeconfig-name").server().since(&[(37, 0)]),
    // Networks.
    list("cluster-cidr")
        .server()
        .attribute("cluster_cidr")
        .critical()
        .immutable(),
    list("service-cidr")
        .server()
        .attribute("service_cidr")
        .critical()
        .immutable(),
    text("service-node-port-range").server(),
    list("cluster-dns").server().attribute("cluster_dns").critical(),
    text("cluster-domain")
        .server()
        .attribute("cluster_domain")
        .critical()
        .immutable(),
    text("flannel-backend").server().attribute("flannel_backend").critical(),
    flag("flannel-ipv6-masq").server().critical(),
    flag("flannel-external-ip").server().critical(),
    text("egress-selector-mode").server().critical(),
    text("servicelb-namespace").server(),
    text("flannel-iface"),
    text("flannel-conf"),
    text("flannel-cni-conf"),
    text("vpn-auth").resource("it holds a key: use `vpn-auth-file`"),
    text("vpn-auth-file"),
    text("resolv-conf"),
    number("lb-server-port"),
    flag("disable-apiserver-lb").agent(),
    // The datastore.
    text("datastore-endpoint").server().attribute("datastore").immutable(),
    text("datastore-cafile").server().attribute("datastore"),
    text("datastore-certfile").server().attribute("datastore"),
    text("datastore-keyfile").server().attribute("datastore"),
    flag("etcd-expose-metrics").server(),
    flag("etcd-disable-snapshots").server().attribute("snapshots"),
    text("etcd-snapshot-name").server(),
    text("etcd-snapshot-schedule-cron").server().attribute("snapshots"),
    number("etcd-snapshot-retention").server().attribute("snapshots"),
    text("etcd-snapshot-dir").server().attribute("snapshots"),
    flag("etcd-snapshot-compress").server().attribute("snapshots"),
    text("etcd-snapshot-reconcile-interval").server(),
    flag("etcd-s3").server().attribute("snapshots"),
    text("etcd-s3-endpoint").server().attribute("snapshots"),
    text("etcd-s3-endpoint-ca").server().attribute("snapshots"),
    flag("etcd-s3-skip-ssl-verify").server().attribute("snapshots"),
    text("etcd-s3-access-key").server().attribute("snapshots"),
    text("etcd-s3-secret-key").server().attribute("snapshots"),
    text("etcd-s3-session-token").server().attribute("snapshots"),
    text("etcd-s3-bucket").server().attribute("snapshots"),
    text("etcd-s3-bucket-lookup-type").server(),
    text("etcd-s3-region").server().attribute("snapshots"),
    text("etcd-s3-folder").server().attribute("snapshots"),
    number("etcd-s3-retention")
        .server()
        .since(&[(31, 12), (32, 8), (33, 4)]),
    text("etcd-s3-proxy").server().since(&[(28, 13), (29, 8), (30, 4)]),
    text("etcd-s3-config-secret")
        .server()
        .since(&[(28, 13), (29, 8), (30, 4)]),
    flag("etcd-s3-insecure").server().attribute("snapshots"),
    text("etcd-s3-timeout").server(),
    // What runs beside Kubernetes.
    list("disable").server().attribute("disable"),
    flag("disable-scheduler").server(),
    flag("disable-cloud-controller")
        .server()
        .attribute("cloud_provider")
        .critical(),
    flag("disable-kube-proxy").server(),
    flag("disable-network-policy").server().critical(),
    flag("disable-helm-controller").server().critical(),
    flag("embedded-registry")
        .server()
        .attribute("embedded_registry")
        .critical()
        .since(&[(26, 13), (27, 10), (28, 6), (29, 1)]),
    flag("supervisor-metrics").server().critical(),
    text("helm-job-image").server(),
    text("default-local-storage-path").server(),
    flag("secrets-encryption")
        .server()
        .attribute("secrets_encryption")
        .critical(),
    text("secrets-encryption-provider").server().critical(),
    // Arguments of Kubernetes' own programs.
    list("kube-apiserver-arg").server().attribute("kube_apiserver_args"),
    list("etcd-arg").server(),
    list("kube-controller-manager-arg")
        .server()
        .attribute("kube_controller_manager_args"),
    list("kube-scheduler-arg").server().attribute("kube_scheduler_args"),
    list("kube-cloud-controller-manager-arg").server(),
    list("kubelet-arg").attribute("kubelet_args"),
    list("kube-proxy-arg").attribute("kube_proxy_args"),
    // The node.
    text("node-name").resource(NAMES).immutable(),
    flag("with-node-id").resource(NAMES),
    list("node-label").attribute("labels").only_to_join(),
    list("node-taint").attribute("taints").only_to_join(),
    list("node-ip").attribute("node_ip"),
    list("node-external-ip").attribute("node_external_ip"),
    list("node-internal-dns"),
    list("node-external-dns"),
    flag("protect-kernel-defaults"),
    text("image-credential-provider-bin-dir"),
    text("image-credential-provider-config"),
    // Containers and their images.
    flag("docker").attribute("docker"),
    text("container-runtime-endpoint"),
    text("image-service-endpoint"),
    text("default-runtime"),
    text("snapshotter"),
    text("pause-image"),
    text("private-registry").attribute("registries"),
    text("system-default-registry")
        .server()
        .attribute("system_default_registry"),
    flag("disable-default-registry-endpoint").since(&[(26, 13), (27, 10), (28, 6), (29, 1)]),
    flag("nonroot-devices"),
];
