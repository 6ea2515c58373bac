//! Where the data is: the data volumes of CouchDB's nodes, as each chart makes or finds them on each platform.

use super::arguments::{Node, Storage};
use super::chart::{CLUSTER_SIZE, Chart, Platform};
use super::source::Source;

/// What the values say about the data volumes.
pub(super) struct Volumes {
    pub(super) size: String,
    pub(super) class: Option<String>,
    pub(super) nodes: Option<Vec<Node>>,
    pub(super) existing_data: bool,
}

/// One node of CouchDB, as the charts count: from 1, or the only one.
#[derive(Clone, Copy)]
struct Position {
    number: i64,
    is_single: bool,
}

pub(super) fn volumes(source: &mut Source, chart: Chart, platform: Platform, namespace: &str) -> Volumes {
    let existing_data = source.flag("couchdb_data.preExistingDataAvailable") == Some(true);
    let positions = positions(source);
    let class = source.text("couchdb.storage_class");
    let site = Site {
        chart,
        platform,
        namespace,
        existing_data,
    };
    let nodes: Vec<Node> = positions.iter().map(|position| site.node(source, *position)).collect();
    // The class says nothing of volumes that are there already.
    let makes_volumes = nodes.iter().any(|node| node.storage.is_none());
    let is_telling = nodes.len() > 1 || nodes.iter().any(|node| *node != Node::default());
    forget_unused_sources(source);
    Volumes {
        size: size(source, chart, platform, existing_data),
        class: class
            .or_else(|| chart.storage_class(platform).map(str::to_owned))
            .filter(|_| makes_volumes),
        nodes: is_telling.then_some(nodes),
        existing_data,
    }
}

fn positions(source: &mut Source) -> Vec<Position> {
    // The second name came with CHT 5.
    let old_name = source.flag("couchdb.clusteredCouch_enabled");
    let is_clustered = source.flag("couchdb.clusteredCouchEnabled").or(old_name) == Some(true);
    let number = source.number("clusteredCouch.noOfCouchDBNodes").unwrap_or(CLUSTER_SIZE);
    if is_clustered && !(2..=99).contains(&number) {
        source.problem("`clusteredCouch.noOfCouchDBNodes` has to be a number from 2 to 99.");
    }
    let last = if is_clustered { number.min(99) } else { 1 };
    (1..=last)
        .map(|number| Position {
            number,
            is_single: !is_clustered,
        })
        .collect()
}

fn size(source: &mut Source, chart: Chart, platform: Platform, existing_data: bool) -> String {
    let existing = match platform {
        Platform::Eks => source.text("ebs.preExistingEBSVolumeSize"),
        Platform::Gke => source.text("couchdb.persistent_disk.size"),
        Platform::K3s => None,
    };
    let requested = source.text("couchdb.couchdb_node_storage_size");
    let size = match existing_data {
        true => existing.or(requested),
        false => requested,
    };
    size.or_else(|| chart.storage_size().map(str::to_owned))
        .unwrap_or_else(|| {
            source.problem("`couchdb.couchdb_node_storage_size` is missing: it says how large the data volumes are.");
            String::new()
        })
}

/// What decides where a volume is.
struct Site<'a> {
    chart: Chart,
    platform: Platform,
    namespace: &'a str,
    existing_data: bool,
}

impl Site<'_> {
    fn node(&self, source: &mut Source, position: Position) -> Node {
        let pin = match position.is_single {
            true => source.text("nodes.single_node_deploy"),
            false => source.text(&format!("nodes.node-{}", position.number)),
        };
        Node {
            node_name: pin,
            storage: self.storage(source, position),
        }
    }

    /// The volume, if it is one that the chart finds rather than makes.
    fn storage(&self, source: &mut Source, position: Position) -> Option<Storage> {
        let number = position.number;
        let storage = match (self.platform, self.chart, self.existing_data) {
            (Platform::Eks, _, true) => Storage {
                ebs_volume_id: Some(source.required(&format!("ebs.preExistingEBSVolumeID-{number}"))),
                partition: partition(source),
                ..Storage::default()
            },
            (Platform::Gke, _, true) => Storage {
                gce_disk: Some(source.required(&match position.is_single {
                    true => "couchdb.persistent_disk.diskName".to_owned(),
                    false => format!("couchdb.persistent_disk.diskName-{number}"),
                })),
                partition: partition(source),
                ..Storage::default()
            },
            // The chart that served vSphere did so with volumes of a kind that Kubernetes has given up; the claims
            // remain.
            (Platform::K3s, Chart::Four, _) if source.flag("k3s_use_vSphere_storage_class") == Some(true) => {
                source.ignore(&["vSphere"]);
                Storage {
                    claim_name: Some(claim(position)),
                    ..Storage::default()
                }
            }
            (Platform::K3s, Chart::Four, _) | (Platform::K3s, Chart::Five, true) => Storage {
                host_path: Some(self.host_path(source, position)),
                ..Storage::default()
            },
            (_, _, false) => return None,
        };
        Some(storage)
    }

    fn host_path(&self, source: &mut Source, position: Position) -> String {
        let number = position.number;
        let given = source.text(&format!("local_storage.preExistingDiskPath-{number}"));
        given.unwrap_or_else(|| match position.is_single {
            true => format!("/var/lib/couchdb{number}"),
            false => format!("/var/lib/{}-couchdb{number}", self.namespace),
        })
    }
}

/// What the charts' own files carry for all platforms is not missed where it does not apply.
fn forget_unused_sources(source: &mut Source) {
    source.ignore(&[
        "ebs",
        "local_storage",
        "couchdb.persistent_disk",
        "couchdb_data.partition",
        "clusteredCouch",
        "nodes",
        "k3s_use_vSphere_storage_class",
        "vSphere",
    ]);
}

/// `0` stands for the whole disk.
fn partition(source: &mut Source) -> Option<i64> {
    source
        .number("couchdb_data.partition")
        .filter(|partition| *partition > 0)
}

/// The claim of a node, as the chart names it.
fn claim(position: Position) -> String {
    match position.is_single {
        true => "couchdb-claim0".to_owned(),
        false => format!("couchdb-{}-claim0", position.number),
    }
}
