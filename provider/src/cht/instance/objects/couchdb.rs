//! CouchDB, one node, with Nouveau beside it in the same pod: both write to one volume that only one pod can have.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, EnvVar, PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec, Volume, VolumeMount,
};

use super::metadata::{Labels, port};
use super::workload::{Workload, container, env_value, with_settings};
use super::{Manifest, probes, secret, storage};
use crate::cht::instance::spec::InstanceSpec;

const COMPONENT: &str = "couchdb";
const PORT: i32 = 5984;
const NOUVEAU_PORT: i32 = 5987;

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    let ports = vec![
        port(Some("couchdb-service"), PORT),
        port(Some("epmd"), 4369),
        port(Some("erlang"), 9100),
    ];
    let nouveau_ports = vec![port(Some("nouveau-service"), NOUVEAU_PORT)];
    vec![
        labels.service("couchdb", Some(COMPONENT), COMPONENT, ports),
        // CouchDB's configuration looks for Nouveau under this name; it is a container of CouchDB's own pod.
        labels.service("nouveau", Some("nouveau"), COMPONENT, nouveau_ports),
    ]
}

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    let claim = PersistentVolumeClaimVolumeSource {
        claim_name: storage::CLAIM.to_owned(),
        read_only: None,
    };
    let workload = Workload {
        name: "cht-couchdb",
        component: COMPONENT,
        placement: Some(&spec.couchdb.pod),
        // CouchDB keeps the credentials of its first start and ignores later ones: a restart would change nothing
        // but be an outage.
        checksums: BTreeMap::new(),
        pod: PodSpec {
            containers: vec![couchdb(spec), nouveau(spec)],
            security_context: Some(PodSecurityContext {
                run_as_user: Some(0),
                fs_group: Some(0),
                ..PodSecurityContext::default()
            }),
            termination_grace_period_seconds: Some(0),
            volumes: Some(vec![Volume {
                name: storage::CLAIM.to_owned(),
                persistent_volume_claim: Some(claim),
                ..Volume::default()
            }]),
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

pub(super) fn env(spec: &InstanceSpec) -> Vec<EnvVar> {
    vec![
        env_value("COUCHDB_LOG_LEVEL", &spec.couchdb.log_level),
        secret::env(secret::PASSWORD),
        secret::env(secret::SECRET),
        secret::env(secret::USER),
        secret::env(secret::UUID),
        env_value("SVC_NAME", spec.service_host("couchdb")),
    ]
}

fn couchdb(spec: &InstanceSpec) -> Container {
    let settings = &spec.couchdb.pod;
    let data_path = &spec.couchdb.data_path;
    let env = with_settings(env(spec), settings);
    Container {
        volume_mounts: Some(vec![
            mount(
                "/opt/couchdb/data",
                (!data_path.is_empty()).then_some(data_path.as_str()),
            ),
            mount("/opt/couchdb/etc/local.d", Some("local.d")),
        ]),
        // CouchDB answers every HTTP request without credentials with 401, so only the port itself can be asked.
        startup_probe: probes::startup(spec, probes::tcp(PORT)),
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        readiness_probe: probes::readiness(spec, probes::tcp(PORT)),
        ..container(spec, "cht-couchdb", Some(PORT), env, &settings.resources)
    }
}

fn nouveau(spec: &InstanceSpec) -> Container {
    Container {
        // The same directory as CouchDB's with the usual path; the official layout has it so.
        volume_mounts: Some(vec![mount("/data/nouveau", Some("data"))]),
        startup_probe: probes::startup(spec, probes::tcp(NOUVEAU_PORT)),
        // No readiness: without search the database still works, and the pod must stay in its Service.
        liveness_probe: probes::liveness(spec, probes::tcp(NOUVEAU_PORT)),
        ..container(
            spec,
            "cht-couchdb-nouveau",
            Some(NOUVEAU_PORT),
            Vec::new(),
            &spec.nouveau.resources,
        )
    }
}

fn mount(path: &str, sub_path: Option<&str>) -> VolumeMount {
    VolumeMount {
        name: storage::CLAIM.to_owned(),
        mount_path: path.to_owned(),
        sub_path: sub_path.map(str::to_owned),
        ..VolumeMount::default()
    }
}
