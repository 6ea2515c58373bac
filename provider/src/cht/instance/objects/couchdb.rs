//! CouchDB: one node, or several that form a cluster. The search index is beside it in the same pod where the version
//! has it there, as both write to one volume that only one pod can have; see [`super::nouveau`].
//!
//! The nodes of a cluster know each other by the names of their Services, which each node's name holds. The first one
//! brings the others together; those take the administrator from it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Capabilities, Container, EnvVar, PersistentVolumeClaimVolumeSource, PodAffinityTerm, PodAntiAffinity,
    PodSecurityContext, PodSpec, SecurityContext, Volume, VolumeMount, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::metadata::{COMPONENT_LABEL, HOST_NAME_LABEL, Labels, port};
use super::workload::{Workload, container, env_value, ports, with_settings};
use super::{Manifest, config, nouveau, probes, secret};
use crate::cht::instance::spec::layout::Strategy;
use crate::cht::instance::spec::{InstanceSpec, Member, PodSettings};

const PORT: i32 = 5984;

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    let service = |member: Member<'_>| {
        let component = member.component();
        let main = member.number.map_or("couchdb-service".to_owned(), |number| {
            format!("couchdb{number}-service")
        });
        let mut ports = vec![
            port(Some(&main), PORT),
            port(Some("epmd"), 4369),
            port(Some("erlang"), 9100),
        ];
        if member.number.is_some() && labels.spec.layout().has_cluster_port {
            ports.push(port(Some("cluster-api"), 5986));
        }
        labels.service(&component, Some(&component), &component, ports)
    };
    labels.spec.couchdb.members().map(service).collect()
}

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    let deployment = |member: Member<'_>| {
        let placement = placement(&member);
        let workload = Workload {
            name: member.workload(),
            component: member.component(),
            // Two CouchDB processes must never write to one volume.
            strategy: Strategy::Recreate,
            placement: Some(&placement),
            // CouchDB keeps the credentials of its first start and ignores later ones: a restart would change nothing
            // but be an outage.
            checksums: BTreeMap::new(),
            pod: PodSpec {
                affinity: spread(spec),
                containers: [vec![couchdb(spec, &member)], nouveau::beside(spec, &member)].concat(),
                security_context: Some(as_root()),
                termination_grace_period_seconds: spec.layout().grace_seconds,
                volumes: Some(vec![volume(&member)]),
                ..PodSpec::default()
            },
        };
        workload.deployment(labels)
    };
    spec.couchdb.members().map(deployment).collect()
}

/// Where the pod of a node may run.
pub(super) fn placement(member: &Member<'_>) -> PodSettings {
    let mut node_selector = member.node.node_selector.clone();
    if let Some(name) = &member.node.node_name {
        node_selector.insert(HOST_NAME_LABEL.to_owned(), name.clone());
    }
    PodSettings {
        node_selector,
        tolerations: member.node.tolerations.clone(),
        ..PodSettings::default()
    }
}

/// The user as which the official pods run.
pub(super) fn as_root() -> PodSecurityContext {
    PodSecurityContext {
        run_as_user: Some(0),
        fs_group: Some(0),
        ..PodSecurityContext::default()
    }
}

/// The volume of a node; it is called like the claim that is made for it, even if it mounts another.
pub(super) fn volume(member: &Member<'_>) -> Volume {
    Volume {
        name: member.claim(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: member.mounted_claim(),
            read_only: None,
        }),
        ..Volume::default()
    }
}

/// A directory of a node's volume in a container.
pub(super) fn mount(member: &Member<'_>, path: &str, sub_path: Option<&str>) -> VolumeMount {
    VolumeMount {
        name: member.claim(),
        mount_path: path.to_owned(),
        sub_path: sub_path.map(str::to_owned),
        ..VolumeMount::default()
    }
}

/// The variables of a node's container.
pub(super) fn env(spec: &InstanceSpec, member: &Member<'_>) -> Vec<EnvVar> {
    let mut env = vec![
        env_value("COUCHDB_LOG_LEVEL", &spec.couchdb.log_level),
        secret::env(secret::PASSWORD),
        secret::env(secret::SECRET),
        secret::env(secret::USER),
        secret::env(secret::UUID),
        env_value("SVC_NAME", spec.service_host(&member.component())),
    ];
    if member.number.is_some() {
        env.push(env_value("NODE_COUNT", spec.couchdb.nodes.len().to_string()));
        env.push(config::env(if member.is_first() {
            config::PEERS
        } else {
            config::ADMINS_NODE
        }));
    }
    env.extend(nouveau::url(spec, member).map(|url| env_value("NOUVEAU_URL", url)));
    if spec.couchdb.default_ulimit {
        env.push(env_value("DEFAULT_ULIMIT", "true"));
    }
    env
}

fn couchdb(spec: &InstanceSpec, member: &Member<'_>) -> Container {
    let settings = PodSettings {
        env: spec.couchdb.env.clone(),
        ..PodSettings::default()
    };
    let env = with_settings(env(spec, member), &settings);
    let data_path = member.data_path(&spec.couchdb);
    Container {
        name: member.workload(),
        volume_mounts: Some(vec![
            mount(
                member,
                "/opt/couchdb/data",
                Some(data_path.as_str()).filter(|path| !path.is_empty()),
            ),
            mount(member, "/opt/couchdb/etc/local.d", Some("local.d")),
        ]),
        // CouchDB answers every HTTP request without credentials with 401, so only the port itself can be asked.
        startup_probe: probes::startup(spec, probes::tcp(PORT)),
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        readiness_probe: probes::readiness(spec, probes::tcp(PORT)),
        security_context: spec.couchdb.sys_resource.then(|| SecurityContext {
            capabilities: Some(Capabilities {
                add: Some(vec!["SYS_RESOURCE".to_owned()]),
                drop: None,
            }),
            ..SecurityContext::default()
        }),
        ports: ports(PORT),
        env: Some(env),
        ..container(spec, "cht-couchdb", &spec.couchdb.resources)
    }
}

/// Lets the nodes of a cluster run on different Kubernetes nodes as far as there are enough of them.
fn spread(spec: &InstanceSpec) -> Option<Affinity> {
    if !spec.couchdb.is_clustered() {
        return None;
    }
    let components = spec.couchdb.members().map(|member| member.component()).collect();
    let others = LabelSelectorRequirement {
        key: COMPONENT_LABEL.to_owned(),
        operator: "In".to_owned(),
        values: Some(components),
    };
    let term = WeightedPodAffinityTerm {
        weight: 100,
        pod_affinity_term: PodAffinityTerm {
            label_selector: Some(LabelSelector {
                match_expressions: Some(vec![others]),
                ..LabelSelector::default()
            }),
            topology_key: HOST_NAME_LABEL.to_owned(),
            ..PodAffinityTerm::default()
        },
    };
    Some(Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(vec![term]),
            ..PodAntiAffinity::default()
        }),
        ..Affinity::default()
    })
}
