//! Nouveau, the search index: nowhere, in a pod of its own, or in pods of CouchDB, as the version has it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Affinity, Container, PodAffinity, PodAffinityTerm, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::couchdb::{as_root, mount, placement, volume};
use super::metadata::{HOST_NAME_LABEL, Labels, component_label, port};
use super::workload::{Workload, container, ports};
use super::{Manifest, probes};
use crate::cht::instance::spec::layout::{NouveauPlace, Strategy};
use crate::cht::instance::spec::{InstanceSpec, Member};

/// The label of a pod of its own, and the Service that CouchDB's configuration looks for.
const COMPONENT: &str = "nouveau";
const NAME: &str = "cht-couchdb-nouveau";
const PORT: i32 = 5987;

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    let place = labels.spec.layout().nouveau;
    let service = |member: Member<'_>| {
        let (name, selector) = match place {
            NouveauPlace::OwnPod => (COMPONENT.to_owned(), COMPONENT.to_owned()),
            NouveauPlace::Nowhere | NouveauPlace::FirstNode => (COMPONENT.to_owned(), member.component()),
            NouveauPlace::EachNode => (member.numbered(COMPONENT), member.component()),
        };
        labels.service(&name, Some(&name), &selector, vec![port(Some("nouveau-service"), PORT)])
    };
    let members = labels.spec.couchdb.members();
    members
        .filter(|member| place != NouveauPlace::Nowhere && (member.is_first() || place == NouveauPlace::EachNode))
        .map(service)
        .collect()
}

/// The pod of its own. It needs CouchDB's volume, which only pods of one Kubernetes node can share.
pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let spec = labels.spec;
    let first = spec.couchdb.members().next();
    let (Some(first), NouveauPlace::OwnPod) = (first, spec.layout().nouveau) else {
        return Vec::new();
    };
    let beside_couchdb = PodAffinityTerm {
        label_selector: Some(LabelSelector {
            match_labels: Some(component_label(&first.component())),
            ..LabelSelector::default()
        }),
        topology_key: HOST_NAME_LABEL.to_owned(),
        ..PodAffinityTerm::default()
    };
    let placement = placement(&first);
    let workload = Workload {
        name: NAME.to_owned(),
        component: COMPONENT.to_owned(),
        strategy: Strategy::Recreate,
        placement: Some(&placement),
        checksums: BTreeMap::new(),
        pod: PodSpec {
            affinity: Some(Affinity {
                pod_affinity: Some(PodAffinity {
                    required_during_scheduling_ignored_during_execution: Some(vec![beside_couchdb]),
                    ..PodAffinity::default()
                }),
                ..Affinity::default()
            }),
            containers: vec![nouveau(spec, &first)],
            security_context: Some(as_root()),
            volumes: Some(vec![volume(&first)]),
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

/// The container in the pod of a CouchDB node, if it belongs there.
pub(super) fn beside(spec: &InstanceSpec, member: &Member<'_>) -> Vec<Container> {
    let is_there = match spec.layout().nouveau {
        NouveauPlace::Nowhere | NouveauPlace::OwnPod => false,
        NouveauPlace::FirstNode => member.is_first(),
        NouveauPlace::EachNode => true,
    };
    if is_there {
        vec![nouveau(spec, member)]
    } else {
        Vec::new()
    }
}

/// Where a node of a cluster finds an index of its own; the others look for it under the name that they are built with.
pub(super) fn url(spec: &InstanceSpec, member: &Member<'_>) -> Option<String> {
    let has_own = member.number.is_some() && spec.layout().nouveau == NouveauPlace::EachNode;
    has_own.then(|| format!("http://{}:{PORT}", member.numbered(COMPONENT)))
}

fn nouveau(spec: &InstanceSpec, member: &Member<'_>) -> Container {
    Container {
        // The same directory as CouchDB's with the usual path; the official layout has it so.
        volume_mounts: Some(vec![mount(member, "/data/nouveau", Some("data"))]),
        startup_probe: probes::startup(spec, probes::tcp(PORT)),
        // No readiness: without search the database still works, and the pod must stay in its Service.
        liveness_probe: probes::liveness(spec, probes::tcp(PORT)),
        ports: ports(PORT),
        ..container(spec, NAME, &spec.nouveau.resources)
    }
}
