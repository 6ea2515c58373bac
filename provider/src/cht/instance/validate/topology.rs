//! Rules for versions, nodes and volumes.

use std::collections::BTreeMap;

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Draft;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::{
    Couchdb, CouchdbDraft, CouchdbNode, CouchdbNodeDraft, Healthcheck, InstanceModel, NodeStorage, NodeStorageDraft,
};
use crate::cht::instance::spec::layout::{Layout, NouveauPlace};
use crate::cht::version::ChtVersion;

/// The longest DNS name.
const LONGEST_NAME: usize = 253;

pub(super) fn validate(config: &Draft<InstanceResource>, diagnostics: &mut Diagnostics) {
    let version = config.cht_version.known().and_then(|text| text.parse().ok());
    if let Some(version) = &version {
        validate_version(config, version, diagnostics);
    }
    validate_names(config, diagnostics);
    if let Attr::Known(couchdb) = &config.couchdb {
        validate_existing_data(couchdb, diagnostics);
        validate_data_path(couchdb, diagnostics);
        if let Attr::Known(nodes) = &couchdb.nodes {
            validate_nodes(nodes, diagnostics);
        }
        let healthcheck = config.healthcheck.known();
        let is_disabled = healthcheck.is_some_and(|healthcheck| healthcheck.enabled.known() == Some(&false));
        if let (Some(version), true) = (&version, is_disabled) {
            warn_of_missing_healthcheck(couchdb, Layout::of(version), diagnostics);
        }
    }
}

fn validate_version(config: &Draft<InstanceResource>, version: &ChtVersion, diagnostics: &mut Diagnostics) {
    let layout = Layout::of(version);
    if !config.upgrade_service.is_null() && !layout.has_upgrade_service {
        let detail = format!(
            "CHT {version} has no upgrade service for Kubernetes: it would leave out what a new version adds. Remove \
             `upgrade_service`, and change `cht_version` to upgrade."
        );
        diagnostics.push(Diagnostic::error("No upgrade service", detail).at(InstanceModel::UPGRADE_SERVICE));
    }
    if !config.nouveau.is_null() && layout.nouveau == NouveauPlace::Nowhere {
        let detail = format!("CHT {version} has no search index of its own: that came with CHT 5.0. Remove `nouveau`.");
        diagnostics.push(Diagnostic::error("No search index", detail).at(InstanceModel::NOUVEAU));
    }
}

/// The names of CouchDB's nodes hold those of the namespace and of the cluster's domain.
fn validate_names(config: &Draft<InstanceResource>, diagnostics: &mut Diagnostics) {
    let (Some(namespace), Some(domain)) = (config.namespace.known(), config.cluster_domain.known()) else {
        return;
    };
    let longest = format!("couchdb-99.{namespace}.svc.{domain}").len();
    if longest > LONGEST_NAME {
        let detail = format!(
            "The names of services would have up to {longest} characters, and names in DNS at most {LONGEST_NAME}. Choose a \
             shorter namespace."
        );
        diagnostics.push(Diagnostic::error("Names are too long", detail).at(InstanceModel::NAMESPACE));
    }
}

/// Data only works with what it was made with.
fn validate_existing_data(couchdb: &CouchdbDraft, diagnostics: &mut Diagnostics) {
    if couchdb.existing_data.known() != Some(&true) {
        return;
    }
    let no_password = couchdb.admin_password.is_null() && couchdb.admin_password_wo.is_null();
    let missing = [
        (
            no_password,
            Couchdb::ADMIN_PASSWORD,
            "CouchDB keeps the administrator of the data.",
        ),
        (
            couchdb.secret.is_null(),
            Couchdb::SECRET,
            "The data holds credentials that were stored with it.",
        ),
        (couchdb.uuid.is_null(), Couchdb::UUID, "Clients replicate with it."),
    ];
    for (_, attribute, reason) in missing.into_iter().filter(|(is_missing, ..)| *is_missing) {
        let detail =
            format!("With `existing_data`, give the `{attribute}` of the instance that the data is from. {reason}");
        let path = Path::new(InstanceModel::COUCHDB).attribute(attribute);
        diagnostics.push(Diagnostic::error("Existing data needs its credentials", detail).at(path));
    }
}

fn validate_data_path(couchdb: &CouchdbDraft, diagnostics: &mut Diagnostics) {
    let has_number = couchdb.data_path.known().is_some_and(|path| path.contains("%d"));
    let is_single = match &couchdb.nodes {
        Attr::Unknown => false,
        Attr::Null => true,
        Attr::Known(nodes) => nodes.len() < 2,
    };
    if has_number && is_single {
        let detail = "`%d` stands for the number of a node in a cluster, and a single node has none. Write the path as it is in \
                      the volume.";
        let path = Path::new(InstanceModel::COUCHDB).attribute(Couchdb::DATA_PATH);
        diagnostics.push(Diagnostic::error("Single node has no number", detail).at(path));
    }
}

fn validate_nodes(nodes: &[Attr<CouchdbNodeDraft>], diagnostics: &mut Diagnostics) {
    let mut names = BTreeMap::new();
    let mut volumes = BTreeMap::new();
    let mut has_volume = Vec::new();
    for (index, draft) in nodes.iter().enumerate() {
        let Attr::Known(draft) = draft else { continue };
        let name = draft.node_name.known();
        if let Some(first) = name.and_then(|name| names.insert(name, index)) {
            let detail = format!(
                "It is that of node {first} already. Nodes of a cluster that fail together are no better than one: bind each \
                 to a Kubernetes node of its own, or to none."
            );
            diagnostics
                .push(Diagnostic::error("Two nodes in one place", detail).at(path(index, CouchdbNode::NODE_NAME)));
        }
        let Attr::Known(volume) = &draft.storage else {
            if draft.storage.is_null() {
                has_volume.push((index, false));
            }
            continue;
        };
        validate_storage(index, draft, volume, diagnostics);
        let sources = sources(volume);
        if sources.iter().all(|(_, source)| !source.is_unknown()) {
            has_volume.push((index, sources.iter().any(|(_, source)| !source.is_null())));
        }
        for (attribute, source) in sources {
            let host = if attribute == NodeStorage::HOST_PATH {
                name
            } else {
                None
            };
            if let Attr::Known(source) = source
                && let Some(first) = volumes.insert((attribute, source, host), index)
            {
                let detail = format!("It is that of node {first} already. Each node needs a volume of its own.");
                let path = NodeStorage::path(index).attribute(attribute);
                diagnostics.push(Diagnostic::error("Two nodes with one volume", detail).at(path));
            }
        }
    }
    if let Some((index, _)) = has_volume.iter().find(|(_, has)| !has)
        && has_volume.iter().any(|(_, has)| *has)
    {
        let detail = "Other nodes have volumes that are there already, and this one has none: its part of the data would be \
                      missing. Give all nodes their volumes, or none.";
        diagnostics.push(Diagnostic::error("Volume of a node is missing", detail).at(CouchdbNode::path(*index)));
    }
}

fn validate_storage(index: usize, node: &CouchdbNodeDraft, volume: &NodeStorageDraft, diagnostics: &mut Diagnostics) {
    let mut refuse = |attribute: &str, summary: &str, detail: &str| {
        diagnostics.push(Diagnostic::error(summary, detail).at(NodeStorage::path(index).attribute(attribute)));
    };
    if !volume.host_path.is_null() && node.node_name.is_null() {
        let detail = "A directory is on one node only. Name it in `node_name`, or the pod starts on another one without its data.";
        refuse(NodeStorage::HOST_PATH, "Node of the directory is missing", detail);
    }
    let on_disk = !volume.ebs_volume_id.is_null() || !volume.gce_disk.is_null();
    for (attribute, is_given) in [
        (NodeStorage::PARTITION, !volume.partition.is_null()),
        (NodeStorage::ZONE, !volume.zone.is_null()),
    ] {
        if is_given && !on_disk {
            let detail = format!("`{attribute}` says more of `ebs_volume_id` or `gce_disk`, and there is neither.");
            refuse(attribute, "No disk", &detail);
        }
    }
    let takes_class = volume.volume_name.is_null() && sources(volume).iter().any(|(_, source)| !source.is_null());
    if !volume.class.is_null() && takes_class {
        let detail = "The volume is there already, so no class makes it. Remove `class`.";
        refuse(NodeStorage::CLASS, "Class of an existing volume", detail);
    }
}

/// What can lead to a volume that is there already.
fn sources(volume: &NodeStorageDraft) -> [(&'static str, &Attr<String>); 6] {
    [
        (NodeStorage::EBS_VOLUME_ID, &volume.ebs_volume_id),
        (NodeStorage::GCE_DISK, &volume.gce_disk),
        (NodeStorage::HOST_PATH, &volume.host_path),
        (NodeStorage::VSPHERE_VOLUME_HANDLE, &volume.vsphere_volume_handle),
        (NodeStorage::VOLUME_NAME, &volume.volume_name),
        (NodeStorage::CLAIM_NAME, &volume.claim_name),
    ]
}

fn warn_of_missing_healthcheck(couchdb: &CouchdbDraft, layout: &Layout, diagnostics: &mut Diagnostics) {
    let is_clustered = matches!(&couchdb.nodes, Attr::Known(nodes) if nodes.len() > 1);
    if is_clustered || layout.always_has_healthcheck {
        let detail = "HAProxy asks the health check whether CouchDB is up. Without it, every request may be answered with 503. \
                      Remove `enabled = false`, unless there is such a service from elsewhere.";
        let path = Path::new(InstanceModel::HEALTHCHECK).attribute(Healthcheck::ENABLED);
        diagnostics.push(Diagnostic::warning("No health check", detail).at(path));
    }
}

fn path(index: usize, attribute: &str) -> Path {
    CouchdbNode::path(index).attribute(attribute)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::cht::instance::fixtures::couchdb;
    use crate::cht::instance::validate::tests::check;

    #[track_caller]
    fn check_nodes(nodes: Value, expected: &[&str]) {
        check(couchdb(json!({ "nodes": nodes })), expected);
    }

    #[test]
    fn v10_what_a_version_does_not_have_cannot_be_configured() {
        check(json!({"cht_version": "4.22.0", "upgrade_service": {}}), &[]);
        check(
            json!({"cht_version": "5.0.0", "upgrade_service": {}}),
            &["upgrade_service"],
        );
        check(json!({"cht_version": "4.22.0", "nouveau": {}}), &["nouveau"]);
        check(json!({"cht_version": "5.0.0", "nouveau": {}}), &[]);
    }

    #[test]
    fn v03_names_of_services_fit_into_dns() {
        let domain = |label: usize| vec!["a".repeat(label); 4].join(".");
        check(json!({"cluster_domain": domain(49)}), &[]);
        check(json!({"cluster_domain": domain(59)}), &["namespace"]);
    }

    #[test]
    fn v06_existing_data_comes_with_its_credentials() {
        check(
            couchdb(json!({"existing_data": true})),
            &["couchdb.admin_password", "couchdb.secret", "couchdb.uuid"],
        );
        let all = json!({
            "existing_data": true, "admin_password_wo": "12345678", "admin_password_wo_version": 1,
            "secret": "0123456789abcdef", "uuid": "7f9a3c1e54b24d8e9c610a2b3c4d5e6f",
        });
        check(couchdb(all), &[]);
    }

    #[test]
    fn the_number_of_a_node_is_that_of_a_cluster() {
        check(couchdb(json!({"data_path": "node%d/data"})), &["couchdb.data_path"]);
        check(couchdb(json!({"data_path": "node%d/data", "nodes": [{}, {}]})), &[]);
    }

    #[test]
    fn v04_c04_nodes_have_places_and_volumes_of_their_own() {
        check_nodes(json!([{"node_name": "a"}, {"node_name": "b"}, {}]), &[]);
        check_nodes(
            json!([{"node_name": "a"}, {"node_name": "a"}]),
            &["couchdb.nodes[1].node_name"],
        );
        let disk = |id: &str| json!({"storage": {"ebs_volume_id": id}});
        check_nodes(json!([disk("vol-1"), disk("vol-2")]), &[]);
        check_nodes(
            json!([disk("vol-1"), disk("vol-1")]),
            &["couchdb.nodes[1].storage.ebs_volume_id"],
        );
        check_nodes(json!([disk("vol-1"), {}]), &["couchdb.nodes[1]"]);
        let directory = |node: &str| json!({"node_name": node, "storage": {"host_path": "/srv/cht"}});
        check_nodes(json!([directory("a"), directory("b")]), &[]);
    }

    #[test]
    fn what_is_said_of_a_volume_fits_its_kind() {
        let path = |attribute: &str| format!("couchdb.nodes[0].storage.{attribute}");
        let check = |storage: Value, attribute: &str| check_nodes(json!([{ "storage": storage }]), &[&path(attribute)]);
        check(json!({"host_path": "/srv/cht"}), "host_path");
        check(json!({"claim_name": "data", "zone": "a"}), "zone");
        check(json!({"size": "1Gi", "partition": 1}), "partition");
        check(json!({"gce_disk": "data", "class": "fast"}), "class");
        check_nodes(json!([{"storage": {"volume_name": "data", "class": "fast"}}]), &[]);
    }

    #[test]
    fn a_health_check_that_haproxy_asks_is_missed() {
        let disabled = json!({"enabled": false});
        check(json!({ "healthcheck": disabled }), &[]);
        let old = json!({"healthcheck": disabled, "cht_version": "4.22.0"});
        check(old, &["healthcheck.enabled"]);
        let mut cluster = couchdb(json!({"nodes": [{}, {}]}));
        cluster["healthcheck"] = disabled;
        check(cluster, &["healthcheck.enabled"]);
    }
}
