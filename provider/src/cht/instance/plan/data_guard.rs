//! What a plan must not do to an instance that holds data, each refused with the reason and the way out. Nothing of
//! this is ever planned as a replacement: that would be an empty CHT in the place of the real one.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::{Couchdb, CouchdbNode, InstanceModel, NodeStorage};
use crate::cht::instance::spec::{CouchDb, CouchDbNode, Volume};
use crate::kubernetes::quantity;

/// Refuses to replace an instance of which the data is to be kept.
pub(super) fn check_replacement(prior: &InstanceModel, replaced_for: &[Path], diagnostics: &mut Diagnostics) {
    if !prior.deletion_protection && !prior.retain_volumes {
        return;
    }
    for path in replaced_for {
        let reason = if *path == Path::new(InstanceModel::NAMESPACE) {
            "Kubernetes cannot move volumes to another namespace"
        } else {
            "Volumes cannot be used by the old and the new instance at once"
        };
        let way_out = if prior.couchdb.spec().is_clustered() {
            "The names of the nodes of a CouchDB cluster hold it as well, and data is found under the old names only: replicate \
             the data to another instance with CouchDB's replication."
        } else {
            "To move the data, make another instance with `existing_data = true` and the `admin_password`, `secret` and `uuid` \
             of this one, whose `couchdb.nodes[0].storage` names the disk or a snapshot of it."
        };
        let detail = format!(
            "Changing `{path}` would replace the instance, which holds data. {reason}. Put the old value back. {way_out} If the \
             data is not needed any more, apply `deletion_protection = false` and `retain_volumes = false` first."
        );
        diagnostics.push(Diagnostic::error("Cannot be changed", detail).at(path.clone()));
    }
}

/// Refuses changes of CouchDB's nodes that it would not follow, or that would lose data. As long as anything is unknown
/// this waits for the plan that the core makes again before it applies.
pub(super) fn check_nodes(plan: &Plan<'_, '_, InstanceResource>, prior: &InstanceModel, diagnostics: &mut Diagnostics) {
    if let Some(planned) = plan.planned_model() {
        // What was in the volumes before an adopted instance was made, nothing tells.
        if prior.is_adopted() {
            compare_nodes(&prior.couchdb, &planned.couchdb, diagnostics);
        } else {
            compare(&prior.couchdb, &planned.couchdb, diagnostics);
        }
    }
}

/// Compares what CouchDB was made from with what it is to be.
pub(super) fn compare(prior: &Couchdb, planned: &Couchdb, diagnostics: &mut Diagnostics) {
    if prior.existing_data != planned.existing_data {
        let detail = "It says what was in the volumes before the instance was made. Put the old value back.";
        diagnostics.push(
            Diagnostic::error("Cannot be changed", detail)
                .at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::EXISTING_DATA)),
        );
    }
    compare_nodes(prior, planned, diagnostics);
}

fn compare_nodes(prior: &Couchdb, planned: &Couchdb, diagnostics: &mut Diagnostics) {
    let (before, after) = (prior.spec(), planned.spec());
    if before.nodes.len() != after.nodes.len() {
        diagnostics.push(number_changed(&before, &after));
        return;
    }
    for (index, (before, after)) in before.nodes.iter().zip(&after.nodes).enumerate() {
        let node = planned.nodes.as_deref().and_then(|nodes| nodes.get(index));
        check_place(index, node, (before, after), diagnostics);
        check_size(index, node, (before, after), diagnostics);
    }
}

fn number_changed(before: &CouchDb, after: &CouchDb) -> Diagnostic {
    let (had, wanted) = (before.nodes.len(), after.nodes.len());
    let reason = if had == 1 || wanted == 1 {
        "A single node and the nodes of a cluster have other names, and each part of the data belongs to the name of a node, so \
         all data would seem to be gone. It has to be moved by hand, with CHT's couchdb-migration: make another instance with \
         the wanted nodes, and move the data there."
    } else if wanted < had {
        "There is one copy of each part of the data, so what is on the removed nodes would be lost."
    } else {
        "Another node would hold no data, as CouchDB moves none to it by itself. Make another instance with the wanted nodes, \
         and replicate the data to it; more than one node rarely makes CHT faster."
    };
    let detail = format!("CouchDB has {had} nodes, not {wanted}. {reason} Put the old number back.");
    Diagnostic::error("Number of CouchDB nodes cannot be changed", detail)
        .at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::NODES))
}

/// Data is where it is: on this disk, in this partition, on this node.
fn check_place(
    index: usize,
    planned: Option<&CouchdbNode>,
    (before, after): (&CouchDbNode, &CouchDbNode),
    diagnostics: &mut Diagnostics,
) {
    let (old, new) = (&before.storage, &after.storage);
    let own = planned.and_then(|node| node.storage.as_ref());
    let has_own_class = own.is_some_and(|storage| storage.class.is_some());
    let classes_differ = matches!((&old.class, &new.class), (Some(old), Some(new)) if old != new);
    let moved_host = matches!(new.volume, Volume::HostPath(_)) && before.node_name != after.node_name;
    let (reason, path) = if old.volume != new.volume {
        (
            "CouchDB would start with other data than before, or with none.",
            NodeStorage::path(index),
        )
    } else if old.partition != new.partition || old.zone != new.zone {
        ("The disk has its data where it is.", NodeStorage::path(index))
    } else if moved_host {
        (
            "The directory with the data is on the old node.",
            CouchdbNode::path(index).attribute(CouchdbNode::NODE_NAME),
        )
    } else if classes_differ && has_own_class {
        (
            "Kubernetes cannot move a volume to another storage class.",
            NodeStorage::path(index).attribute(NodeStorage::CLASS),
        )
    } else {
        return;
    };
    let detail = format!(
        "{reason} Put the old value back. To take the data of this instance to another volume, copy the disk, and make another \
         instance with the copy and `existing_data = true`."
    );
    diagnostics.push(Diagnostic::error("Cannot be changed", detail).at(path));
}

fn check_size(
    index: usize,
    planned: Option<&CouchdbNode>,
    (before, after): (&CouchDbNode, &CouchDbNode),
    diagnostics: &mut Diagnostics,
) {
    let (old, new) = (&before.storage.size, &after.storage.size);
    let path = NodeStorage::size_path(index, planned);
    let (Some(old_amount), Some(new_amount)) = (quantity::billionths(old), quantity::billionths(new)) else {
        return;
    };
    if old_amount == 0 {
        // An adopted directory has no claim that says a size.
        return;
    }
    if new_amount < old_amount {
        let detail = format!("A volume can grow, but never shrink. It has {old}: write at least that.");
        diagnostics.push(Diagnostic::error("Volume cannot shrink", detail).at(path));
    } else if new_amount > old_amount && after.storage.volume != Volume::New {
        let detail = format!(
            "Kubernetes did not make this volume, so it cannot make it grow. Leave `{old}` here, and let the disk grow where it \
             was made: its file system is what counts."
        );
        diagnostics.push(Diagnostic::error("Volume cannot grow here", detail).at(path));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cht::instance::fixtures::{self, with};

    fn model(changes: Value) -> InstanceModel {
        fixtures::model(&with(fixtures::couchdb(changes)))
    }

    #[track_caller]
    fn check(before: Value, after: Value, expected: &[(&str, &str)]) {
        let mut diagnostics = Diagnostics::new();
        compare(&model(before).couchdb, &model(after).couchdb, &mut diagnostics);
        let found: Vec<(String, String)> = diagnostics
            .iter()
            .map(|one| (one.path.as_ref().expect("a path").to_string(), one.detail.clone()))
            .collect();
        assert_eq!(found.len(), expected.len(), "{diagnostics}");
        for ((path, detail), (expected_path, part)) in found.iter().zip(expected) {
            assert_eq!(path, expected_path, "{diagnostics}");
            assert!(detail.contains(part), "{diagnostics}");
        }
    }

    #[test]
    fn the_number_of_nodes_stays() {
        let path = "couchdb.nodes";
        let nodes = |number: usize| json!({"nodes": vec![json!({}); number]});
        check(json!({}), nodes(1), &[]);
        check(json!({}), nodes(3), &[(path, "couchdb-migration")]);
        check(nodes(3), json!({}), &[(path, "couchdb-migration")]);
        check(nodes(3), nodes(2), &[(path, "would be lost")]);
        check(nodes(2), nodes(3), &[(path, "would hold no data")]);
    }

    #[test]
    fn v05_a_volume_grows_where_kubernetes_made_it_and_never_shrinks() {
        let sizes =
            |common: &str, own: &str| json!({"storage_size": common, "nodes": [{}, {"storage": {"size": own}}]});
        check(sizes("1Gi", "1Gi"), sizes("2Gi", "1024Mi"), &[]);
        check(
            sizes("2Gi", "2Gi"),
            sizes("1Gi", "1Gi"),
            &[
                ("couchdb.storage_size", "It has 2Gi"),
                ("couchdb.nodes[1].storage.size", "never shrink"),
            ],
        );
        let disk = |size: &str| json!({"storage_size": size, "nodes": [{"storage": {"gce_disk": "data"}}]});
        check(
            disk("1Gi"),
            disk("2Gi"),
            &[("couchdb.storage_size", "where it was made")],
        );
    }

    #[test]
    fn data_stays_on_its_disk_and_node() {
        let on = |node: Value| json!({ "nodes": [node] });
        let directory = |path: &str, name: &str| on(json!({"node_name": name, "storage": {"host_path": path}}));
        check(directory("/srv/a", "a"), directory("/srv/a", "a"), &[]);
        check(
            directory("/srv/a", "a"),
            directory("/srv/b", "a"),
            &[("couchdb.nodes[0].storage", "other data")],
        );
        check(
            directory("/srv/a", "a"),
            directory("/srv/a", "b"),
            &[("couchdb.nodes[0].node_name", "on the old node")],
        );
        let pinned = |name: &str| on(json!({ "node_name": name }));
        check(pinned("a"), pinned("b"), &[]);
        let class = |name: &str| on(json!({"storage": {"class": name}}));
        check(
            class("slow"),
            class("fast"),
            &[("couchdb.nodes[0].storage.class", "another storage class")],
        );
    }

    #[test]
    fn a_size_that_nothing_has_told_yet_can_be_any() {
        let directory = |size: &str| json!({"storage_size": size, "nodes": [{"node_name": "a", "storage": {"host_path": "/srv/a"}}]});
        check(directory("0"), directory("100Mi"), &[]);
    }

    #[test]
    fn v11_an_instance_with_data_is_not_replaced() {
        let replaced = |prior: &Value| {
            let mut diagnostics = Diagnostics::new();
            let paths = [Path::new(InstanceModel::NAMESPACE)];
            check_replacement(&fixtures::model(&with(prior.clone())), &paths, &mut diagnostics);
            diagnostics.to_string()
        };
        assert!(replaced(&json!({"deletion_protection": false})).contains("existing_data = true"));
        assert!(replaced(&json!({"retain_volumes": false})).contains("holds data"));
        let mut cluster = fixtures::couchdb(json!({"nodes": [{}, {}]}));
        assert!(replaced(&cluster).contains("old names only"));
        cluster["deletion_protection"] = json!(false);
        cluster["retain_volumes"] = json!(false);
        assert_eq!(replaced(&cluster), "");
    }
}
