//! Whether disks and their pods are brought together: a disk can only be attached to nodes of its zone. What these
//! credentials may not read is not checked.

use k8s_openapi::api::core::v1::Node;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::{CouchdbNode, NodeStorage};
use crate::cht::instance::objects::{HOST_NAME_LABEL, ZONE_LABEL};
use crate::cht::instance::spec::{CouchDb, CouchDbNode, Member, Volume};
use crate::kubernetes::{Access, Error, Kind, LiveObject, Looked};

/// Where disks and Kubernetes nodes are.
pub(super) struct Zones<'a> {
    pub(super) couchdb: &'a CouchDb,
    /// Whether the instance is only to be made: later nobody can say where a disk is.
    pub(super) is_new: bool,
}

impl Zones<'_> {
    /// Warns of disks of which nobody says where they are, and refuses nodes of other zones.
    pub(super) async fn check(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Error> {
        let concerned = |node: &CouchDbNode| node.storage.zone.is_some() || self.is_anywhere(node);
        if !self.couchdb.nodes.iter().any(concerned) {
            return Ok(());
        }
        let Looked::Known(nodes) = access.cluster.look_at_all(Kind::cluster::<Node>()).await? else {
            return Ok(());
        };
        for (index, member) in self.couchdb.members().enumerate() {
            if self.is_anywhere(member.node)
                && let Some(warning) = no_zone(index, &member, &nodes)
            {
                cx.warn(warning);
            }
            let Some(zone) = &member.node.storage.zone else {
                continue;
            };
            let path = NodeStorage::path(index).attribute(NodeStorage::ZONE);
            match compare_zone(index, &member, zone, &nodes) {
                Zone::Fits => {}
                Zone::Elsewhere(problem) => diagnostics.push(problem),
                // Nodes may be added when a pod needs them.
                Zone::NoNode(zones) => cx.warn(no_node(zone, &zones, path)),
            }
        }
        Ok(())
    }

    /// Whether nothing says where the disk of a new node is, so that its pod may get to any Kubernetes node.
    fn is_anywhere(&self, node: &CouchDbNode) -> bool {
        let is_in_zone = matches!(node.storage.volume, Volume::Ebs(_) | Volume::GceDisk(_));
        let is_placed =
            node.storage.zone.is_some() || node.node_name.is_some() || node.node_selector.contains_key(ZONE_LABEL);
        self.is_new && is_in_zone && !is_placed
    }
}

/// How a disk's zone and the Kubernetes nodes go together.
enum Zone {
    Fits,
    Elsewhere(Diagnostic),
    NoNode(Vec<String>),
}

fn compare_zone(index: usize, member: &Member<'_>, zone: &str, nodes: &[LiveObject]) -> Zone {
    if let Some(name) = &member.node.node_name {
        let pinned = nodes
            .iter()
            .find(|node| node.label(HOST_NAME_LABEL) == Some(name.as_str()));
        return match pinned.map(zone_of) {
            Some(other) if other != zone => {
                let detail = format!(
                    "The disk is in the zone {zone}, and the node {name} in {other}, where it cannot be attached. Choose a \
                     node in {zone}, or copy the disk to {other} by a snapshot."
                );
                let path = CouchdbNode::path(index).attribute(CouchdbNode::NODE_NAME);
                Zone::Elsewhere(Diagnostic::error("Node is in another zone", detail).at(path))
            }
            _ => Zone::Fits,
        };
    }
    let zones = zones_of(nodes);
    if zones.iter().any(|other| other == zone) {
        return Zone::Fits;
    }
    Zone::NoNode(zones)
}

fn zone_of(node: &LiveObject) -> String {
    node.label(ZONE_LABEL).unwrap_or_default().to_owned()
}

/// The zones of all nodes, each once.
fn zones_of(nodes: &[LiveObject]) -> Vec<String> {
    let mut zones: Vec<String> = nodes.iter().map(zone_of).collect();
    zones.sort();
    zones.dedup();
    zones
}

/// The words for a disk of which nobody says where it is, if the nodes are in several zones.
fn no_zone(index: usize, member: &Member<'_>, nodes: &[LiveObject]) -> Option<Diagnostic> {
    let mut zones = zones_of(nodes);
    zones.retain(|zone| !zone.is_empty());
    if zones.len() < 2 {
        return None;
    }
    let attribute = match member.node.storage.volume {
        Volume::GceDisk(_) => NodeStorage::GCE_DISK,
        _ => NodeStorage::EBS_VOLUME_ID,
    };
    let detail = format!(
        "The disk is in one zone, and the cluster has nodes in several: {}. Kubernetes cannot know in which of them the disk is, so \
         the pod may get to a node where it cannot be attached, and wait there for ever. Give the `zone` of the disk.",
        zones.join(", ")
    );
    let path = NodeStorage::path(index).attribute(attribute);
    Some(Diagnostic::warning("Zone of the disk is missing", detail).at(path))
}

fn no_node(zone: &str, zones: &[String], path: Path) -> Diagnostic {
    let detail = format!(
        "The disk is in the zone {zone}, where the cluster has no node now; its nodes are in: {}. Unless a node is added there, \
         the pod stays pending.",
        zones.join(", ")
    );
    Diagnostic::warning("No node in the zone of the disk", detail).at(path)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cht::instance::fixtures::{couchdb_of, first_member};

    #[test]
    fn v13_a_disk_is_in_the_zone_of_its_node() {
        let nodes = [("a", "zone-1"), ("b", "zone-2")].map(|(name, zone)| {
            let labels = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone});
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
            LiveObject::from_json(node).expect("a known kind")
        });
        let fits = |node: Value, zone: &str| compare_zone(0, &first_member(&couchdb_of(node)), zone, &nodes);
        assert!(matches!(fits(json!({}), "zone-2"), Zone::Fits));
        assert!(matches!(fits(json!({"node_name": "a"}), "zone-1"), Zone::Fits));
        assert!(matches!(fits(json!({"node_name": "later"}), "zone-1"), Zone::Fits));
        assert!(matches!(fits(json!({"node_name": "a"}), "zone-2"), Zone::Elsewhere(_)));
        assert!(matches!(fits(json!({}), "zone-3"), Zone::NoNode(zones) if zones == ["zone-1", "zone-2"]));
    }

    #[test]
    fn v13_a_disk_has_a_zone_where_the_nodes_are_in_several() {
        let node = |zone: &str| {
            let labels = json!({"topology.kubernetes.io/zone": zone});
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": zone, "labels": labels}});
            LiveObject::from_json(node).expect("a known kind")
        };
        let nodes = [node("zone-1"), node("zone-2"), node("zone-1")];
        let disk = || json!({"storage": {"gce_disk": "data"}});
        let is_anywhere = |node: Value, is_new: bool| {
            let couchdb = couchdb_of(node);
            let zones = Zones {
                couchdb: &couchdb,
                is_new,
            };
            zones.is_anywhere(first_member(&couchdb).node)
        };
        assert!(is_anywhere(disk(), true));
        assert!(!is_anywhere(disk(), false), "it cannot be said any more");
        for placed in [
            json!({"storage": {"gce_disk": "data", "zone": "zone-1"}}),
            json!({"node_name": "a", "storage": {"gce_disk": "data"}}),
            json!({"node_selector": {"topology.kubernetes.io/zone": "zone-1"}, "storage": {"gce_disk": "data"}}),
            json!({"storage": {"vsphere_volume_handle": "data"}}),
            json!({}),
        ] {
            assert!(!is_anywhere(placed.clone(), true), "{placed}");
        }
        let couchdb = couchdb_of(disk());
        let warning = no_zone(0, &first_member(&couchdb), &nodes).expect("there are two zones");
        assert!(
            warning.detail.contains("in several: zone-1, zone-2"),
            "{}",
            warning.detail
        );
        let path = warning.path.expect("it is at an attribute").to_string();
        assert_eq!(path, "couchdb.nodes[0].storage.gce_disk");
        assert_eq!(no_zone(0, &first_member(&couchdb), &nodes[..1]), None);
    }
}
