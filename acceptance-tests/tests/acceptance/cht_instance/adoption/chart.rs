//! Instances as the official Helm charts make them: the same objects, with Helm's marks and field manager, and the
//! Secret in which Helm remembers the release. They are written from what is known of the charts; no chart is fetched.

use kube::api::PostParams;
use serde_json::{Value, json};

use super::pods;
use crate::support::{
    ACCOUNT, BINDING, CLAIM, CONFIG_MAP, DEPLOYMENT, INGRESS, Kind, NAMESPACE, ROLE, SECRET, SERVICE, Scene, VOLUME,
};

pub(super) const PASSWORD: &str = "correct-horse-battery";
pub(super) const COUCH_SECRET: &str = "0f0e0d0c-0b0a-0908-0706-050403020100";
pub(super) const UUID: &str = "00112233-4455-6677-8899-aabbccddeeff";

/// The release's name.
pub(super) const RELEASE: &str = "county";

/// A directory of a node, as the chart of CHT 4 has it on k3s.
pub(super) const DIRECTORY: &str = "/var/lib/couchdb1";

/// Where the chart puts the data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    /// Volumes of this class.
    Class(&'static str),
    /// A directory of whatever node the pod runs on.
    Directory,
    /// A volume of Amazon EBS that was there before.
    Ebs(&'static str),
    /// A directory that was there before, with the class of the volume and that of the claim.
    Volume {
        path: &'static str,
        class: &'static str,
        claims: &'static str,
    },
    /// A volume that nobody makes.
    Missing,
}

/// Who serves the ingress.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ingress {
    /// The chart of CHT 5 on k3s: no host.
    Bare,
    /// The chart of CHT 4 on k3s: a certificate in a Secret.
    Tls,
    /// A load balancer of AWS.
    Alb,
}

/// What the values say.
pub(super) struct Chart<'a> {
    pub(super) namespace: &'a str,
    pub(super) version: &'static str,
    /// CouchDB's nodes; one is no cluster.
    pub(super) nodes: usize,
    pub(super) data: Data,
    pub(super) ingress: Ingress,
}

impl Chart<'_> {
    /// Makes the instance as `helm install` does.
    pub(super) async fn install(&self, scene: &Scene) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        make(scene, &NAMESPACE, namespace, "helm").await;
        for (kind, object) in self.objects() {
            make(scene, kind, self.with_marks(object), "helm").await;
        }
        let labels = json!({"name": RELEASE, "owner": "helm", "status": "deployed", "version": "1"});
        let memory = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {"name": format!("sh.helm.release.v1.{RELEASE}.v1"), "namespace": self.namespace, "labels": labels},
            "stringData": {"release": "H4sIAAAAAAAA"},
        });
        make(scene, &SECRET, memory, "helm").await;
    }

    /// The name of each node's Service: `couchdb`, or `couchdb-1` and so on.
    pub(super) fn components(&self) -> Vec<String> {
        match self.nodes {
            1 => vec!["couchdb".to_owned()],
            nodes => (1..=nodes).map(|number| format!("couchdb-{number}")).collect(),
        }
    }

    pub(super) fn is_four(&self) -> bool {
        self.version.starts_with('4')
    }

    pub(super) fn service_host(&self, service: &str) -> String {
        format!("{service}.{}.svc.cluster.local", self.namespace)
    }

    fn with_marks(&self, mut object: Value) -> Value {
        object["metadata"]["namespace"] = json!(self.namespace);
        object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        object["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!(RELEASE);
        object["metadata"]["annotations"]["meta.helm.sh/release-namespace"] = json!(self.namespace);
        object
    }

    fn objects(&self) -> Vec<(&'static Kind, Value)> {
        let mut objects = vec![(&SECRET, self.credentials()), (&CONFIG_MAP, self.servers())];
        objects.extend(self.volumes());
        objects.extend(self.services().into_iter().map(|service| (&SERVICE, service)));
        if self.is_four() {
            objects.extend(upgrade_access(self.namespace));
        }
        objects.extend(
            pods::deployments(self)
                .into_iter()
                .map(|deployment| (&DEPLOYMENT, deployment)),
        );
        objects.push((&INGRESS, self.ingress()));
        objects
    }

    fn credentials(&self) -> Value {
        let url = format!("http://medic:{PASSWORD}@{}:5984/medic", self.service_host("haproxy"));
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cht-couchdb-credentials"}, "type": "Opaque",
            "stringData": {
                "COUCHDB_PASSWORD": PASSWORD, "COUCHDB_SECRET": COUCH_SECRET, "COUCHDB_USER": "medic", "COUCHDB_UUID": UUID,
                "COUCH_URL": url,
            },
        })
    }

    fn servers(&self) -> Value {
        let hosts: Vec<String> = self.components().iter().map(|name| self.service_host(name)).collect();
        let mut data = json!({"COUCHDB_SERVERS": hosts.join(",")});
        if self.nodes > 1 {
            data["COUCHDB_SYNC_ADMINS_NODE"] = json!(hosts[0]);
            data["CLUSTER_PEER_IPS"] = json!(hosts[1..].join(","));
        }
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "couchdb-servers-configmap"}, "data": data,
        })
    }

    fn volumes(&self) -> Vec<(&'static Kind, Value)> {
        let claim = |component: &str, class: &str| {
            let name = format!("{component}-claim0");
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": name, "labels": {"cht.service": name}},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                         "storageClassName": class},
            })
        };
        match self.data {
            Data::Directory => Vec::new(),
            Data::Class(class) => {
                let claims = self.components().into_iter().map(|component| claim(&component, class));
                claims.map(|claim| (&CLAIM, claim)).collect()
            }
            Data::Missing => vec![(&CLAIM, self.bound(claim("couchdb", "")))],
            Data::Ebs(id) => {
                let disk = json!({
                    "driver": "ebs.csi.aws.com", "volumeHandle": id, "fsType": "ext4",
                    "volumeAttributes": {"partition": "0"},
                });
                let volume = self.volume(json!({"storageClassName": "", "csi": disk}));
                vec![(&VOLUME, volume), (&CLAIM, self.bound(claim("couchdb", "")))]
            }
            Data::Volume { path, class, claims } => {
                let directory = json!({"path": path, "type": "DirectoryOrCreate"});
                let volume = self.volume(json!({"storageClassName": class, "hostPath": directory}));
                vec![(&VOLUME, volume), (&CLAIM, self.bound(claim("couchdb", claims)))]
            }
        }
    }

    fn volume(&self, mut spec: Value) -> Value {
        spec["accessModes"] = json!(["ReadWriteOnce"]);
        spec["capacity"] = json!({"storage": "1Gi"});
        spec["persistentVolumeReclaimPolicy"] = json!("Retain");
        let name = format!("couchdb-pv-{}", self.namespace);
        json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
    }

    /// The claim for that volume.
    fn bound(&self, mut claim: Value) -> Value {
        claim["spec"]["volumeName"] = json!(format!("couchdb-pv-{}", self.namespace));
        claim
    }

    fn services(&self) -> Vec<Value> {
        let service = |name: &str, component: &str, ports: Value| {
            json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"cht.service": name}},
                "spec": {"type": "ClusterIP", "selector": {"cht.service": component}, "ports": ports},
            })
        };
        let port = |name: &str, port: u16| json!({"name": name, "port": port, "targetPort": port});
        let mut services = vec![
            service("api", "api", json!([{"port": 5988, "targetPort": 5988}])),
            service("haproxy", "haproxy", json!([port("5984", 5984)])),
        ];
        let mut healthcheck = service(
            "healthcheck",
            "healthcheck",
            json!([{"port": 5555, "targetPort": 5555}]),
        );
        healthcheck["metadata"]["labels"] = json!({});
        services.push(healthcheck);
        for component in self.components() {
            let number = component.strip_prefix("couchdb-");
            let main = number.map_or("couchdb-service".to_owned(), |number| {
                format!("couchdb{number}-service")
            });
            let mut ports = vec![port(&main, 5984), port("epmd", 4369), port("erlang", 9100)];
            if number.is_some() && self.is_four() {
                ports.push(port("cluster-api", 5986));
            }
            services.push(service(&component, &component, json!(ports)));
            if !self.is_four() {
                let nouveau = component.replace("couchdb", "nouveau");
                services.push(service(&nouveau, &component, json!([port("nouveau-service", 5987)])));
            }
        }
        if self.is_four() {
            let mut upgrade = service(
                "upgrade-service",
                "upgrade-service",
                json!([port("upgrade-service", 5008)]),
            );
            upgrade["metadata"]["labels"] = json!({});
            services.push(upgrade);
        }
        services
    }

    fn ingress(&self) -> Value {
        let host = format!("{}.health.example", self.namespace);
        let backend = json!({"service": {"name": "api", "port": {"number": 5988}}});
        let mut rule = json!({"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
        if self.ingress != Ingress::Bare {
            rule["host"] = json!(host);
        }
        let mut ingress = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "api-ingress"},
            // As admission has it where the cluster has a default class.
            "spec": {"rules": [rule], "ingressClassName": "lab"},
        });
        match self.ingress {
            Ingress::Bare => {}
            Ingress::Tls => ingress["spec"]["tls"] = json!([{"hosts": [host], "secretName": "api-tls-secret"}]),
            Ingress::Alb => {
                ingress["spec"]["ingressClassName"] = json!("alb");
                for (name, value) in [
                    ("scheme", "internet-facing"),
                    ("tags", "Environment=prod,Team=ops"),
                    ("group.name", "shared"),
                    ("ssl-redirect", "443"),
                    ("target-type", "ip"),
                    ("healthcheck-port", "traffic-port"),
                    ("certificate-arn", "arn:aws:iam::720541322708:server-certificate/prod"),
                    ("listen-ports", r#"[{"HTTP": 80}, {"HTTPS": 443}]"#),
                ] {
                    ingress["metadata"]["annotations"][format!("alb.ingress.kubernetes.io/{name}")] = json!(value);
                }
            }
        }
        ingress
    }
}

/// Makes an object as some tool does.
pub(super) async fn make(scene: &Scene, kind: &Kind, object: Value, manager: &str) {
    let name = object["metadata"]["name"].clone();
    let parameters = PostParams {
        field_manager: Some(manager.to_owned()),
        ..PostParams::default()
    };
    let object = serde_json::from_value(object).expect("an object");
    let made = scene.api(kind).create(&parameters, &object).await;
    made.unwrap_or_else(|error| panic!("{name} is made: {error}"));
}

fn upgrade_access(namespace: &str) -> [(&'static Kind, Value); 3] {
    let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "resources": [resource], "verbs": ["get", "update", "watch", "patch", "list"]});
    let rbac = "rbac.authorization.k8s.io/v1";
    let account = "cht-upgrade-service-user";
    [
        (
            &ACCOUNT,
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}),
        ),
        (
            &ROLE,
            json!({
                "apiVersion": rbac, "kind": "Role", "metadata": {"name": "deployment-manager"},
                "rules": [rule("apps", "deployments"), rule("", "pods")],
            }),
        ),
        (
            &BINDING,
            json!({
                "apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": "deployment-manager-cht"},
                "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
                "roleRef": {"kind": "Role", "name": "deployment-manager", "apiGroup": "rbac.authorization.k8s.io"},
            }),
        ),
    ]
}
