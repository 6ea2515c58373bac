//! Tests of the objects: whole sets against golden files, and the facts of the official chart one by one, so that a
//! golden file that was blessed by mistake is noticed.

mod behavior;
mod facts;
mod golden;
mod ingress;
mod storage;
mod upgrade_service;
mod versions;

use std::collections::BTreeMap;

use base64::Engine as _;
use k8s_openapi::api::core::v1::{ResourceRequirements, Toleration};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

use super::{Manifest, Phase, objects};
use crate::cht::instance::spec::{
    Controller, CouchDb, CouchDbNode, DEFAULT_BUILDS_URL, Healthcheck, HealthcheckPod, Image, Ingress, InstanceSpec,
    NodeService, Nouveau, PodSettings, Probes, SecretKey, Storage, Tls, UpgradeService,
};

/// Each Deployment: name, official label, containers, and grace period.
const DEPLOYMENTS: [(&str, &str, &[&str], Option<i64>); 4] = [
    (
        "cht-couchdb",
        "couchdb",
        &["cht-couchdb", "cht-couchdb-nouveau"],
        Some(0),
    ),
    ("cht-haproxy", "haproxy", &["cht-haproxy"], Some(0)),
    ("cht-api", "api", &["cht-api"], Some(0)),
    ("cht-sentinel", "sentinel", &["cht-sentinel"], None),
];

/// Nothing chosen but what has to be.
fn minimal() -> InstanceSpec {
    InstanceSpec {
        namespace: "cht-kisumu".to_owned(),
        create_namespace: true,
        host: "kisumu.health.example".to_owned(),
        version: "5.3.1".parse().unwrap(),
        image: Image::default(),
        builds_url: DEFAULT_BUILDS_URL.to_owned(),
        cluster_domain: "cluster.local".to_owned(),
        admin_user: "medic".to_owned(),
        admin_password: "correct horse".into(),
        secret: "0f0e0d0c0b0a09080706050403020100".into(),
        uuid: "00112233445566778899aabbccddeeff".into(),
        couchdb: CouchDb::with_storage_size("100Gi"),
        nouveau: Nouveau::default(),
        api: NodeService::default(),
        sentinel: NodeService::default(),
        haproxy: PodSettings::default(),
        healthcheck: Healthcheck::Auto,
        healthcheck_pod: HealthcheckPod::default(),
        upgrade_service: None,
        ingress: Ingress::default(),
        probes: Probes::default(),
    }
}

/// Everything chosen, and nothing as by default.
fn everything() -> InstanceSpec {
    let node_service = |name: &str| NodeService {
        log_level: Some("debug".to_owned()),
        node_env: Some("development".to_owned()),
        pod: settings(name),
    };
    let couchdb = settings("couchdb");
    InstanceSpec {
        create_namespace: false,
        image: Image {
            registry: "registry.example/cht".to_owned(),
            tag: Some("5.3.1-mirror".to_owned()),
            pull_policy: "Always".to_owned(),
            pull_secrets: vec!["registry-credentials".to_owned()],
        },
        builds_url: "https://builds.example/builds".to_owned(),
        cluster_domain: "cluster.example".to_owned(),
        admin_user: "admin@county".to_owned(),
        admin_password: "p@ss:w/rd %é".into(),
        couchdb: CouchDb {
            nodes: vec![CouchDbNode {
                node_name: None,
                node_selector: couchdb.node_selector,
                tolerations: couchdb.tolerations,
                storage: Storage {
                    size: "2Ti".to_owned(),
                    class: Some("vsphere-retain".to_owned()),
                    ..Storage::default()
                },
            }],
            data_path: "storage/medic-core/couchdb/data".to_owned(),
            log_level: "debug".to_owned(),
            resources: couchdb.resources,
            env: couchdb.env,
            default_ulimit: true,
            sys_resource: true,
            ..CouchDb::with_storage_size("2Ti")
        },
        nouveau: Nouveau {
            resources: resources("3Gi"),
        },
        api: node_service("api"),
        sentinel: node_service("sentinel"),
        haproxy: settings("haproxy"),
        healthcheck: Healthcheck::Enabled,
        healthcheck_pod: HealthcheckPod {
            log_level: Some("debug".to_owned()),
            pod: settings("healthcheck"),
        },
        ingress: Ingress {
            class: Some("nginx".to_owned()),
            controller: Controller::Nginx,
            labels: BTreeMap::from([("example.org/exposure".to_owned(), "public".to_owned())]),
            annotations: BTreeMap::from([("example.org/team".to_owned(), "health".to_owned())]),
            tls: Tls::Certificate {
                certificate: "CERTIFICATE".to_owned(),
                private_key: "PRIVATE KEY".into(),
            },
            timeout_seconds: 7200,
            body_size_mib: 64,
            ..Ingress::default()
        },
        probes: Probes {
            enabled: true,
            readiness: true,
            startup_timeout_seconds: 7205,
        },
        ..minimal()
    }
}

/// A version with so many CouchDB nodes, and nothing else chosen.
fn version(version: &str, nodes: usize) -> InstanceSpec {
    let mut spec = InstanceSpec {
        version: version.parse().unwrap(),
        ..minimal()
    };
    spec.couchdb.nodes = vec![spec.couchdb.nodes[0].clone(); nodes];
    spec
}

/// CHT 4 with what only that has.
fn with_upgrade_service(spec: InstanceSpec) -> InstanceSpec {
    InstanceSpec {
        upgrade_service: Some(UpgradeService::default()),
        ..spec
    }
}

fn settings(name: &str) -> PodSettings {
    PodSettings {
        resources: resources("2Gi"),
        env: BTreeMap::from([("TZ".to_owned(), "Africa/Nairobi".to_owned())]),
        env_from_secrets: BTreeMap::from([("SMTP_PASSWORD".to_owned(), smtp_password())]),
        node_selector: BTreeMap::from([("example.org/pool".to_owned(), name.to_owned())]),
        tolerations: vec![Toleration {
            key: Some("dedicated".to_owned()),
            operator: Some("Equal".to_owned()),
            value: Some(name.to_owned()),
            effect: Some("NoSchedule".to_owned()),
            toleration_seconds: None,
        }],
    }
}

fn smtp_password() -> SecretKey {
    SecretKey {
        name: "smtp".to_owned(),
        key: "password".to_owned(),
    }
}

fn resources(memory: &str) -> ResourceRequirements {
    let quantities = BTreeMap::from([("memory".to_owned(), Quantity(memory.to_owned()))]);
    ResourceRequirements {
        requests: Some(quantities.clone()),
        limits: Some(quantities),
        claims: None,
    }
}

fn ownership() -> BTreeMap<String, String> {
    BTreeMap::from([("owner.example/instance".to_owned(), "kisumu".to_owned())])
}

fn phases(spec: &InstanceSpec) -> Vec<Phase> {
    objects(spec, &ownership())
}

fn manifests(spec: &InstanceSpec) -> Vec<Manifest> {
    phases(spec).into_iter().flat_map(|phase| phase.objects).collect()
}

/// The JSON of one object; a missing one is a failed test.
fn object(spec: &InstanceSpec, kind: &str, name: &str) -> Value {
    let mut found = manifests(spec)
        .into_iter()
        .filter(|manifest| manifest.kind == kind && manifest.name == name);
    let manifest = found.next().unwrap_or_else(|| panic!("there is no {kind} {name}"));
    assert!(found.next().is_none(), "there are two {kind} {name}");
    manifest.json
}

/// The container of a Deployment; its name is the image's.
fn container(spec: &InstanceSpec, deployment: &str, name: &str) -> Value {
    let deployment = object(spec, "Deployment", deployment);
    let containers = deployment["spec"]["template"]["spec"]["containers"]
        .as_array()
        .unwrap()
        .clone();
    containers
        .into_iter()
        .find(|container| container["name"] == name)
        .unwrap_or_else(|| panic!("no container {name}"))
}

/// The environment as `name=value`, `name<secret/key` or `name<config/key`.
fn env(container: &Value) -> Vec<String> {
    let variable = |variable: &Value| {
        let name = variable["name"].as_str().unwrap();
        let reference = |kind: &str| {
            let source = &variable["valueFrom"][kind];
            source.is_object().then(|| {
                format!(
                    "{name}<{}/{}",
                    source["name"].as_str().unwrap(),
                    source["key"].as_str().unwrap()
                )
            })
        };
        reference("secretKeyRef")
            .or_else(|| reference("configMapKeyRef"))
            .unwrap_or_else(|| format!("{name}={}", variable["value"].as_str().unwrap()))
    };
    let mut env: Vec<String> = container["env"]
        .as_array()
        .into_iter()
        .flatten()
        .map(variable)
        .collect();
    env.sort();
    env
}

/// A value of the Secret, decoded.
fn secret_value(spec: &InstanceSpec, secret: &str, key: &str) -> String {
    let secret = object(spec, "Secret", secret);
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(secret["data"][key].as_str().unwrap())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}
